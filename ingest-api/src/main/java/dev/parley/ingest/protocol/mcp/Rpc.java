package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;

/** Messages of JSON-RPC 2.0. */
final class Rpc {

    private static final int PARSE_ERROR = -32_700;
    private static final int INVALID_REQUEST = -32_600;
    static final int METHOD_NOT_FOUND = -32_601;
    static final int INVALID_PARAMS = -32_602;
    private static final int INTERNAL_ERROR = -32_603;

    private Rpc() {}

    private static ObjectNode message() {
        return Json.object().put("jsonrpc", "2.0");
    }

    static ObjectNode result(JsonNode id, JsonNode result) {
        ObjectNode message = message();
        message.set("id", id);
        message.set("result", result);
        return message;
    }

    static ObjectNode notification(String method, JsonNode params) {
        ObjectNode message = message().put("method", method);
        message.set("params", params);
        return message;
    }

    static ObjectNode error(JsonNode id, int code, String text) {
        ObjectNode message = message();
        message.set("id", id);
        message.putObject("error").put("code", code).put("message", text);
        return message;
    }

    /** A problem with a request that is answered by no message of its own; {@code data.code} is this server's. */
    static ObjectNode error(ProblemException problem) {
        ObjectNode message = error(NullNode.getInstance(), code(problem.code()), text(problem));
        ((ObjectNode) message.path("error"))
                .putObject("data")
                .put("code", problem.code().wire());
        return message;
    }

    /** A problem in words, which begin with the field that it is about. */
    static String text(ProblemException problem) {
        return problem.field().map(name -> name + " ").orElse("") + problem.detail();
    }

    private static int code(ErrorCode code) {
        return switch (code.kind()) {
            case USER -> code == ErrorCode.INVALID_JSON ? PARSE_ERROR : INVALID_REQUEST;
            case TRANSIENT, OVERLOAD, POISON, BUG -> INTERNAL_ERROR;
        };
    }
}
