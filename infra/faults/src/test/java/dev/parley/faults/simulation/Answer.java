package dev.parley.faults.simulation;

import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a model says in one attempt, and how that ends: the truth that everything shown and stored is held against. No two
 * attempts share a piece of text, or their usage.
 */
record Answer(String attemptId, String generationId, List<Piece> pieces, Ending ending, Usage usage) {

    private static final int MAX_PIECES = 9;

    sealed interface Piece {
        record Text(String text) implements Piece {}

        record Reasoning(String text) implements Piece {}

        /** Of a call's arguments; its name is in the first alone. */
        record Arguments(String callId, @Nullable String name, String text) implements Piece {}

        record Call(ToolCall call) implements Piece {}
    }

    enum Ending {
        FINISHES,
        FAILS,
        FAILS_FOR_NOW,
        /** Says nothing more, and never ends by itself. */
        HANGS,
        /** One piece never reaches the log, and the worker notices soon after. */
        LOSES_A_PIECE,
        /** The last piece never reaches the log, and the worker does not notice. */
        LOSES_THE_LAST_PIECE
    }

    static Answer of(String attemptId, int number, String generationId, RandomGenerator random) {
        List<Piece> pieces = new ArrayList<>();
        List<ToolCall> calls = new ArrayList<>();
        int count = random.nextInt(MAX_PIECES);
        for (int seq = 0; seq < count; seq++) {
            String text = "<" + attemptId + "." + seq + ">";
            switch (random.nextInt(12)) {
                case 0 -> pieces.add(new Piece.Reasoning(text));
                case 1 -> {
                    ToolCall call = new ToolCall("call " + text, "look", "{\"of\":\"" + text + "\"}");
                    calls.add(call);
                    if (random.nextBoolean()) {
                        pieces.add(new Piece.Arguments(call.getId(), call.getName(), ""));
                        pieces.add(new Piece.Arguments(call.getId(), null, call.getArguments()));
                    }
                }
                case 2 -> pieces.add(new Piece.Text(text + " ".repeat(1500)));
                default -> pieces.add(new Piece.Text(text));
            }
        }
        calls.forEach(call -> pieces.add(new Piece.Call(call)));
        Ending ending = switch (random.nextInt(20)) {
            case 0, 1, 2 -> Ending.FAILS_FOR_NOW;
            case 3 -> Ending.FAILS;
            case 4 -> Ending.HANGS;
            case 5 -> Ending.LOSES_A_PIECE;
            case 6 -> Ending.LOSES_THE_LAST_PIECE;
            default -> Ending.FINISHES;
        };
        if (pieces.isEmpty() && (ending == Ending.LOSES_A_PIECE || ending == Ending.LOSES_THE_LAST_PIECE)) {
            ending = Ending.FINISHES;
        }
        return new Answer(
                attemptId, generationId, pieces, ending, new Usage(number, 1000 + number, UsageBasis.MEASURED, null));
    }

    String text() {
        return text(pieces.size());
    }

    /** The text of the first {@code count} pieces. */
    String text(int count) {
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces.subList(0, count)) {
            if (piece instanceof Piece.Text(String more)) {
                text.append(more);
            }
        }
        return text.toString();
    }

    String reasoning() {
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces) {
            if (piece instanceof Piece.Reasoning(String more)) {
                text.append(more);
            }
        }
        return text.toString();
    }

    List<ToolCall> calls() {
        List<ToolCall> calls = new ArrayList<>();
        for (Piece piece : pieces) {
            if (piece instanceof Piece.Call(ToolCall call)) {
                calls.add(call);
            }
        }
        return calls;
    }
}
