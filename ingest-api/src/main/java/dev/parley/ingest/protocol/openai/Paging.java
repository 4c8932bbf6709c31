package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which part of a list a caller wants, in the way of OpenAI's lists.
 *
 * @param after the id of what comes right before it; empty: it begins with the first
 * @param newestFirst whether the list is turned round
 */
record Paging(Optional<String> after, int limit, boolean newestFirst) {

    /** Of the URL of every list. */
    static final String AFTER = "after";

    static final String LIMIT = "limit";
    static final String ORDER = "order";

    static final String[] PARAMETERS = {AFTER, LIMIT, ORDER};

    private static final int USUAL_LIMIT = 20;
    private static final int MAX_LIMIT = 100;

    /** Of the URL of a list that has more of them. */
    static String[] parametersAnd(String... more) {
        return Stream.of(PARAMETERS, more).flatMap(Stream::of).toArray(String[]::new);
    }

    /** What a request asks for; where it names no order, {@code newestFirst} says which. */
    static Paging of(Request request, boolean newestFirst) {
        boolean turned = request.query(ORDER)
                .map(order -> switch (order) {
                    case "asc" -> false;
                    case "desc" -> true;
                    default -> throw new ProblemException(ErrorCode.INVALID_REQUEST, "must be asc or desc", ORDER);
                })
                .orElse(newestFirst);
        return new Paging(request.query(AFTER), request.query(LIMIT, USUAL_LIMIT, 1, MAX_LIMIT), turned);
    }

    /** The part of a whole list, oldest first, each with its {@code id}. */
    ObjectNode page(List<ObjectNode> all) {
        List<ObjectNode> ordered = newestFirst ? all.reversed() : all;
        int from = after.map(id -> indexAfter(ordered, id)).orElse(0);
        int to = Math.min(ordered.size(), from + limit);
        return list(ordered.subList(from, to), to < ordered.size());
    }

    private static int indexAfter(List<ObjectNode> ordered, String id) {
        for (int i = 0; i < ordered.size(); i++) {
            if (ordered.get(i).path("id").asText().equals(id)) {
                return i + 1;
            }
        }
        throw notThere();
    }

    static ProblemException notThere() {
        return new ProblemException(ErrorCode.INVALID_CURSOR, "is the id of nothing in this list", AFTER);
    }

    /** The list object; of an empty page the first and the last id are empty texts, which is what the type leaves. */
    static ObjectNode list(List<ObjectNode> page, boolean more) {
        ObjectNode list = Json.object().put("object", "list");
        ArrayNode data = list.putArray("data");
        page.forEach(data::add);
        list.put("first_id", page.isEmpty() ? "" : page.getFirst().path("id").asText());
        list.put("last_id", page.isEmpty() ? "" : page.getLast().path("id").asText());
        return list.put("has_more", more);
    }
}
