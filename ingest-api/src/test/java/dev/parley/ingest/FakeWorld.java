package dev.parley.ingest;

import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.ingest.door.CommandLog;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Configurations;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything behind the door, in memory: a log, and a decider that turns commands into events the way the conversation
 * topology does, as far as the door can see. Its parts can be made to fail one by one.
 */
public final class FakeWorld implements CommandLog {

    /** What becomes of a turn. */
    public enum Answer {
        COMPLETE,
        FAIL,
        CANCEL,
        NEVER,
        REJECT
    }

    /** A command as it reached the log. */
    public record Appended(ConversationKey conversation, Command.Body body, Call call) {}

    private final List<Appended> commands = new ArrayList<>();
    private final Map<ConversationKey, List<ConversationEvent>> events = new HashMap<>();
    private final Map<ConversationKey, Set<String>> messageIds = new HashMap<>();
    private final List<FakeFeed> feeds = new ArrayList<>();
    private Configuration configuration = BuiltInConfiguration.get();
    private Answer answer = Answer.COMPLETE;
    private ErrorCode failure = ErrorCode.ENGINE_ERROR;
    private ErrorCode rejection = ErrorCode.BUSY;
    private @Nullable Upstream upstream;
    private @Nullable ProviderExtras extras;
    private List<ToolCall> calls = List.of();
    private boolean kafkaAway;
    private boolean pipelineStopped;
    private Instant latest = Instant.EPOCH;

    /** Whatever is in force; see {@link #configure}. */
    public Configurations configurations() {
        return new Configurations() {
            @Override
            public Configuration current() {
                synchronized (FakeWorld.this) {
                    return configuration;
                }
            }

            @Override
            public Optional<Configuration> find(String version) {
                return Optional.of(current()).filter(any -> any.getVersion().equals(version));
            }
        };
    }

    public synchronized void configure(Configuration another) {
        configuration = another;
    }

    public synchronized FakeFeed feed() {
        FakeFeed feed = new FakeFeed(this);
        feeds.add(feed);
        return feed;
    }

    public FakeQueries queries() {
        return new FakeQueries(this);
    }

    public synchronized void answer(Answer next) {
        answer = next;
    }

    /** From now on turns fail for this reason. */
    public synchronized void fail(ErrorCode reason) {
        answer = Answer.FAIL;
        failure = reason;
    }

    /** From now on this is what becomes known at model servers. */
    public synchronized void upstream(Upstream known) {
        upstream = known;
    }

    /** From now on answers ask for these calls, and this is what their model server wants to have back with them. */
    public synchronized void calls(List<ToolCall> asked, @Nullable ProviderExtras wanted) {
        calls = List.copyOf(asked);
        extras = wanted;
    }

    /** From now on messages are rejected for this reason. */
    public synchronized void reject(ErrorCode reason) {
        answer = Answer.REJECT;
        rejection = reason;
    }

    public synchronized void kafkaAway() {
        kafkaAway = true;
    }

    public synchronized void pipelineStopped() {
        pipelineStopped = true;
    }

    public synchronized List<Appended> commands() {
        return List.copyOf(commands);
    }

    public synchronized List<ConversationEvent> events(ConversationKey conversation) {
        return List.copyOf(events.getOrDefault(conversation, List.of()));
    }

    public synchronized Set<ConversationKey> conversations() {
        return Set.copyOf(events.keySet());
    }

