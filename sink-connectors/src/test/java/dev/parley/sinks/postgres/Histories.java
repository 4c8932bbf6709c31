package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.chat.v1.UsageDetails;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Draws logs that conversations could have written, several conversations interleaved. */
final class Histories {

    private static final int EVENTS = 150;
    private static final List<String> TEXTS = List.of(
            "",
            "plain",
            "nul \u0000 in it",
            "\uD83D\uDE00 \u2028 \\ \" \t\r\n",
            "{braces, \"and\" NULL}",
            "x".repeat(70_000));

    private final Random random;
    private final List<LoggedEvent> log = new ArrayList<>();

    Histories(Random random) {
        this.random = random;
    }

    List<LoggedEvent> next() {
        List<Conversation> conversations = new ArrayList<>();
        while (log.size() < EVENTS) {
            if (conversations.isEmpty() || random.nextInt(25) == 0) {
                conversations.add(new Conversation("c" + conversations.size()));
            } else {
                conversations.get(random.nextInt(conversations.size())).step();
            }
        }
        return log;
    }

    private String text() {
        // The long one, which is longer than a portion of COPY, seldom.
        return TEXTS.get(random.nextInt(random.nextInt(20) == 0 ? TEXTS.size() : TEXTS.size() - 1));
    }

    private <T> @Nullable T maybe(T value) {
        return random.nextBoolean() ? value : null;
    }

    private List<ToolCall> calls() {
        return random.nextInt(4) == 0 ? List.of(new ToolCall("call", "look", text())) : List.of();
    }

    private List<Source> sources() {
        return random.nextBoolean() ? List.of(new Source("s", text(), maybe("uri"), random.nextDouble())) : List.of();
    }

    private Usage usage() {
        return new Usage(random.nextInt(9), random.nextInt(9), UsageBasis.MEASURED, maybe(random.nextLong(99)));
    }

    private Attempt attempt() {
        return new Attempt("attempt", 1, "engine", "model", "worker", random.nextBoolean() ? "" : "http://model");
    }

    private Upstream upstream() {
        return new Upstream(
                maybe(new UsageDetails(1, maybe(2), maybe(3), maybe(4), maybe(5))),
                random.nextInt(3),
                random.nextBoolean() ? List.of("seed", "user") : List.of(),
                maybe(30_000L),
                maybe(random.nextInt(3)),
                maybe(random.nextInt(3)));
    }

    private Timings timings() {
        return new Timings(
                maybe(random.nextDouble()), maybe(2.5), maybe(random.nextDouble()), maybe(random.nextGaussian()));
    }

    private record Turn(
            String id,
            String question,
            String answer,
            @Nullable String supersedes) {}

    private final class Conversation {
        private final String id;
        private final Deque<Turn> queue = new ArrayDeque<>();
        private final List<Turn> answered = new ArrayList<>();
        private @Nullable Turn running;
        private long sequence;
        private int turns;

        Conversation(String id) {
            this.id = id;
            log(null, new ConversationCreated(maybe(text()), "w", Map.of("k", text())));
        }

        private void log(@Nullable String turn, ConversationEvent.Body body) {
            // Clocks of several nodes: time may go backwards.
            Instant time = Instant.ofEpochMilli(1_767_225_600_000L + log.size() * 10L - random.nextInt(50));
            ConversationEvent event =
                    new ConversationEvent("t", id, ++sequence, time, "cause", turn, maybe("version"), body);
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            log.add(LoggedEvent.of(event, bytes, id.hashCode() % 2, log.size()));
        }

        private ConversationAnnotated annotated() {
            return new ConversationAnnotated(
                    random.nextBoolean() ? null : Map.of("k", Integer.toString(random.nextInt(9))),
                    random.nextBoolean() ? List.of() : List.of("{}"),
                    List.of());
        }

        void step() {
            switch (random.nextInt(10)) {
                case 0 -> log(null, new ConversationRenamed(text()));
                case 5 -> log(null, annotated());
                case 1 -> accept();
                case 2 -> regenerate();
                case 3 -> other();
                case 4 -> dropWaiting();
                default -> proceed();
            }
        }

