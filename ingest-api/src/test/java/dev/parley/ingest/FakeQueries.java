package dev.parley.ingest;

import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Role;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.Answer;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Origin;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import dev.parley.sinks.postgres.ConversationSnapshot.Spent;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import dev.parley.sinks.postgres.ConversationSnapshot.Utterance;
import dev.parley.sinks.postgres.MessageTree;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A read model that is always up to date, until it lags or is away. */
public final class FakeQueries implements ConversationQueries {

    private final FakeWorld world;
    private volatile boolean away;
    private volatile boolean lagging;
    private volatile boolean unawareOfDeletions;

    public FakeQueries(FakeWorld world) {
        this.world = world;
    }

    public void away() {
        away = true;
    }

    /** From now on nothing arrives here, and what had is not shown. */
    public void lagging() {
        lagging = true;
    }

    /** From now on it has not heard of what is deleted. */
    public void unawareOfDeletions() {
        unawareOfDeletions = true;
    }

    private List<ConversationEvent> events(ConversationKey conversation) {
        if (away) {
            throw new ReadModelUnavailableException(new SQLException("away"));
        }
        return lagging ? List.of() : world.events(conversation);
    }

    @Override
    public Optional<ConversationSnapshot> snapshot(ConversationKey conversation) {
        List<ConversationEvent> events = events(conversation);
        if (events.isEmpty() || isDeleted(events)) {
            return Optional.empty();
        }
        List<Message> messages = new ArrayList<>();
        Optional<String> title = Optional.empty();
        Map<String, String> metadata = Map.of();
        for (ConversationEvent event : events) {
            switch (event.getBody()) {
                case ConversationCreated created -> {
                    title = Optional.ofNullable(created.getTitle());
                    metadata = created.getMetadata();
                }
                case ConversationRenamed renamed -> title = Optional.of(renamed.getTitle());
                case ConversationAnnotated annotated ->
                    metadata = annotated.getMetadata() == null ? metadata : annotated.getMetadata();
                case MessageAccepted accepted ->
                    messages.add(
                            message(accepted.getMessageId(), event, Role.USER, accepted.getContent(), sent(accepted)));
                case MessageCompleted completed ->
                    messages.add(message(
                            completed.getMessageId(), event, Role.ASSISTANT, completed.getContent(), Optional.empty()));
                default -> {}
            }
        }
        Summary summary = new Summary(
                conversation.conversation(),
                title,
                "default",
                metadata,
                events.getFirst().getTime(),
                events.getLast().getTime(),
                messages.size(),
                false);
        return Optional.of(new ConversationSnapshot(
                summary, MessageTree.of(messages, null, Optional.empty()), Optional.empty(), events.size()));
    }

    private boolean isDeleted(List<ConversationEvent> events) {
        return !unawareOfDeletions && events.stream().anyMatch(event -> event.getBody() instanceof ConversationDeleted);
    }

    private static Optional<Sent> sent(MessageAccepted accepted) {
        return Optional.of(new Sent(
                accepted.getFingerprint(),
                List.of(),
                accepted.getPrompt() == null ? List.of() : accepted.getPrompt().getAttachments()));
    }

    private static Message message(String id, ConversationEvent event, Role role, String content, Optional<Sent> sent) {
        return new Message(
                id,
                String.valueOf(event.getTurnId()),
                new Utterance(role, content, Optional.empty()),
                sent,
                Status.COMPLETED,
                event.getTime(),
                new Answer(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of("stop"),
                        new Spent(Optional.empty(), Optional.empty()),
                        List.of(),
                        List.of(),
                        Optional.of(new Origin("default", "a-model")),
                        Optional.empty()),
                Optional.empty());
    }

    @Override
    public Page conversations(String tenant, int limit, Optional<String> before) {
        if (before.isPresent()) {
            throw new IllegalArgumentException("no such place");
        }
        events(new ConversationKey(tenant, "any"));
        return new Page(
                world.conversations().stream()
                        .filter(key -> key.tenant().equals(tenant))
                        .flatMap(key -> snapshot(key).stream())
                        .map(ConversationSnapshot::conversation)
                        .limit(limit)
                        .toList(),
                Optional.empty());
    }

    @Override
    public Page search(String tenant, List<String> words, int limit, Optional<String> before) {
        Page all = conversations(tenant, Integer.MAX_VALUE, before);
        return new Page(
                all.conversations().stream()
                        .filter(summary -> words.stream().allMatch(word -> has(tenant, summary, word)))
                        .limit(limit)
                        .toList(),
                Optional.empty());
    }

    private boolean has(String tenant, Summary summary, String word) {
        return summary.title().filter(title -> title.contains(word)).isPresent()
                || snapshot(new ConversationKey(tenant, summary.id())).orElseThrow().messages().stream()
                        .anyMatch(message -> message.content().contains(word));
    }

    @Override
    public List<Summary> storedCompletions(
            String tenant, Map<String, String> metadata, boolean newestFirst, int limit, Optional<String> after) {
        Comparator<Summary> order = Comparator.comparing(Summary::createdAt).thenComparing(Summary::id);
        List<Summary> sorted = conversations(tenant, Integer.MAX_VALUE, Optional.empty()).conversations().stream()
                .sorted(newestFirst ? order.reversed() : order)
                .toList();
        int from = after.map(id -> sorted.stream().map(Summary::id).toList().indexOf(id) + 1)
                .orElse(0);
        return sorted.stream()
                .skip(from)
                .filter(summary -> "chat.completion".equals(summary.metadata().get("openai.object")))
                .filter(summary -> summary.metadata().entrySet().containsAll(metadata.entrySet()))
                .limit(limit)
                .toList();
    }

    @Override
    public Presence presence(ConversationKey conversation) {
        List<ConversationEvent> events = events(conversation);
        if (events.isEmpty()) {
            return Presence.UNKNOWN;
        }
        return isDeleted(events) ? Presence.DELETED : Presence.PRESENT;
    }

    @Override
    public long lastSequence(ConversationKey conversation) {
        return events(conversation).size();
    }

    @Override
    public Optional<Message> message(ConversationKey conversation, String messageId) {
        return snapshot(conversation).stream()
                .flatMap(snapshot -> snapshot.messages().stream())
                .filter(message -> message.id().equals(messageId))
                .findFirst();
    }
}
