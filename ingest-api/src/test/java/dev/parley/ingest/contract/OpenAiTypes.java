package dev.parley.ingest.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.openai.core.ObjectMappers;
import com.openai.models.ErrorObject;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionDeleted;
import com.openai.models.chat.completions.ChatCompletionListPageResponse;
import com.openai.models.completions.Completion;
import com.openai.models.conversations.Conversation;
import com.openai.models.conversations.ConversationDeletedResource;
import com.openai.models.conversations.items.ConversationItem;
import com.openai.models.conversations.items.ConversationItemList;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.files.FileObject;
import com.openai.models.models.Model;
import com.openai.models.models.ModelListPageResponse;
import com.openai.models.responses.CompactedResponse;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseStreamEvent;
import com.openai.models.responses.inputitems.ResponseItemList;
import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * OpenAI's published specification, as the types of its own SDK that are made from it: each says of a JSON value which
 * required members it lacks, which are of another type, and which texts are none of an enumeration's.
 *
 * <p>Test servers hold every answer under {@code /v1} against them, so that a test need not ask for it, and cannot forget it.
 */
public final class OpenAiTypes {

    private static final JsonMapper MAPPER = ObjectMappers.jsonMapper();

    /** What says nothing of its form, in the specification. */
    private static final Class<?> ANYTHING = Void.class;

    /** What the call answers where all is well: whole, and as the events of a stream. */
    private record Answers(Class<?> whole, Optional<Class<?>> event) {
        Answers(Class<?> whole) {
            this(whole, Optional.empty());
        }
    }

    private static final Map<String, Answers> CALLS = new LinkedHashMap<>();

    static {
        CALLS.put("GET /v1/models", new Answers(ModelListPageResponse.class));
        CALLS.put("GET /v1/models/.+", new Answers(Model.class));
        CALLS.put(
                "POST /v1/chat/completions", new Answers(ChatCompletion.class, Optional.of(ChatCompletionChunk.class)));
        CALLS.put("GET /v1/chat/completions", new Answers(ChatCompletionListPageResponse.class));
        CALLS.put("(GET|POST) /v1/chat/completions/[^/]+", new Answers(ChatCompletion.class));
        CALLS.put("DELETE /v1/chat/completions/[^/]+", new Answers(ChatCompletionDeleted.class));
        // The type has every message be an assistant's; the specification's own example is of a user's.
        CALLS.put("GET /v1/chat/completions/[^/]+/messages", new Answers(ANYTHING));
        // Of a stream's pieces the type wants a reason for an end that has not come.
        CALLS.put("POST /v1/completions", new Answers(Completion.class, Optional.of(ANYTHING)));
        CALLS.put("(POST /v1/files|GET /v1/files/[^/]+)", new Answers(FileObject.class));
        CALLS.put("GET /v1/files/[^/]+/content", new Answers(ANYTHING));
        CALLS.put("POST /v1/embeddings", new Answers(CreateEmbeddingResponse.class));
        CALLS.put("POST /v1/responses/compact", new Answers(CompactedResponse.class));
        CALLS.put("POST /v1/responses", new Answers(Response.class, Optional.of(ResponseStreamEvent.class)));
        CALLS.put("GET /v1/responses/[^/]+", new Answers(Response.class, Optional.of(ResponseStreamEvent.class)));
        CALLS.put("DELETE /v1/responses/[^/]+", new Answers(ANYTHING));
        CALLS.put("POST /v1/responses/[^/]+/cancel", new Answers(Response.class));
        CALLS.put("GET /v1/responses/[^/]+/input_items", new Answers(ResponseItemList.class));
        CALLS.put("(POST /v1/conversations|(GET|POST) /v1/conversations/[^/]+)", new Answers(Conversation.class));
        CALLS.put("DELETE /v1/conversations/[^/]+", new Answers(ConversationDeletedResource.class));
        CALLS.put("(GET|POST) /v1/conversations/[^/]+/items", new Answers(ConversationItemList.class));
        CALLS.put("GET /v1/conversations/[^/]+/items/[^/]+", new Answers(ConversationItem.class));
        CALLS.put("DELETE /v1/conversations/[^/]+/items/[^/]+", new Answers(Conversation.class));
    }

    /** Members that may be left out, and may not be null; the SDK's types take either. */
    private static final Map<Class<?>, Set<String>> NEVER_NULL =
            Map.of(Response.class, Set.of("usage", "user", "text"));

    private OpenAiTypes() {}

    /** Throws where an answer is not of the form that the specification gives it. */
    public static void check(String method, String path, int status, String contentType, String body) {
        if (method.equals("HEAD") || method.equals("OPTIONS")) {
            return; // Answered by HTTP alone.
        }
        if (status >= 400) {
            if (body.isEmpty()) {
                return;
            }
            check(ErrorObject.class, tree(body).path("error"));
            return;
        }
        String call = method + " " + path.replaceAll("\\?.*", "");
        Answers answers = CALLS.entrySet().stream()
                .filter(entry -> call.matches(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow(() -> new AssertionError("of which type are the answers of " + call + "?"));
        if (contentType.startsWith("text/event-stream")) {
            Class<?> type = answers.event().orElseThrow(() -> new AssertionError("no stream is known of " + call));
            List<JsonNode> events = PublishedOpenApi.told(body);
            // After the last event nothing comes.
            if (!type.equals(ANYTHING) && !path.contains("starting_after=")) {
                refuseEmpty(events);
            }
            events.forEach(event -> checkEvent(type, event));
        } else if (!answers.whole().equals(ANYTHING)) {
            check(answers.whole(), tree(body));
        }
    }

    /** The same of the events of a stream of a response. */
    public static void checkResponseEvents(List<JsonNode> events) {
        refuseEmpty(events);
        events.forEach(event -> checkEvent(ResponseStreamEvent.class, event));
    }

    /** The same of the events of a stream of a chat completion. */
    public static void checkChunks(List<JsonNode> events) {
        refuseEmpty(events);
        events.forEach(event -> checkEvent(ChatCompletionChunk.class, event));
    }

    private static void refuseEmpty(List<JsonNode> events) {
        if (events.isEmpty()) {
            throw new AssertionError("there are no events");
        }
    }

    private static void checkEvent(Class<?> type, JsonNode event) {
        if (event.has("error") && !event.has("type")) {
            check(ErrorObject.class, event.path("error"));
        } else {
            check(type, event);
            if (event.has("response")) {
                check(Response.class, event.path("response"));
            }
        }
    }

    private static void check(Class<?> type, JsonNode json) {
        if (type.equals(ANYTHING)) {
            return;
        }
        NEVER_NULL.getOrDefault(type, Set.of()).forEach(name -> {
            if (json.has(name) && json.path(name).isNull()) {
                throw new AssertionError(name + " is null: " + json);
            }
        });
        try {
            Object read = MAPPER.readValue(json.toString(), type);
            Object _ = type.getMethod("validate").invoke(read);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not a " + type.getSimpleName() + ": " + json, e);
        } catch (InvocationTargetException e) {
            throw new AssertionError("not a " + type.getSimpleName() + ", " + e.getCause() + ": " + json, e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode tree(String json) {
        try {
            JsonNode tree = MAPPER.readTree(json);
            if (tree.isMissingNode()) {
                throw new AssertionError("there is no JSON");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + json, e);
        }
    }
}