        private void accept() {
            String turn = id + "-turn-" + turns++;
            Turn accepted = new Turn(turn, turn + "-question", turn + "-answer", null);
            CallerPrompt prompt = new CallerPrompt(
                    Role.TOOL,
                    "call",
                    List.of(new PromptMessage(Role.ASSISTANT, text(), calls(), maybe("call"), null)),
                    GenerationOptions.newBuilder().build());
            log(
                    turn,
                    MessageAccepted.newBuilder()
                            .setMessageId(accepted.question())
                            .setAssistantMessageId(accepted.answer())
                            .setRole(Role.USER)
                            .setContent(text())
                            .setOnBusy(OnBusy.ENQUEUE)
                            .setFingerprint("print")
                            .setPrompt(maybe(prompt))
                            .setAfter(place())
                            .build());
            queue.add(accepted);
        }

        /** Where a turn comes; null as in logs of before there were branches. */
        private @Nullable BranchPoint place() {
            return maybe(new BranchPoint(answered.isEmpty() ? null : maybe(someAnswer())));
        }

        private String someAnswer() {
            return answered.get(random.nextInt(answered.size())).answer();
        }

        /** Another answer to a question that has one. */
        private void regenerate() {
            if (!answered.isEmpty()) {
                Turn earlier = answered.removeLast();
                String turn = id + "-turn-" + turns++;
                queue.add(new Turn(turn, earlier.question(), turn + "-answer", earlier.answer()));
            }
        }

        private void other() {
            switch (random.nextInt(5)) {
                case 0 -> log(null, new MessageRejected("m", "conversation_busy", "d"));
                case 1 -> {
                    if (random.nextInt(5) == 0) {
                        log(null, new ConversationDeleted());
                    }
                }
                default -> {
                    if (!answered.isEmpty()) {
                        log(
                                null,
                                random.nextInt(4) == 0
                                        ? new BranchSwitched(someAnswer())
                                        : new FeedbackRecorded(
                                                someAnswer(), random.nextBoolean() ? "up" : "down", maybe(text())));
                    }
                }
            }
        }

        private void dropWaiting() {
            Turn dropped = queue.poll();
            if (dropped != null) {
                log(
                        dropped.id(),
                        TurnCancelled.newBuilder()
                                .setMessageId(dropped.answer())
                                .setUserMessageId(dropped.question())
                                .setContent("")
                                .setForgotten(random.nextBoolean())
                                .setTimings(timings())
                                .build());
            }
        }

        private void proceed() {
            Turn turn = running;
            if (turn == null) {
                running = queue.poll();
                if (running == null) {
                    accept();
                } else {
                    log(
                            running.id(),
                            new TurnStarted(
                                    running.question(),
                                    running.answer(),
                                    running.id() + ".1",
                                    running.supersedes(),
                                    place()));
                }
                return;
            }
            switch (random.nextInt(6)) {
                case 0 -> log(turn.id(), new TurnRouted(turn.answer(), "chat", 1.0, "engine", "default"));
                case 1 -> log(turn.id(), new TurnRetrieved(turn.answer(), sources()));
                default -> {
                    log(turn.id(), end(turn, turn.id() + ".1"));
                    running = null;
                }
            }
        }

        private ConversationEvent.Body end(Turn turn, String generation) {
            return switch (random.nextInt(4)) {
                case 0 ->
                    TurnFailed.newBuilder()
                            .setMessageId(turn.answer())
                            .setGenerationId(generation)
                            .setAttempt(maybe(attempt()))
                            .setCode("code")
                            .setDetail(text())
                            .setContent(text())
                            .setUsage(maybe(usage()))
                            .setTimings(timings())
                            .setUpstream(maybe(upstream()))
                            .build();
                case 1 ->
                    TurnCancelled.newBuilder()
                            .setMessageId(turn.answer())
                            .setUserMessageId(turn.question())
                            .setGenerationId(generation)
                            .setAttempt(maybe(attempt()))
                            .setContent(text())
                            .setUsage(maybe(usage()))
                            .setForgotten(random.nextBoolean())
                            .setTimings(timings())
                            .setUpstream(maybe(upstream()))
                            .build();
                default -> {
                    answered.add(turn);
                    yield MessageCompleted.newBuilder()
                            .setMessageId(turn.answer())
                            .setGenerationId(generation)
                            .setAttempt(attempt())
                            .setContent(text())
                            .setReasoning(maybe(text()))
                            .setFinishReason("stop")
                            .setUsage(usage())
                            .setSources(sources())
                            .setTimings(timings())
                            .setUpstream(maybe(upstream()))
                            .setToolCalls(calls())
                            .build();
                }
            };
        }
    }
}
