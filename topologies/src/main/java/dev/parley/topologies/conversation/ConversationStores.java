package dev.parley.topologies.conversation;

import static dev.parley.topologies.aggregate.AggregateTopology.store;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.schemas.keys.MessageId;
import dev.parley.topologies.aggregate.Decision;
import dev.parley.topologies.aggregate.SingleObjectSerde;
import dev.parley.topologies.conversation.Tree.Tip;
import dev.parley.topologies.conversation.Turn.Running;
import dev.parley.topologies.state.v1.ExchangeState;
import dev.parley.topologies.state.v1.HeadState;
import dev.parley.topologies.state.v1.MessageState;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Where conversations are kept. A decision reads and writes the head, which stays small, and touches single messages; the
 * history of a prompt is read backwards from its place, as far as the token budget goes.
 */
final class ConversationStores {

    static final String HEADS = "conversation-heads";
    static final String MESSAGES = "conversation-messages";
    static final String MESSAGE_IDS = "message-ids";
    static final String ACTIVE_TURNS = "active-turns";

    /** No conversation key contains it. */
    private static final char SEPARATOR = '\u0000';

    private final KeyValueStore<String, HeadState> heads;
    private final KeyValueStore<String, ExchangeState> exchanges;
    private final KeyValueStore<String, MessageState> messageIds;
    private final KeyValueStore<String, String> activeTurns;

    ConversationStores(ProcessorContext<?, ?> context) {
        this.heads = context.getStateStore(HEADS);
        this.exchanges = context.getStateStore(MESSAGES);
        this.messageIds = context.getStateStore(MESSAGE_IDS);
        this.activeTurns = context.getStateStore(ACTIVE_TURNS);
    }

    static List<StoreBuilder<?>> builders() {
        return List.of(
                store(HEADS, SingleObjectSerde.of(HeadState.class)),
                store(MESSAGES, SingleObjectSerde.of(ExchangeState.class)),
                store(MESSAGE_IDS, SingleObjectSerde.of(MessageState.class)),
                store(ACTIVE_TURNS, Serdes.String()));
    }

    Conversation conversation(String key) {
        HeadState state = heads.get(key);
        return state == null ? Conversation.NONE : StateRecords.read(state, position -> tip(key, position));
    }

    private @Nullable Tip tip(String key, long position) {
        ExchangeState exchange = exchangeAt(key, position);
        return exchange == null ? null : read(position, exchange).tip();
    }

    private @Nullable ExchangeState exchangeAt(String key, long position) {
        return position < 0 ? null : exchanges.get(exchangeKey(key, position));
    }

    /** Keeps what was decided: the head, and what changed of its messages. */
    void save(String key, Decision<Conversation, Change, Order> decision) {
        decision.steps().stream()
                .flatMap(step -> MessageChange.of(step).stream())
                .forEach(change -> apply(key, change));
        heads.put(key, StateRecords.stored(decision.state()));
        String was = activeTurn(decision.before());
        String is = activeTurn(decision.state());
        if (is != null && !is.equals(was)) {
            activeTurns.put(key, is);
        } else if (is == null && was != null) {
            activeTurns.delete(key);
        }
    }

    private static @Nullable String activeTurn(Conversation conversation) {
        Running running = conversation.running();
        return running == null ? null : running.turnId().text();
    }

    /** Hands over the keys of all conversations with a running turn. */
    void forEachActive(Consumer<String> visitor) {
        try (KeyValueIterator<String, String> all = activeTurns.all()) {
            all.forEachRemaining(entry -> visitor.accept(entry.key));
        }
    }

    private void apply(String key, MessageChange change) {
        switch (change) {
            case MessageChange.Known(MessageId messageId, MessageState message) ->
                messageIds.put(messageKey(key, messageId), message);
            case MessageChange.Ended(long position, ExchangeState exchange) ->
                exchanges.put(exchangeKey(key, position), exchange);
        }
    }

    /** What a decision may ask of one conversation's messages. */
    History history(String key) {
        return new History() {
            @Override
            public boolean has(MessageId messageId) {
                return messageIds.get(messageKey(key, messageId)) != null;
            }

            @Override
            public @Nullable Exchange exchange(MessageId messageId) {
                MessageState message = messageIds.get(messageKey(key, messageId));
                String answer = message == null ? null : message.getAnswerId();
                if (answer != null) {
                    return exchange(new MessageId(answer));
                }
                Long position = message == null ? null : message.getPosition();
                Exchange exchange = position == null ? null : at(position);
                return exchange != null && exchange.assistantMessageId().equals(messageId) ? exchange : null;
            }

            @Override
            public @Nullable Exchange at(long position) {
                ExchangeState exchange = exchangeAt(key, position);
                return exchange == null ? null : read(position, exchange);
            }

            @Override
            public void forEachSince(long position, Consumer<Exchange> visitor) {
                try (KeyValueIterator<String, ExchangeState> later =
                        exchanges.range(exchangeKey(key, position + 1), exchangeKey(key, Long.MAX_VALUE))) {
                    later.forEachRemaining(entry -> visitor.accept(read(positionOf(entry.key), entry.value)));
                }
            }
        };
    }

    private static History.Exchange read(long position, ExchangeState exchange) {
        return new History.Exchange(
                position,
                parent(position, exchange),
                new MessageId(exchange.getUserMessageId()),
                new MessageId(exchange.getAssistantMessageId()),
                exchange.getQuestion(),
                StateRecords.prompt(exchange.getPrompt()));
    }

    private static long parent(long position, ExchangeState exchange) {
        return exchange.getParent() == null ? position - 1 : exchange.getParent();
    }

    /** What was said up to the exchange at {@code position}, as far as it fits into {@code maxTokens}: {@link PromptHistory}. */
    List<PromptMessage> historyUpTo(String key, long position, int maxTokens) {
        PromptHistory history = new PromptHistory(maxTokens);
        long next = position;
        while (next >= 0) {
            next = addWhileAdjacent(key, next, history);
        }
        return history.messages();
    }

    /** Adds the exchange at {@code from} and those before it, as far as they are neighbours; says which is next on its branch. */
    private long addWhileAdjacent(String key, long from, PromptHistory history) {
        try (KeyValueIterator<String, ExchangeState> backwards =
                exchanges.reverseRange(exchangeKey(key, 0), exchangeKey(key, from))) {
            long next = from;
            while (backwards.hasNext()) {
                var entry = backwards.next();
                long position = positionOf(entry.key);
                if (position > next) {
                    return next; // This one is of another branch.
                }
                if (!history.add(entry.value)) {
                    return Tree.ROOT;
                }
                next = parent(position, entry.value);
            }
            return Tree.ROOT;
        }
    }

    private static String messageKey(String key, MessageId messageId) {
        return key + SEPARATOR + messageId;
    }

    private static String exchangeKey(String key, long position) {
        return key + SEPARATOR + "%016x".formatted(Math.max(0, position));
    }

    private static long positionOf(String exchangeKey) {
        return Long.parseLong(exchangeKey.substring(exchangeKey.indexOf(SEPARATOR) + 1), 16);
    }
}
