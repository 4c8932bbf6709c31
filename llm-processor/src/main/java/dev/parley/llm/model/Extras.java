package dev.parley.llm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.llm.stream.ModelEvent;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What has to be sent back with an answer, put together from its pieces. One thread. */
final class Extras {

    private static final Logger logger = LoggerFactory.getLogger(Extras.class);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** More is not kept: an answer without its signatures is still an answer. */
    private static final int MAX_CHARS = 512 * 1024;

    /** Where the extras of an answer have those of its calls, by position. */
    private static final String CALLS = "tool_calls";

    /** Members of reasoning details that come in pieces. */
    private static final List<String> IN_PIECES = List.of("text", "summary");

    private final ObjectNode all = MAPPER.createObjectNode();
    private int chars;

    void add(ModelEvent.Extra extra) {
        chars += extra.value().toString().length();
        if (chars > MAX_CHARS) {
            return;
        }
        ObjectNode parent = all;
        for (String member : extra.path().subList(0, extra.path().size() - 1)) {
            parent = parent.withObjectProperty(member);
        }
        String member = extra.path().getLast();
        if (extra.value().isArray()) {
            ArrayNode known = parent.withArrayProperty(member);
            extra.value().forEach(element -> append(known, element));
        } else if (extra.value().isObject() && parent.path(member).isObject()) {
            ((ObjectNode) parent.path(member)).setAll((ObjectNode) extra.value());
        } else {
            parent.set(member, extra.value());
        }
    }

    /** A piece of reasoning goes on with the one before it where both are of one kind and index. */
    private static void append(ArrayNode known, JsonNode element) {
        JsonNode last = known.isEmpty() ? MAPPER.missingNode() : known.get(known.size() - 1);
        boolean goesOn = last.isObject()
                && element.isObject()
                && element.has("index")
                && element.path("index").equals(last.path("index"))
                && element.path("type").equals(last.path("type"))
                && IN_PIECES.stream().anyMatch(element::hasNonNull);
        if (!goesOn) {
            known.add(element.deepCopy());
            return;
        }
        ObjectNode joined = (ObjectNode) last;
        element.properties().forEach(member -> {
            JsonNode before = joined.path(member.getKey());
            boolean piece = IN_PIECES.contains(member.getKey())
                    && before.isTextual()
                    && member.getValue().isTextual();
            if (piece) {
                joined.put(member.getKey(), before.asText() + member.getValue().asText());
            } else if (!member.getValue().isNull()) {
                joined.set(member.getKey(), member.getValue());
            }
        });
    }

    /** A JSON object; empty where there is nothing to send back, or more than is kept. */
    Optional<String> json() {
        if (chars > MAX_CHARS) {
            logger.warn("an answer came with {} characters to be sent back, which are not kept", chars);
            return Optional.empty();
        }
        return all.isEmpty() ? Optional.empty() : Optional.of(all.toString());
    }

    /** What of {@code kept} is to be sent to {@code model}: all of it, or what another model said, and then nothing. */
    static JsonNode of(@Nullable ProviderExtras kept, String model) {
        if (kept == null || !kept.getModel().equals(model)) {
            return MAPPER.missingNode();
        }
        try {
            JsonNode json = MAPPER.readTree(kept.getJson());
            return json.isObject() ? json : MAPPER.missingNode();
        } catch (JsonProcessingException e) {
            logger.warn("what is to be sent back to model {} is no JSON, and is left out", model);
            return MAPPER.missingNode();
        }
    }

    /** Those of the call at {@code position}. */
    static JsonNode ofCall(JsonNode extras, int position) {
        return extras.path(CALLS).path(Integer.toString(position));
    }

    /** {@code extras} with these calls, each that has any, in place of its own. */
    static JsonNode withCalls(JsonNode extras, List<JsonNode> calls) {
        if (!extras.has(CALLS)) {
            return extras;
        }
        ObjectNode changed = extras.deepCopy();
        ObjectNode theirs = MAPPER.createObjectNode();
        for (int position = 0; position < calls.size(); position++) {
            if (calls.get(position).isObject()) {
                theirs.set(Integer.toString(position), calls.get(position));
            }
        }
        changed.set(CALLS, theirs);
        return changed;
    }

    /** Sets members of {@code json} that it has not, out of {@code extras}. */
    static void addTo(ObjectNode json, JsonNode extras) {
        extras.properties().forEach(member -> {
            if (!json.has(member.getKey()) && !member.getKey().equals(CALLS)) {
                json.set(member.getKey(), member.getValue());
            }
        });
    }
}
