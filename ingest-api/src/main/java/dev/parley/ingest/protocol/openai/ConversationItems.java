package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The items of a conversation, a fold of its events: what was asked and answered, and what callers added without a turn. The
 * latter is shown to a model by the next response in this conversation, which carries it along as context; from then on it is
 * part of that turn, and of the history.
 */
final class ConversationItems {

    /** Of a turn: up to which event it carries added items along, and as how many messages, as {@code sequence/count}. */
    private static final String CARRIED = ChatCompletionRequest.RESERVED + "items";

    /**
     * An item.
     *
     * @param json with its id
     * @param added sequence of the event that added it; empty for one of a turn
     */
    private record Item(ObjectNode json, Optional<Long> added) {}

    /** What a turn carried along. */
    private record Carried(long upTo, int messages) {
        static final Carried NOTHING = new Carried(0, 0);

        private static final Pattern FORM = Pattern.compile("(\\d{1,18})/(\\d{1,9})");

        static Carried of(MessageAccepted accepted) {
            // Other protocols let their callers write what they like.
            Matcher text = FORM.matcher(accepted.getMetadata().getOrDefault(CARRIED, ""));
            return text.matches()
                    ? new Carried(Long.parseLong(text.group(1)), Integer.parseInt(text.group(2)))
                    : NOTHING;
        }
    }

    /**
     * What the next turn is to carry along.
     *
     * @param upTo sequence of the last event that added any of it
     */
    record Pending(List<PromptMessage> messages, long upTo) {

        static final Pending NOTHING = new Pending(List.of(), 0);

        /** What to keep with the turn that carries it. */
        Map<String, String> mark() {
            return messages.isEmpty() ? Map.of() : Map.of(CARRIED, upTo + "/" + messages.size());
        }
    }

    private final String conversation;
    private final Map<String, Item> items = new LinkedHashMap<>();
    private final Map<String, List<String>> idsByMessage = new HashMap<>();
    private final Map<String, Long> carriedByTurn = new HashMap<>();

    private ConversationItems(String conversation) {
        this.conversation = conversation;
    }

    /** Those of a conversation as of the last of {@code events}, which are all of its events up to there. */
    static ConversationItems of(String conversation, List<ConversationEvent> events) {
        ConversationItems items = new ConversationItems(conversation);
        events.forEach(items::take);
        return items;
    }

    /** What an item is called that an event added as one of several. */
    static String addedId(long sequence, int index, String conversation) {
        return "item_" + sequence + "-" + index + "." + conversation;
    }

    /** An item as it was added, with its id. */
    static ObjectNode added(String json, String id) {
        return Json.object().put("id", id).setAll(object(json));
    }

    private static ObjectNode object(String json) {
        try {
            return (ObjectNode) Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the door lets only JSON through", e);
        }
    }

    private void take(ConversationEvent event) {
        switch (event.getBody()) {
            case ConversationAnnotated annotated -> {
                for (int i = 0; i < annotated.getItems().size(); i++) {
                    String id = addedId(event.getSequence(), i, conversation);
                    items.put(id, new Item(added(annotated.getItems().get(i), id), Optional.of(event.getSequence())));
                }
                annotated.getRemoved().forEach(items::remove);
            }
            case MessageAccepted accepted -> {
                Carried carried = Carried.of(accepted);
                carriedByTurn.put(turn(event), carried.upTo());
                add(accepted.getMessageId(), PromptItems.of(response(event), accepted, carried.messages()));
            }
            case TurnStarted started -> {
                if (started.getSupersedes() != null) {
                    forget(started.getSupersedes());
                }
            }
            case MessageCompleted completed ->
                add(completed.getMessageId(), ResponseJson.output(response(event), completed));
            case TurnFailed _ -> carriedByTurn.remove(turn(event));
            case TurnCancelled cancelled -> {
                carriedByTurn.remove(turn(event));
                if (cancelled.getForgotten()) {
                    forget(cancelled.getUserMessageId());
                }
            }
            case ConversationCreated _,
                    ConversationRenamed _,
                    ConversationDeleted _,
                    FeedbackRecorded _,
                    TurnPreparation _,
                    MessageRejected _,
                    Unknown _ -> {} // Nothing that is an item.
        }
    }

    private static String turn(ConversationEvent event) {
        return String.valueOf(event.getTurnId());
    }

    private ResponseId response(ConversationEvent event) {
        return ResponseId.of(turn(event), conversation);
    }

    private void add(String messageId, List<ObjectNode> added) {
        List<String> ids = new ArrayList<>();
        for (ObjectNode json : added) {
            String id = json.path("id").asText();
            ids.add(id);
            items.put(id, new Item(json, Optional.empty()));
        }
        idsByMessage.put(messageId, ids);
    }

    private void forget(String messageId) {
        idsByMessage.getOrDefault(messageId, List.of()).forEach(items::remove);
    }

    /** All of them, oldest first. */
    List<ObjectNode> all() {
        return items.values().stream().map(Item::json).toList();
    }

    Optional<ObjectNode> item(String id) {
        return Optional.ofNullable(items.get(id)).map(Item::json);
    }

    /** Whether an item can be taken back: no turn has it, so that no model was, or is being, shown it. */
    boolean isRemovable(String id) {
        Item item = items.get(id);
        return item != null
                && item.added().filter(sequence -> sequence > carriedUpTo()).isPresent();
    }

    private long carriedUpTo() {
        return carriedByTurn.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** What was added since the last turn that carried such items along. */
    Pending pending() {
        long from = carriedUpTo();
        List<JsonBody> waiting = new ArrayList<>();
        long upTo = from;
        for (Item item : items.values()) {
            long sequence = item.added().orElse(0L);
            if (sequence > from) {
                waiting.add(JsonBody.of(item.json().toString().getBytes(StandardCharsets.UTF_8)));
                upTo = Math.max(upTo, sequence);
            }
        }
        return new Pending(ResponseRequest.messages(waiting, id -> List.of()), upTo);
    }
}
