package dev.parley.topologies.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class VectorsTest {

    @Test
    void whatIsEncodedIsDecoded() {
        float[] vector = {0.5f, -1f, Float.MIN_VALUE, 3e8f};
        ByteBuffer bytes = Vectors.encode(vector);
        assertThat(bytes.remaining()).isEqualTo(16);
        assertThat(Vectors.decode(bytes)).containsExactly(vector);
        assertThat(Vectors.decode(bytes)).as("reading takes nothing away").containsExactly(vector);
    }

    @Test
    void theBytesAreLittleEndian() {
        assertThat(Vectors.encode(new float[] {1f}).array()).containsExactly(0, 0, 0x80, 0x3f);
    }

    @Test
    void noVectorIsNoBytes() {
        assertThat(Vectors.encode(new float[0]).hasRemaining()).isFalse();
        assertThat(Vectors.decode(ByteBuffer.allocate(0))).isEmpty();
    }

    @Test
    void halfAFloatIsNoVector() {
        assertThatThrownBy(() -> Vectors.decode(ByteBuffer.allocate(6))).isInstanceOf(IllegalArgumentException.class);
    }
}
