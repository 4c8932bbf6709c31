package dev.parley.stack.scripted;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import dev.parley.stack.scripted.Script.Delta;
import dev.parley.stack.scripted.Script.Ending;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Anthropic's messages. A script's reasons are OpenAI's words and come out as Anthropic's; others stay as they are.
 *
 * @see <a href="https://docs.anthropic.com/en/api/messages-streaming">Anthropic: Streaming messages</a>
 */
final class Messages implements Dialect {

    /** What stands for the proof that thinking is the model's own. */
    static final String SIGNATURE = "c2NyaXB0ZWQgc2lnbmF0dXJl";

    private static String id() {
        return "msg_scripted_" + Long.toHexString(System.nanoTime());
    }

    /** Streams have one block open at a time; what is of another kind begins another. */
    private static final class Blocks {

        private final List<Delta> deltas;
        private int index = -1;

        Blocks(List<Delta> deltas) {
            this.deltas = deltas;
        }

        List<Piece> pieces(int at) {
            Delta delta = deltas.get(at);
            List<Piece> pieces = new ArrayList<>();
            pieces.add(Piece.DUE);
            boolean opens = at == 0 || !isOneBlock(deltas.get(at - 1), delta);
            boolean closes = at == deltas.size() - 1 || !isOneBlock(delta, deltas.get(at + 1));
            switch (delta) {
                case Delta.Text(String text) -> {
                    if (opens) {
                        pieces.add(start(Part.BLOCK, "{\"type\":\"text\",\"text\":\"\"}"));
                    }
                    pieces.add(delta(Part.SAYS, "{\"type\":\"text_delta\",\"text\":" + JsonText.quote(text) + "}"));
                    if (closes) {
                        pieces.add(stop(Part.BLOCK));
                    }
                }
                case Delta.Reasoning(String text) -> {
                    if (opens) {
                        pieces.add(start(Part.BLOCK, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"));
                    }
                    pieces.add(delta(
                            Part.SAYS, "{\"type\":\"thinking_delta\",\"thinking\":" + JsonText.quote(text) + "}"));
                    if (closes) {
                        pieces.add(delta(
                                Part.BLOCK, "{\"type\":\"signature_delta\",\"signature\":\"" + SIGNATURE + "\"}"));
                        pieces.add(stop(Part.BLOCK));
                    }
                }
                case Delta.Call(int _, String id, String name, String arguments) -> {
                    pieces.add(start(
                            Part.CALLS,
                            "{\"type\":\"tool_use\",\"id\":" + JsonText.quote(id) + ",\"name\":" + JsonText.quote(name)
                                    + ",\"input\":{}}"));
                    pieces.add(input(""));
                    pieces.add(input(arguments));
                    pieces.add(stop(Part.CALLS));
                }
                case Delta.Raw(String line) -> pieces.add(new Event(Part.OTHER, "", line));
            }
            pieces.add(Piece.SENT);
            return pieces;
        }

        private static boolean isOneBlock(Delta first, Delta second) {
            return (first instanceof Delta.Text && second instanceof Delta.Text)
                    || (first instanceof Delta.Reasoning && second instanceof Delta.Reasoning);
        }

        private Event start(Part part, String block) {
            index++;
            return event(part, "content_block_start", "\"index\":" + index + ",\"content_block\":" + block);
        }

        private Event input(String json) {
            return delta(Part.CALLS, "{\"type\":\"input_json_delta\",\"partial_json\":" + JsonText.quote(json) + "}");
        }

        private Event delta(Part part, String delta) {
            return event(part, "content_block_delta", "\"index\":" + index + ",\"delta\":" + delta);
        }

        private Event stop(Part part) {
            return event(part, "content_block_stop", "\"index\":" + index);
        }
    }

    private static Event event(Part part, String type, String members) {
        return new Event(part, type, "{\"type\":\"" + type + "\"" + (members.isEmpty() ? "" : "," + members) + "}");
    }

    @Override
    public Response streamed(ModelRequest request, Answer answer) {
        Dialect.Tokens tokens = Dialect.Tokens.of(request, answer);
        Event begin = event(
                Part.BEGIN,
                "message_start",
                "\"message\":{\"id\":\"" + id() + "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
                        + JsonText.quote(request.model())
                        + ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null"
                        + (answer.usage()
                                ? ",\"usage\":{\"input_tokens\":" + tokens.input() + ",\"output_tokens\":1}"
                                : "")
                        + "}");
        List<Piece> end = end(answer, tokens);
        return Response.Streamed.of(() -> {
            Blocks blocks = new Blocks(answer.deltas());
            return Stream.of(
                            Stream.<Piece>of(begin),
                            IntStream.range(0, answer.deltas().size()).boxed().flatMap(i -> blocks.pieces(i).stream()),
                            end.stream())
                    .flatMap(stream -> stream)
                    .iterator();
        });
    }

    private static List<Piece> end(Answer answer, Dialect.Tokens tokens) {
        return switch (answer.ending()) {
            case Ending.Finished(String reason) ->
                List.of(
                        Piece.ANSWERED,
                        event(
                                Part.FINISH,
                                "message_delta",
                                "\"delta\":{\"stop_reason\":" + JsonText.quote(stopReason(reason))
                                        + ",\"stop_sequence\":null}"
                                        + (answer.usage()
                                                ? ",\"usage\":{\"output_tokens\":" + tokens.output() + "}"
                                                : "")),
                        event(Part.DONE, "message_stop", ""),
                        Piece.LAST_CHUNK);
            case Ending.Unfinished() -> List.of(Piece.LAST_CHUNK);
            case Ending.Dropped() -> List.of(Piece.CLOSE);
            case Ending.Stuck() -> List.of(Piece.HANG);
        };
    }

    static String stopReason(String reason) {
        return switch (reason) {
            case "stop" -> "end_turn";
            case "length" -> "max_tokens";
            case "tool_calls" -> "tool_use";
            case "content_filter" -> "refusal";
            default -> reason;
        };
    }

    @Override
    public Response whole(ModelRequest request, Answer answer) {
        ObjectNode message = Json.object();
        message.put("id", id()).put("type", "message").put("role", "assistant").put("model", request.model());
        ArrayNode content = message.putArray("content");
        StringBuilder thinking = new StringBuilder();
        boolean garbage = false;
        for (Delta delta : answer.deltas()) {
            switch (delta) {
                case Delta.Text _ -> {}
                case Delta.Reasoning(String text) -> thinking.append(text);
                case Delta.Call(int _, String id, String name, String arguments) ->
                    content.addObject()
                            .put("type", "tool_use")
                            .put("id", id)
                            .put("name", name)
                            .set("input", arguments.isEmpty() ? Json.object() : Json.read(arguments));
                case Delta.Raw _ -> garbage = true;
            }
        }
        if (!answer.fullText().isEmpty()) {
            content.insertObject(0).put("type", "text").put("text", answer.fullText());
        }
        if (!thinking.isEmpty()) {
            content.insertObject(0)
                    .put("type", "thinking")
                    .put("thinking", thinking.toString())
                    .put("signature", SIGNATURE);
        }
        switch (answer.ending()) {
            case Ending.Finished(String reason) -> message.put("stop_reason", stopReason(reason));
            case Ending.Unfinished() -> message.putNull("stop_reason");
            case Ending.Dropped() -> {
                return new Response.Dropped();
            }
            case Ending.Stuck() -> {
                return new Response.Nothing();
            }
        }
        if (answer.usage()) {
            Dialect.Tokens tokens = Dialect.Tokens.of(request, answer);
            message.putObject("usage").put("input_tokens", tokens.input()).put("output_tokens", tokens.output());
        }
        String json = Json.write(message);
        return Response.Whole.json(200, garbage ? json.substring(1) : json);
    }

    @Override
    public String error(int status, String message) {
        return "{\"type\":\"error\",\"error\":{\"type\":\"" + errorType(status) + "\",\"message\":"
                + JsonText.quote(message) + "},\"request_id\":\"req_scripted\"}";
    }

    static String errorType(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 402 -> "billing_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 504 -> "timeout_error";
            case 529 -> "overloaded_error";
            default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    }
}
