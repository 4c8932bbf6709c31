package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.door.Exchanges.Answer;
import dev.parley.ingest.door.Exchanges.Exchange;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The items of a conversation's active branch, a fold of its events: what was asked and answered, and what callers added without a
 * turn. The latter is part of each branch that goes through the place where the conversation stood then. It is shown to a model by the
 * next response in this conversation, which carries it along as context; from then on it is part of that turn, and of the history.
 */
final class ConversationItems {

    /** Of a turn: up to which event it carries added items along, and as how many messages, as {@code sequence/count}. */
    private static final String CARRIED = ChatCompletionRequest.RESERVED + "items";

    private record Item(ObjectNode json, Origin origin) {}

    private sealed interface Origin permits Asked, Answered, Added {}

    /** A question, or what was sent along with it. */
    private record Asked(String question) implements Origin {}

    private record Answered(String answer) implements Origin {}

    /**
     * An event that is no turn's.
     *
     * @param place the answer after which the conversation stood
     */
    private record Added(long sequence, String place) implements Origin {}

    /** What a turn carried along. */
    private record Carried(long upTo, int messages) {
        static final Carried NOTHING = new Carried(0, 0);

        private static final Pattern FORM = Pattern.compile("(\\d{1,18})/(\\d{1,9})");

        /**
         * Reads a turn's mark.
         *
         * @param sequence of the turn's acceptance
         */
        static Carried of(MessageAccepted accepted, long sequence) {
            Matcher text = FORM.matcher(accepted.getMetadata().getOrDefault(CARRIED, ""));
            if (!text.matches()) {
                return NOTHING;
            }
            Carried read = new Carried(Long.parseLong(text.group(1)), Integer.parseInt(text.group(2)));
            // Other protocols let their callers write what they like: only what can have been carried was.
            CallerPrompt prompt = accepted.getPrompt();
            int along = prompt == null ? 0 : prompt.getContext().size();
            boolean possible = read.messages > 0 && read.messages <= along && read.upTo < sequence;
            return possible ? read : NOTHING;
        }
    }

    /**
     * What the next turn is to carry along.
     *
     * @param upTo sequence of the last event that added any of it
     */
    record Pending(List<PromptMessage> messages, long upTo) {

        /** What to keep with the turn that carries it. */
        Map<String, String> mark() {
            return messages.isEmpty() ? Map.of() : Map.of(CARRIED, upTo + "/" + messages.size());
        }
    }

    private final String conversation;
    private final Map<String, Item> items = new LinkedHashMap<>();
    private final Map<String, Carried> carried = new HashMap<>();
    private final Exchanges exchanges = new Exchanges();

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
                    Origin origin = new Added(event.getSequence(), exchanges.tip());
                    items.put(id, new Item(added(annotated.getItems().get(i), id), origin));
                }
                annotated.getRemoved().forEach(items::remove);
            }
            case MessageAccepted accepted -> {
                Carried along = Carried.of(accepted, event.getSequence());
                if (along.upTo() > 0) {
                    carried.put(accepted.getMessageId(), along);
                }
                add(new Asked(accepted.getMessageId()), PromptItems.of(response(event), accepted, along.messages()));
            }
            case MessageCompleted completed ->
                add(new Answered(completed.getMessageId()), ResponseJson.output(response(event), completed));
            case ConversationFact _,
                    TurnPreparation _,
                    TurnStarted _,
                    TurnEnd _,
                    MessageRejected _,
                    Unknown _ -> {} // Nothing that is an item.
        }
        exchanges.take(event);
    }

    private ResponseId response(ConversationEvent event) {
        return ResponseId.of(String.valueOf(event.getTurnId()), conversation);
    }

    private void add(Origin origin, List<ObjectNode> added) {
        added.forEach(json -> items.put(json.path("id").asText(), new Item(json, origin)));
    }

    /** All of the active branch, oldest first. */
    List<ObjectNode> all() {
        Set<String> answers = exchanges.activeAnswers();
        Set<String> questions = answers.stream()
                .map(exchanges::exchange)
                .flatMap(Optional::stream)
                .map(exchange -> exchange.question().getMessageId())
                .collect(Collectors.toSet());
        return items.values().stream()
                .filter(item -> switch (item.origin()) {
                    case Asked(String question) -> questions.contains(question);
                    case Answered(String answer) -> answers.contains(answer);
                    case Added(long sequence, String place) -> goesThrough(answers, place);
                })
                .map(Item::json)
                .toList();
    }

    private static boolean goesThrough(Set<String> answers, String place) {
        return place.equals(Exchanges.BEGINNING) || answers.contains(place);
    }

    /** One of any branch. */
    Optional<ObjectNode> item(String id) {
        return Optional.ofNullable(items.get(id)).map(Item::json);
    }

    /** Whether an item can be taken back: no turn has it, so that no model was, or is being, shown it. */
    boolean isRemovable(String id) {
        Item item = items.get(id);
        return item != null
                && item.origin() instanceof Added(long sequence, String place)
                && carried.entrySet().stream()
                        .filter(each -> each.getValue().upTo() >= sequence)
                        .flatMap(each -> shown(each.getKey()))
                        .noneMatch(exchange -> goesThrough(answersUpTo(exchange), place));
    }

    /** The exchanges of which models are, or will be, told. */
    private Stream<Exchange> shown(String question) {
        return exchanges.askedBy(question).stream().filter(exchange -> !(exchange.answer() instanceof Answer.Missing));
    }

    private Set<String> answersUpTo(Exchange exchange) {
        return exchanges.branch(exchange.answerId()).stream()
                .map(Exchange::answerId)
                .collect(Collectors.toSet());
    }

    /** What was added to the active branch since its last turn that carried such items along. */
    Pending pending() {
        Set<String> active = exchanges.activeAnswers();
        long from = carried.entrySet().stream()
                .filter(each -> shown(each.getKey()).anyMatch(exchange -> active.contains(exchange.answerId())))
                .mapToLong(each -> each.getValue().upTo())
                .max()
                .orElse(0);
        List<JsonBody> waiting = new ArrayList<>();
        long upTo = from;
        for (Item item : items.values()) {
            if (item.origin() instanceof Added(long sequence, String place)
                    && sequence > from
                    && goesThrough(active, place)) {
                waiting.add(JsonBody.of(item.json().toString().getBytes(StandardCharsets.UTF_8)));
                upTo = Math.max(upTo, sequence);
            }
        }
        return new Pending(ResponseRequest.messages(waiting, id -> List.of()), upTo);
    }
}