    @Override
    public synchronized void append(ConversationKey conversation, Command.Body body, Call call) {
        if (kafkaAway) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "Kafka did not confirm the request in time");
        }
        commands.add(new Appended(conversation, body, call));
        if (!pipelineStopped) {
            decide(conversation, body, call.commandId());
        }
    }

    @Override
    public void close() {}

    private void decide(ConversationKey key, Command.Body command, String cause) {
        boolean exists = events.containsKey(key);
        switch (command) {
            case CreateConversation create -> {
                if (!exists) {
                    emit(
                            key,
                            cause,
                            null,
                            new ConversationCreated(create.getTitle(), create.getWorkspaceId(), create.getMetadata()));
                }
            }
            case SubmitMessage submit -> submit(key, submit, cause);
            case RegenerateMessage regenerate ->
                emit(
                        key,
                        cause,
                        regenerate.getTurnId(),
                        new TurnStarted(
                                "?", regenerate.getAssistantMessageId(), regenerate.getTurnId() + ".1", null, null));
            case RenameConversation rename -> emit(key, cause, null, new ConversationRenamed(rename.getTitle()));
            case DeleteConversation delete -> emit(key, cause, null, new ConversationDeleted());
            case RateMessage rate -> {
                if (ids(key).contains(rate.getMessageId())) {
                    emit(
                            key,
                            cause,
                            null,
                            new FeedbackRecorded(rate.getMessageId(), rate.getRating(), rate.getComment()));
                }
            }
            case CancelTurn cancel -> cancel(key, cancel, cause);
            case SwitchBranch change -> emit(key, cause, null, new BranchSwitched(change.getMessageId()));
            case AnnotateConversation annotate -> annotate(key, annotate, cause);
            case Unknown _ -> throw new IllegalArgumentException("unknown command");
        }
    }

    /** A repeat changes nothing. */
    private void annotate(ConversationKey key, AnnotateConversation annotate, String cause) {
        if (events(key).stream().noneMatch(event -> event.getCauseId().equals(cause))) {
            emit(
                    key,
                    cause,
                    annotate.getTurnId(),
                    new ConversationAnnotated(annotate.getMetadata(), annotate.getItems(), annotate.getRemoved()));
        }
    }

    private Set<String> ids(ConversationKey key) {
        return messageIds.computeIfAbsent(key, any -> new HashSet<>());
    }

    private void submit(ConversationKey key, SubmitMessage submit, String cause) {
        if (!ids(key).add(submit.getMessageId())) {
            return;
        }
        String turnId = submit.getTurnId();
        String answerId = submit.getAssistantMessageId();
        if (answer == Answer.REJECT) {
            emit(key, cause, turnId, new MessageRejected(submit.getMessageId(), rejection.wire(), "not now"));
            return;
        }
        emit(
                key,
                cause,
                turnId,
                MessageAccepted.newBuilder()
                        .setMessageId(submit.getMessageId())
                        .setAssistantMessageId(answerId)
                        .setRole(
                                submit.getPrompt() == null
                                        ? Role.USER
                                        : submit.getPrompt().getRole())
                        .setContent(submit.getContent())
                        .setOnBusy(submit.getOnBusy())
                        .setIntent(submit.getIntent())
                        .setEngine(submit.getEngine())
                        .setMetadata(submit.getMetadata())
                        .setFingerprint(submit.getFingerprint())
                        .setPrompt(submit.getPrompt())
                        .setAfter(submit.getAfter())
                        .build());
        ids(key).add(answerId);
        String generation = turnId + ".1";
        emit(key, cause, turnId, new TurnStarted(submit.getMessageId(), answerId, generation, null, submit.getAfter()));
        Attempt attempt = new Attempt("attempt", 1, "default", "a-model", "a-worker", "");
        Usage usage = new Usage(3, 2, UsageBasis.MEASURED, null);
        Timings timings = new Timings(null, null, null, null);
        switch (answer) {
            case COMPLETE ->
                emit(
                        key,
                        cause,
                        turnId,
                        MessageCompleted.newBuilder()
                                .setMessageId(answerId)
                                .setGenerationId(generation)
                                .setAttempt(attempt)
                                .setContent("You said: " + submit.getContent())
                                .setFinishReason("stop")
                                .setUsage(usage)
                                .setTimings(timings)
                                .setToolCalls(calls)
                                .setExtras(extras)
                                .setUpstream(upstream)
                                .build());
            case FAIL ->
                emit(
                        key,
                        cause,
                        turnId,
                        TurnFailed.newBuilder()
                                .setMessageId(answerId)
                                .setGenerationId(generation)
                                .setAttempt(attempt)
                                .setCode(failure.wire())
                                .setDetail("it broke")
                                .setContent("Half")
                                .setTimings(timings)
                                .setUpstream(upstream)
                                .build());
            case CANCEL ->
                emit(
                        key,
                        cause,
                        turnId,
                        TurnCancelled.newBuilder()
                                .setMessageId(answerId)
                                .setUserMessageId(submit.getMessageId())
                                .setGenerationId(generation)
                                .setAttempt(attempt)
                                .setContent("Ha")
                                .setUsage(usage)
                                .setTimings(timings)
                                .setUpstream(upstream)
                                .build());
            case NEVER, REJECT -> {}
        }
    }

    /** Ends what {@link Answer#NEVER} left running. */
    private void cancel(ConversationKey key, CancelTurn cancel, String cause) {
        Map<String, TurnStarted> running = new LinkedHashMap<>();
        for (ConversationEvent event : events(key)) {
            switch (event.getBody()) {
                case TurnStarted started -> running.put(String.valueOf(event.getTurnId()), started);
                case TurnEnd end -> running.remove(event.getTurnId());
                case ConversationFact _,
                        MessageAccepted _,
                        MessageRejected _,
                        TurnPreparation _,
                        Unknown _ -> {} // About no turn's beginning or end.
            }
        }
        running.forEach((turnId, started) -> {
            if (cancel.getTurnId() == null || cancel.getTurnId().equals(turnId)) {
                emit(
                        key,
                        cause,
                        turnId,
                        TurnCancelled.newBuilder()
                                .setMessageId(started.getAssistantMessageId())
                                .setUserMessageId(started.getUserMessageId())
                                .setGenerationId(started.getGenerationId())
                                .setContent("")
                                .setTimings(new Timings(null, null, null, null))
                                .build());
            }
        });
    }

    private void emit(ConversationKey key, String cause, @Nullable String turnId, ConversationEvent.Body body) {
        // Of two events one is later, also where they come within a millisecond.
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        latest = now.isAfter(latest) ? now : latest.plusMillis(1);
        List<ConversationEvent> log = events.computeIfAbsent(key, any -> new ArrayList<>());
        ConversationEvent event = new ConversationEvent(
                key.tenant(), key.conversation(), log.size() + 1L, latest, cause, turnId, null, body);
        log.add(event);
        feeds.forEach(feed -> feed.take(key, event));
    }

    /** Something that is told to streams of a conversation, of about {@code bytes} bytes, and kept nowhere. */
    public synchronized void chatter(ConversationKey key, int bytes) {
        feeds.forEach(feed -> feed.chatter(key, bytes));
    }

    /** A conversation that is there already, as if created by another node. */
    public ConversationKey conversation(String id) {
        ConversationKey key = new ConversationKey(ConversationKey.DEFAULT_TENANT, id);
        append(key, new CreateConversation(null, "default", Map.of()), call());
        return key;
    }

    public static Call call() {
        return new Call("cmd_" + Request.uniqueId(), TraceParent.continueOrStart(null));
    }
}
