package dev.parley.stack.scripted;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How the bytes of events are shared out over writes, each of which is a chunk of the body. */
enum Delivery {
    /** A delta a write. */
    BY_DELTA,
    /** Several deltas a write. */
    TOGETHER,
    /** All of it in one write, at the end. */
    AT_ONCE,
    /** A byte a write. */
    BY_BYTE,
    /** Writes end within characters and within line ends. */
    SPLIT;

    private static final int TOGETHER_DELTAS = 5;

    /** Whether what is waiting goes out now, after so many deltas. */
    boolean releases(int deltas) {
        return switch (this) {
            case BY_DELTA, BY_BYTE, SPLIT -> true;
            case TOGETHER -> deltas % TOGETHER_DELTAS == 0;
            case AT_ONCE -> false;
        };
    }

    List<byte[]> writes(byte[] bytes) {
        return switch (this) {
            case BY_DELTA, TOGETHER, AT_ONCE -> List.of(bytes);
            case BY_BYTE -> cut(bytes, true);
            case SPLIT -> cut(bytes, false);
        };
    }

    private static List<byte[]> cut(byte[] bytes, boolean everywhere) {
        List<byte[]> parts = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < bytes.length; i++) {
            boolean beginsCharacter = (bytes[i] & 0xC0) == 0xC0;
            boolean endsLine = bytes[i] == '\r' || bytes[i] == '\n';
            if (everywhere || beginsCharacter || endsLine || i == bytes.length - 1) {
                parts.add(Arrays.copyOfRange(bytes, from, i + 1));
                from = i + 1;
            }
        }
        return parts;
    }
}
