package dev.parley.stack.scripted;

import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import dev.parley.stack.scripted.Script.Delta;
import dev.parley.stack.scripted.Script.Ending;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** OpenAI's chat completions, with {@code reasoning_content} as vLLM and others have it. */
final class ChatCompletions implements Dialect {

    private static final String NO_REASON = "},\"finish_reason\":null}]}";

    private static String id() {
        return "chatcmpl-scripted-" + Long.toHexString(System.nanoTime());
    }

    @Override
    public Response streamed(ModelRequest request, Answer answer) {
        String head = "{\"id\":\"" + id() + "\",\"object\":\"chat.completion.chunk\",\"created\":"
                + System.currentTimeMillis() / 1000 + ",\"model\":" + JsonText.quote(request.model());
        String open = head + ",\"choices\":[{\"index\":0,\"delta\":{";
        List<Delta> deltas = answer.deltas();
        List<Piece> end = end(request, answer, head);
        return Response.Streamed.of(() -> Stream.concat(
                        IntStream.range(0, deltas.size())
                                .boxed()
                                .flatMap(i ->
                                        pieces(deltas.get(i), open + (i == 0 ? "\"role\":\"assistant\"," : ""), open)
                                                .stream()),
                        end.stream())
                .iterator());
    }

    private static List<Piece> pieces(Delta delta, String open, String next) {
        return switch (delta) {
            case Delta.Text(String text) ->
                List.of(Piece.DUE, says(open + "\"content\":" + JsonText.quote(text)), Piece.SENT);
            case Delta.Reasoning(String text) ->
                List.of(Piece.DUE, says(open + "\"reasoning_content\":" + JsonText.quote(text)), Piece.SENT);
            case Delta.Call(int index, String id, String name, String arguments) ->
                List.of(
                        Piece.DUE,
                        new Event(
                                Part.CALLS,
                                "",
                                open + "\"tool_calls\":[{\"index\":" + index + ",\"id\":" + JsonText.quote(id)
                                        + ",\"type\":\"function\",\"function\":{\"name\":" + JsonText.quote(name)
                                        + ",\"arguments\":\"\"}}]" + NO_REASON),
                        new Event(
                                Part.CALLS,
                                "",
                                next + "\"tool_calls\":[{\"index\":" + index + ",\"function\":{\"arguments\":"
                                        + JsonText.quote(arguments) + "}}]" + NO_REASON),
                        Piece.SENT);
            case Delta.Raw(String line) -> List.of(Piece.DUE, new Event(Part.OTHER, "", line), Piece.SENT);
        };
    }

    private static Event says(String json) {
        return new Event(Part.SAYS, "", json + NO_REASON);
    }

    private static List<Piece> end(ModelRequest request, Answer answer, String head) {
        return switch (answer.ending()) {
            case Ending.Finished(String reason) -> {
                List<Piece> end = new ArrayList<>();
                end.add(Piece.ANSWERED);
                end.add(new Event(
                        Part.FINISH,
                        "",
                        head + ",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":" + JsonText.quote(reason)
                                + "}]}"));
                if (answer.usage() && request.includeUsage()) {
                    end.add(new Event(
                            Part.USAGE, "", head + ",\"choices\":[],\"usage\":" + usage(request, answer) + "}"));
                }
                end.add(new Event(Part.DONE, "", "[DONE]"));
                end.add(Piece.LAST_CHUNK);
                yield end;
            }
            case Ending.Unfinished() -> List.of(Piece.LAST_CHUNK);
            case Ending.Dropped() -> List.of(Piece.CLOSE);
            case Ending.Stuck() -> List.of(Piece.HANG);
        };
    }

    @Override
    public Response whole(ModelRequest request, Answer answer) {
        String reason;
        switch (answer.ending()) {
            case Ending.Finished(String named) -> reason = JsonText.quote(named);
            case Ending.Unfinished() -> reason = "null";
            case Ending.Dropped() -> {
                return new Response.Dropped();
            }
            case Ending.Stuck() -> {
                return new Response.Nothing();
            }
        }
        StringBuilder reasoning = new StringBuilder();
        StringBuilder calls = new StringBuilder();
        boolean garbage = false;
        for (Delta delta : answer.deltas()) {
            switch (delta) {
                case Delta.Text _ -> {}
                case Delta.Reasoning(String text) -> reasoning.append(text);
                case Delta.Call(int _, String id, String name, String arguments) ->
                    calls.append(calls.isEmpty() ? "" : ",")
                            .append("{\"id\":")
                            .append(JsonText.quote(id))
                            .append(",\"type\":\"function\",\"function\":{\"name\":")
                            .append(JsonText.quote(name))
                            .append(",\"arguments\":")
                            .append(JsonText.quote(arguments))
                            .append("}}");
                case Delta.Raw _ -> garbage = true;
            }
        }
        String json = "{\"id\":\"" + id() + "\",\"object\":\"chat.completion\",\"created\":"
                + System.currentTimeMillis() / 1000 + ",\"model\":" + JsonText.quote(request.model())
                + ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                + JsonText.quote(answer.fullText())
                + (reasoning.isEmpty() ? "" : ",\"reasoning_content\":" + JsonText.quote(reasoning.toString()))
                + (calls.isEmpty() ? "" : ",\"tool_calls\":[" + calls + "]")
                + "},\"finish_reason\":" + reason + "}]"
                + (answer.usage() ? ",\"usage\":" + usage(request, answer) : "") + "}";
        return Response.Whole.json(200, garbage ? json.substring(1) : json);
    }

    @Override
    public String error(int status, String message) {
        String type = switch (status) {
            case 401, 403 -> "authentication_error";
            case 404 -> "not_found_error";
            case 429 -> "rate_limit_error";
            default -> status < 500 ? "invalid_request_error" : "server_error";
        };
        return "{\"error\":{\"message\":" + JsonText.quote(message) + ",\"type\":\"" + type
                + "\",\"param\":null,\"code\":null}}";
    }

    private static String usage(ModelRequest request, Answer answer) {
        Tokens tokens = Tokens.of(request, answer);
        return "{\"prompt_tokens\":" + tokens.input() + ",\"completion_tokens\":" + tokens.output()
                + ",\"total_tokens\":" + (tokens.input() + tokens.output()) + "}";
    }
}
