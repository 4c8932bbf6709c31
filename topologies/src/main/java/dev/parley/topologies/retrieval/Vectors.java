package dev.parley.topologies.retrieval;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Vectors as {@code IndexedPassage.vector} has them: 32-bit floats, little-endian. */
public final class Vectors {

    private Vectors() {}

    /** The bytes of {@code vector}, ready to be read; none for an empty one. */
    public static ByteBuffer encode(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return bytes.order(ByteOrder.BIG_ENDIAN);
    }

    /**
     * The vector in what remains of {@code bytes}, whose position stays where it is.
     *
     * @throws IllegalArgumentException where that is no whole number of floats
     */
    public static float[] decode(ByteBuffer bytes) {
        if (bytes.remaining() % Float.BYTES != 0) {
            throw new IllegalArgumentException("not a vector of 32-bit floats: " + bytes.remaining() + " bytes");
        }
        float[] vector = new float[bytes.remaining() / Float.BYTES];
        bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
        return vector;
    }
}
