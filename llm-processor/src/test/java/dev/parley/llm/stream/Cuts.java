package dev.parley.llm.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The ways in which the bytes of a stream may come. */
public final class Cuts {

    private Cuts() {}

    /** Whole, byte by byte, and cut in two at every byte. */
    public static Stream<List<byte[]>> of(byte[] bytes) {
        List<byte[]> single = new ArrayList<>();
        for (byte b : bytes) {
            single.add(new byte[] {b});
        }
        return Stream.concat(
                Stream.of(List.of(bytes), single),
                IntStream.range(1, bytes.length)
                        .mapToObj(at -> List.of(
                                Arrays.copyOfRange(bytes, 0, at), Arrays.copyOfRange(bytes, at, bytes.length))));
    }
}
