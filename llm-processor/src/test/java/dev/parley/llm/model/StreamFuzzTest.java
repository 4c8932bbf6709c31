package dev.parley.llm.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.model.Streams.Heard;
import dev.parley.llm.stream.AnswerReader;
import dev.parley.llm.stream.ChatCompletionReader;
import dev.parley.llm.stream.ChatCompletionReader.Thinking;
import dev.parley.llm.stream.MessagesReader;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Answers at random, in a dialect at random, in frames and pieces at random, on both readers. Of each it is known what was
 * said, so what is heard has to be that; cut off, it has to be a beginning of it; with bytes that were changed, it has to end
 * in one way or the other. Runs for some seconds; {@code -Dparley.stream.seconds=N} for longer,
 * {@code -Dparley.stream.seed=N} one seed alone, which a failure names.
 */
class StreamFuzzTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final long SECONDS = Long.getLong("parley.stream.seconds", 4);
    private static final String[] WORDS = {
        "a",
        " ",
        "\n",
        "\r\n",
        "data: x\n\n",
        "[DONE]",
        "é",
        "€",
        "\uD83D\uDE00",
        "\u2028",
        "\u0000",
        "\"",
        "\\",
        "<think>",
        "{}",
        ": ",
        "longer words than the others, for a change"
    };

    @Test
    void whatIsHeardIsWhatWasSaid() {
        Long only = Long.getLong("parley.stream.seed");
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        long first = only == null ? System.nanoTime() : only;
        long seed = first;
        do {
            try {
                play(new Random(seed));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("with -Dparley.stream.seed=" + seed, e);
            }
            seed++;
        } while (only == null && System.nanoTime() < end);
        System.out.println("streams: seeds " + first + " to " + (seed - 1));
    }

    /**
     * An answer of which everything is known.
     *
     * @param reason as it is heard
     */
    private record Answer(List<String> reasoning, List<String> text, List<ToolCall> calls, String reason) {
        String allText() {
            return String.join("", text);
        }

        String allReasoning() {
            return String.join("", reasoning);
        }
    }

    private static Answer answer(Random random) {
        List<ToolCall> calls = new ArrayList<>();
        for (int i = random.nextInt(4) - 1; i > 0; i--) {
            ObjectNode arguments = MAPPER.createObjectNode();
            for (int j = random.nextInt(3); j > 0; j--) {
                arguments.put("m" + j, word(random)).putObject("o" + j).put("x", word(random));
            }
            calls.add(new ToolCall("call_" + calls.size(), "f" + random.nextInt(3), arguments.toString()));
        }
        return new Answer(
                words(random, 4),
                words(random, 12),
                calls,
                !calls.isEmpty() ? "tool_calls" : random.nextBoolean() ? "stop" : "length");
    }

    private static List<String> words(Random random, int most) {
        List<String> words = new ArrayList<>();
        for (int i = random.nextInt(most); i > 0; i--) {
            words.add(word(random));
        }
        return words;
    }

    private static String word(Random random) {
        return WORDS[random.nextInt(WORDS.length)];
    }

    /** Whether what was told of calls is a beginning of them: all of each but of the last. */
    private static void isBeginning(List<ToolCall> begun, List<ToolCall> calls) {
        assertThat(begun.size()).isLessThanOrEqualTo(calls.size());
        for (int i = 0; i < begun.size(); i++) {
            ToolCall call = calls.get(i);
            assertThat(begun.get(i).getId()).isEqualTo(call.getId());
            assertThat(begun.get(i).getName()).isEqualTo(call.getName());
            assertThat(call.getArguments()).startsWith(begun.get(i).getArguments());
            if (i < begun.size() - 1) {
                assertThat(begun.get(i).getArguments()).isEqualTo(call.getArguments());
            }
        }
    }

    private static void play(Random random) {
        boolean chat = random.nextBoolean();
        Answer answer = answer(random);
        byte[] stream = framed(chat ? chat(answer, random) : messages(answer, random), random)
                .getBytes(UTF_8);

        Heard whole = heard(chat, stream, random);
        assertThat(whole.text()).isEqualTo(answer.allText());
        assertThat(whole.reasoning()).isEqualTo(answer.allReasoning());
        assertThat(whole.calls()).isEqualTo(answer.calls());
        isBeginning(whole.begun(), answer.calls());
        assertThat(whole.finishReason()).isEqualTo(answer.reason());
        boolean said = !answer.text().isEmpty()
                || !answer.reasoning().isEmpty()
                || !answer.calls().isEmpty();
        assertThat(whole.finished().usage()).isEqualTo(Optional.of(TokenUsage.of(11, said ? 7 : 0)));

        Heard cut = heard(chat, Arrays.copyOf(stream, random.nextInt(stream.length + 1)), random);
        assertThat(answer.allText()).startsWith(cut.text());
        assertThat(answer.allReasoning()).startsWith(cut.reasoning());
        switch (cut.outcome()) {
            case Model.Outcome.Finished finished -> {
                assertThat(cut.text()).isEqualTo(answer.allText());
                assertThat(cut.calls()).isEqualTo(answer.calls());
                assertThat(finished.finishReason()).isEqualTo(answer.reason());
            }
            case Model.Outcome.Failed failed -> {
                assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_TRUNCATED);
                assertThat(cut.calls()).isEmpty();
            }
        }
        isBeginning(cut.begun(), answer.calls());

        byte[] changed = stream.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        Heard broken = heard(chat, changed, random);
        // The same bytes mean the same, however they come.
        assertThat(heard(chat, changed, random)).isEqualTo(broken);
    }

    private static Heard heard(boolean chat, byte[] bytes, Random random) {
        List<byte[]> pieces = new ArrayList<>();
        int most = 1 + random.nextInt(random.nextBoolean() ? 3 : 200);
        for (int at = 0; at < bytes.length; ) {
            int end = Math.min(bytes.length, at + 1 + random.nextInt(most));
            pieces.add(Arrays.copyOfRange(bytes, at, end));
            at = end;
        }
        AnswerReader reader =
                chat ? new ChatCompletionReader(Thinking.APART, Streams.IDS) : new MessagesReader(Streams.IDS);
        return Streams.heard(reader, pieces);
    }

    /** Events as an event stream, in one of the forms that it may have. */
    private static String framed(List<ObjectNode> events, Random random) {
        String end = new String[] {"\n", "\r", "\r\n"}[random.nextInt(3)];
        String blank = random.nextBoolean() ? " " : "";
        boolean typed = random.nextBoolean();
        StringBuilder stream = new StringBuilder(random.nextInt(4) == 0 ? "\uFEFF" : "");
        for (ObjectNode event : events) {
            if (random.nextInt(5) == 0) {
                stream.append(": keep-alive").append(end).append(end);
            }
            if (random.nextInt(5) == 0) {
                stream.append("id: ")
                        .append(random.nextInt(9))
                        .append(end)
                        .append("retry: 3")
                        .append(end);
            }
            if (typed && event.has("type")) {
                stream.append("event:")
                        .append(blank)
                        .append(event.path("type").asText())
                        .append(end);
            }
            String json = random.nextInt(4) == 0 ? event.toPrettyString() : event.toString();
            // Half a character, as models say it, can be sent only as an escape.
            boolean escaped = random.nextInt(4) == 0 || !UTF_8.newEncoder().canEncode(json);
            (escaped ? ascii(json) : json)
                    .lines()
                    .forEach(line ->
                            stream.append("data:").append(blank).append(line).append(end));
            stream.append(end);
        }
        if (events.getFirst().has("choices") && random.nextInt(4) != 0) {
            stream.append("data: [DONE]").append(end).append(end);
        }
        return stream.toString();
    }

    private static String ascii(String json) {
        StringBuilder ascii = new StringBuilder();
        json.chars().forEach(c -> ascii.append(c < 0x80 ? Character.toString(c) : String.format("\\u%04x", c)));
        return ascii.toString();
    }

    private static List<ObjectNode> chat(Answer answer, Random random) {
        List<ObjectNode> events = new ArrayList<>();
        String reasoning = new String[] {"reasoning", "reasoning_content", "thinking"}[random.nextInt(3)];
        if (random.nextBoolean()) {
            delta(events, random).put("role", "assistant").putNull("content");
        }
        answer.reasoning()
                .forEach(piece -> delta(events, random).put("content", "").put(reasoning, piece));
        boolean callsFirst = random.nextInt(4) == 0;
        if (callsFirst) {
            calls(answer.calls(), events, random);
        }
        boolean parts = random.nextInt(4) == 0;
        answer.text().forEach(piece -> {
            if (parts) {
                delta(events, random)
                        .putArray("content")
                        .addObject()
                        .put("type", "text")
                        .put("text", piece);
            } else {
                delta(events, random).put("content", piece);
            }
        });
        if (!callsFirst) {
            calls(answer.calls(), events, random);
        }
        ObjectNode last = event(events);
        last.withArrayProperty("choices")
                .addObject()
                .put("finish_reason", reason(answer, random))
                .putObject("delta");
        boolean said = events.size() > 1
                && !(answer.text().isEmpty()
                        && answer.reasoning().isEmpty()
                        && answer.calls().isEmpty());
        ObjectNode usage = MAPPER.createObjectNode().put("prompt_tokens", 11).put("completion_tokens", said ? 7 : 0);
        switch (random.nextInt(4)) {
            case 0 -> last.set("usage", usage);
            case 1 -> ((ObjectNode) last.path("choices").get(0)).set("usage", usage);
            case 2 -> last.putObject("x_groq").set("usage", usage);
            default -> {
                ObjectNode counted = event(events);
                counted.putArray("choices");
                counted.set("usage", usage);
            }
        }
        return events;
    }

    private static String reason(Answer answer, Random random) {
        return switch (answer.reason()) {
            case "tool_calls" -> new String[] {"tool_calls", "stop", "function_call"}[random.nextInt(3)];
            case "stop" -> new String[] {"stop", "eos_token", "STOP", "end_turn"}[random.nextInt(4)];
            default -> new String[] {"length", "max_tokens"}[random.nextInt(2)];
        };
    }

    private static ObjectNode event(List<ObjectNode> events) {
        ObjectNode event = MAPPER.createObjectNode();
        events.add(event);
        return event;
    }

    private static ObjectNode delta(List<ObjectNode> events, Random random) {
        ObjectNode choice = event(events).putArray("choices").addObject();
        if (random.nextBoolean()) {
            choice.put("index", 0).putNull("finish_reason");
        }
        return choice.putObject("delta");
    }

    /** One of the ways in which servers tell calls. */
    private static void calls(List<ToolCall> calls, List<ObjectNode> events, Random random) {
        int dialect = random.nextInt(6);
        if (dialect == 0 && !calls.isEmpty()) {
            ArrayNode together = delta(events, random).putArray("tool_calls");
            calls.forEach(
                    call -> piece(together, calls.indexOf(call), call.getId(), call.getName(), call.getArguments()));
            return;
        }
        int first = random.nextInt(2);
        if (dialect == 5) {
            interleaved(calls, first, events, random);
            return;
        }
        for (int i = 0; i < calls.size(); i++) {
            ToolCall call = calls.get(i);
            String arguments = call.getArguments();
            if (dialect == 1) {
                ObjectNode function =
                        piece(delta(events, random).putArray("tool_calls"), 0, call.getId(), call.getName(), null);
                try {
                    function.set("arguments", MAPPER.readTree(arguments));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
                continue;
            }
            Integer index = switch (dialect) {
                case 2 -> 0;
                case 3 -> null;
                default -> first + i;
            };
            piece(delta(events, random).putArray("tool_calls"), index, call.getId(), call.getName(), "");
            boolean again = random.nextBoolean();
            for (int at = 0; at < arguments.length(); ) {
                int end = Math.min(arguments.length(), at + 1 + random.nextInt(6));
                piece(
                        delta(events, random).putArray("tool_calls"),
                        index,
                        again ? call.getId() : random.nextBoolean() ? "" : null,
                        again ? call.getName() : random.nextBoolean() ? "" : null,
                        arguments.substring(at, end));
                at = end;
            }
        }
    }

    /** All begin, then each goes on whenever it pleases. */
    private static void interleaved(List<ToolCall> calls, int first, List<ObjectNode> events, Random random) {
        List<Integer> left = new ArrayList<>();
        int[] told = new int[calls.size()];
        for (int i = 0; i < calls.size(); i++) {
            ToolCall call = calls.get(i);
            piece(delta(events, random).putArray("tool_calls"), first + i, call.getId(), call.getName(), "");
            left.add(i);
        }
        while (!left.isEmpty()) {
            Integer i = left.get(random.nextInt(left.size()));
            String arguments = calls.get(i).getArguments();
            int end = Math.min(arguments.length(), told[i] + 1 + random.nextInt(6));
            piece(
                    delta(events, random).putArray("tool_calls"),
                    first + i,
                    null,
                    null,
                    arguments.substring(told[i], end));
            told[i] = end;
            if (end == arguments.length()) {
                left.remove(/* element */ i);
            }
        }
    }

    private static ObjectNode piece(
            ArrayNode calls,
            @Nullable Integer index,
            @Nullable String id,
            @Nullable String name,
            @Nullable String arguments) {
        ObjectNode call = calls.addObject();
        if (index != null) {
            call.put("index", index);
        }
        if (id != null) {
            call.put("id", id).put("type", "function");
        }
        ObjectNode function = call.putObject("function");
        if (name != null) {
            function.put("name", name);
        }
        if (arguments != null) {
            function.put("arguments", arguments);
        }
        return function;
    }

    private static List<ObjectNode> messages(Answer answer, Random random) {
        List<ObjectNode> events = new ArrayList<>();
        typed(events, "message_start")
                .putObject("message")
                .putObject("usage")
                .put("input_tokens", 11)
                .put("output_tokens", 1);
        int index = 0;
        if (!answer.reasoning().isEmpty()) {
            block(events, index, "thinking").put("thinking", "");
            for (String piece : answer.reasoning()) {
                delta(events, index, "thinking_delta").put("thinking", piece);
            }
            typed(events, "content_block_stop").put("index", index++);
        }
        if (random.nextInt(3) == 0) {
            typed(events, "ping");
        }
        if (!answer.text().isEmpty()) {
            block(events, index, "text").put("text", "");
            for (String piece : answer.text()) {
                delta(events, index, "text_delta").put("text", piece);
            }
            typed(events, "content_block_stop").put("index", index++);
        }
        for (ToolCall call : answer.calls()) {
            block(events, index, "tool_use")
                    .put("id", call.getId())
                    .put("name", call.getName())
                    .putObject("input");
            String arguments = call.getArguments();
            for (int at = 0; at < arguments.length(); ) {
                int end = Math.min(arguments.length(), at + 1 + random.nextInt(6));
                delta(events, index, "input_json_delta").put("partial_json", arguments.substring(at, end));
                at = end;
            }
            typed(events, "content_block_stop").put("index", index++);
        }
        boolean said = index > 0;
        ObjectNode last = typed(events, "message_delta");
        last.putObject("delta")
                .put(
                        "stop_reason",
                        switch (answer.reason()) {
                            case "tool_calls" -> "tool_use";
                            case "stop" -> "end_turn";
                            default -> "max_tokens";
                        });
        last.putObject("usage").put("output_tokens", said ? 7 : 0);
        if (random.nextInt(4) != 0) {
            typed(events, "message_stop");
        }
        return events;
    }

    private static ObjectNode typed(List<ObjectNode> events, String type) {
        return event(events).put("type", type);
    }

    private static ObjectNode block(List<ObjectNode> events, int index, String type) {
        return typed(events, "content_block_start")
                .put("index", index)
                .putObject("content_block")
                .put("type", type);
    }

    private static ObjectNode delta(List<ObjectNode> events, int index, String type) {
        return typed(events, "content_block_delta")
                .put("index", index)
                .putObject("delta")
                .put("type", type);
    }
}
