package dev.parley.topologies.conversation;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.topologies.conversation.Turn.Running;
import dev.parley.topologies.records.SingleObjectSerde;
import dev.parley.topologies.state.v1.ExchangeState;
import dev.parley.topologies.state.v1.HeadState;
import dev.parley.topologies.state.v1.MessageState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
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

    /** A usual rule of thumb for English text; a model's own tokenizer is not known here. */
    private static final int CHARS_PER_TOKEN = 4;

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

    static Set<StoreBuilder<?>> builders() {
        // In this order always: the topology's description is a golden file.
        return new LinkedHashSet<>(List.of(
                store(HEADS, SingleObjectSerde.of(HeadState.class)),
                store(MESSAGES, SingleObjectSerde.of(ExchangeState.class)),
                store(MESSAGE_IDS, SingleObjectSerde.of(MessageState.class)),
                store(ACTIVE_TURNS, Serdes.String())));
    }

    private static <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), values)
                .withCachingDisabled()
                .withLoggingEnabled(Map.of("max.message.bytes", Integer.toString(TopicSpec.MAX_MESSAGE_BYTES)));
    }

    Conversation conversation(String key) {
        HeadState state = heads.get(key);
        return state == null ? Conversation.NONE : StateRecords.read(state);
    }

    /** Keeps {@code after}, which {@code before} has become. */
    void put(String key, Conversation before, Conversation after) {
        heads.put(key, StateRecords.stored(after));
        String was = activeTurn(before);
        String is = activeTurn(after);
        if (is != null && !is.equals(was)) {
            activeTurns.put(key, is);
        } else if (is == null && was != null) {
            activeTurns.delete(key);
        }
    }

    private static @Nullable String activeTurn(Conversation conversation) {
        Running running = conversation.running();
        return running == null ? null : running.turnId();
    }

    /** Hands over the keys of all conversations with a running turn. */
    void forEachActive(Consumer<String> visitor) {
        try (KeyValueIterator<String, String> all = activeTurns.all()) {
            all.forEachRemaining(entry -> visitor.accept(entry.key));
        }
    }

    void putMessage(String key, String messageId, MessageState message) {
        messageIds.put(messageKey(key, messageId), message);
    }

    void putExchange(String key, long position, ExchangeState exchange) {
        exchanges.put(exchangeKey(key, position), exchange);
    }

    /** Takes an exchange out of the history. */
    void discount(String key, long position) {
        ExchangeState exchange = exchanges.get(exchangeKey(key, position));
        if (exchange != null) {
            putExchange(
                    key,
                    position,
                    ExchangeState.newBuilder(exchange).setCounted(false).build());
        }
    }

    /** What a decision may ask of one conversation's messages. */
    History history(String key) {
        return new History() {
            @Override
            public boolean has(String messageId) {
                return messageIds.get(messageKey(key, messageId)) != null;
            }

            @Override
            public @Nullable Exchange exchange(String assistantMessageId) {
                MessageState message = messageIds.get(messageKey(key, assistantMessageId));
                Long position = message == null ? null : message.getPosition();
                ExchangeState exchange = position == null ? null : exchanges.get(exchangeKey(key, position));
                return position == null
                                || exchange == null
                                || !exchange.getAssistantMessageId().equals(assistantMessageId)
                        ? null
                        : read(position, exchange);
            }

            @Override
            public @Nullable Exchange latest() {
                try (KeyValueIterator<String, ExchangeState> backwards = backwards(key, Long.MAX_VALUE)) {
                    if (!backwards.hasNext()) {
                        return null;
                    }
                    var latest = backwards.next();
                    return read(positionOf(latest.key), latest.value);
                }
            }
        };
    }

    private static History.Exchange read(long position, ExchangeState exchange) {
        return new History.Exchange(
                position,
                exchange.getUserMessageId(),
                exchange.getAssistantMessageId(),
                exchange.getQuestion(),
                StateRecords.prompt(exchange.getPrompt()));
    }

    /** What was said before {@code position}, oldest first: whole exchanges, the newest that fit into {@code maxTokens}. */
    List<PromptMessage> historyBefore(String key, long position, int maxTokens) {
        Deque<PromptMessage> messages = new ArrayDeque<>();
        long room = (long) maxTokens * CHARS_PER_TOKEN;
        try (KeyValueIterator<String, ExchangeState> backwards = backwards(key, position)) {
            while (backwards.hasNext()) {
                ExchangeState exchange = backwards.next().value;
                if (!exchange.getCounted()) {
                    continue;
                }
                List<PromptMessage> said = messages(exchange);
                room -= said.stream()
                        .mapToLong(message -> message.getContent().length())
                        .sum();
                if (room < 0) {
                    break;
                }
                said.reversed().forEach(messages::addFirst);
            }
        }
        // The result of a call that nobody made, since the exchange that asked for it is left out, would be refused.
        while (!messages.isEmpty() && messages.getFirst().getRole() == Role.TOOL) {
            messages.removeFirst();
        }
        return List.copyOf(messages);
    }

    private static List<PromptMessage> messages(ExchangeState exchange) {
        List<PromptMessage> messages = new ArrayList<>();
        CallerPrompt prompt = StateRecords.prompt(exchange.getPrompt());
        if (prompt == null) {
            messages.add(new PromptMessage(Role.USER, exchange.getQuestion(), List.of(), null));
        } else {
            messages.addAll(prompt.getContext());
            messages.add(
                    new PromptMessage(prompt.getRole(), exchange.getQuestion(), List.of(), prompt.getToolCallId()));
        }
        messages.add(new PromptMessage(
                Role.ASSISTANT, exchange.getAnswer(), StateRecords.toolCalls(exchange.getToolCalls()), null));
        return messages;
    }

    private KeyValueIterator<String, ExchangeState> backwards(String key, long before) {
        return exchanges.reverseRange(exchangeKey(key, 0), exchangeKey(key, before - 1));
    }

    private static String messageKey(String key, String messageId) {
        return key + SEPARATOR + messageId;
    }

    private static String exchangeKey(String key, long position) {
        return key + SEPARATOR + "%016x".formatted(Math.max(0, position));
    }

    private static long positionOf(String exchangeKey) {
        return Long.parseLong(exchangeKey.substring(exchangeKey.indexOf(SEPARATOR) + 1), 16);
    }
}
