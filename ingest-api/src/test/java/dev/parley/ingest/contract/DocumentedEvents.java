package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Attachment;
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
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.sinks.edge.StreamEncoding;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.FeedEvent.MessageDelta.Kind;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.json.Said;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Events with everything that they may have, and with nothing that they need not, to hold what is told against documents. */
public final class DocumentedEvents {

    static {
        TrustedRecords.trust();
    }

    public static final String TURN = "turn_0123456789abcdef01234567";
    public static final ConversationKey CONVERSATION = new ConversationKey("default", "c");
    public static final Usage USAGE = new Usage(3, 2, UsageBasis.ESTIMATED, null);
    public static final Source SOURCE = new Source("s", "Title", "https://example.org/s", 0.5);
    public static final Source BARE_SOURCE = new Source("s", "Title", null, 2.0);
    public static final Timings TIMINGS = new Timings(1.0, 2.0, 3.0, 4.0);
    public static final Timings NO_TIMINGS = new Timings(null, null, null, null);
    public static final ToolCall TOOL_CALL = new ToolCall("call_1", "get_weather", "{\"place\":\"Bern\"}");
    public static final PromptMessage ASKED_EARLIER =
            new PromptMessage(Role.ASSISTANT, "", List.of(TOOL_CALL), null, null);
    public static final PromptMessage SHOWN_EARLIER = new PromptMessage(
            Role.USER,
            "",
            List.of(),
            null,
            null,
            List.of(new Attachment("text/csv", null, "0123456789abcdef".repeat(4), 5, 7, null, 0, null)));
    public static final PromptMessage TOOL_RESULT = new PromptMessage(Role.TOOL, "rain", List.of(), "call_1", null);
    public static final List<Attachment> ATTACHMENTS = List.of(
            new Attachment("image/png", "cat.png", "0123456789abcdef".repeat(4), 5, 7, null, 0, "low"),
            new Attachment("image/*", null, null, 0, -1, "https://example.org/cat.png", 1, null));
    public static final CallerPrompt PROMPT = new CallerPrompt(
            Role.TOOL,
            "call_1",
            List.of(SHOWN_EARLIER, ASKED_EARLIER, TOOL_RESULT),
            GenerationOptions.newBuilder()
                    .setInstructions("Be brief.")
                    .setTools(List.of(
                            new ToolDefinition("get_weather", "Tells it", "{\"type\":\"object\"}", true),
                            new ToolDefinition("bare", null, null, null)))
                    .setToolChoice("{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}")
                    .setResponseFormat("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}")
                    .setMaxOutputTokens(7)
                    .setTemperature(0.5)
                    .setReasoningEffort("low")
                    .setUser("someone")
                    .build(),
            ATTACHMENTS,
            false);
    public static final Upstream UPSTREAM = Upstream.newBuilder()
            .setUsageDetails(new UsageDetails(1, 2, 3, 4, 5))
            .setCalls(2)
            .setLeftOut(List.of("seed"))
            .setRetryAfterMillis(30_000L)
            .setRefusalFrom(0)
            .setTextBeforeCalls(0)
            .build();
    public static final Attempt ATTEMPT = new Attempt("a", 1, "engine", "model", "worker", "");

    public static FeedEvent logged(@Nullable String turnId, ConversationEvent.Body body) {
        return new FeedEvent.Logged(
                CONVERSATION, new ConversationEvent("default", "c", 1L, Instant.EPOCH, "cause", turnId, null, body));
    }

    public static FeedEvent accepted(String turnId) {
        return logged(
                turnId,
                MessageAccepted.newBuilder()
                        .setMessageId("m")
                        .setAssistantMessageId("a")
                        .setRole(Role.TOOL)
                        .setContent("x")
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setMetadata(Map.of("k", "v"))
                        .setFingerprint("f")
                        .setPrompt(PROMPT)
                        .build());
    }

    public static FeedEvent completed(
            String turnId, String content, @Nullable String reasoning, String finishReason, ToolCall... calls) {
        return logged(
                turnId,
                MessageCompleted.newBuilder()
                        .setMessageId("a")
                        .setGenerationId("g")
                        .setAttempt(ATTEMPT)
                        .setContent(content)
                        .setReasoning(reasoning)
                        .setFinishReason(finishReason)
                        .setUsage(USAGE)
                        .setTimings(NO_TIMINGS)
                        .setToolCalls(List.of(calls))
                        .build());
    }

    private static FeedEvent refused(String content, int from) {
        Upstream upstream = Upstream.newBuilder(UPSTREAM).setRefusalFrom(from).build();
        return logged(
                TURN,
                MessageCompleted.newBuilder()
                        .setMessageId("a")
                        .setGenerationId("g")
                        .setAttempt(ATTEMPT)
                        .setContent(content)
                        .setFinishReason("refusal")
                        .setUsage(USAGE)
                        .setTimings(NO_TIMINGS)
                        .setUpstream(upstream)
                        .build());
    }

    private DocumentedEvents() {}

    /** Every event, with everything that it may have, and with nothing that it need not. */
    public static Stream<FeedEvent> events() {
        return Stream.of(
                logged(null, new ConversationCreated("T", "w", Map.of("k", "v"))),
                logged(null, new ConversationCreated(null, "w", Map.of())),
                logged(null, new ConversationRenamed("T")),
                logged(null, new ConversationDeleted()),
                logged(null, new ConversationAnnotated(Map.of("k", "v"), List.of("{\"type\":\"message\"}"), List.of())),
                logged("t", new ConversationAnnotated(null, List.of(), List.of("resp_x"))),
                logged(
                        "t",
                        MessageAccepted.newBuilder()
                                .setMessageId("m")
                                .setAssistantMessageId("a")
                                .setRole(Role.USER)
                                .setContent("x")
                                .setOnBusy(OnBusy.ROLLBACK)
                                .setIntent("i")
                                .setEngine("e")
                                .setMetadata(Map.of("k", "v"))
                                .setFingerprint("f")
                                .build()),
                accepted("t"),
                logged("t", new MessageRejected("m", "busy", "a turn is running")),
                logged("t", new TurnStarted("m", "a", "g", "earlier", new BranchPoint("before"))),
                logged("t", new TurnStarted("m", "a", "g", null, new BranchPoint((String) null))),
                logged("t", new TurnStarted("m", "a", "g", null, null)),
                logged(null, new BranchSwitched("a")),
                logged("t", new TurnRouted("a", "chat", 1.0, "default", "explicit")),
                logged("t", new TurnRetrieved("a", List.of(SOURCE, BARE_SOURCE))),
                logged(
                        "t",
                        MessageCompleted.newBuilder()
                                .setMessageId("a")
                                .setGenerationId("g")
                                .setAttempt(ATTEMPT)
                                .setContent("x")
                                .setReasoning("thought")
                                .setFinishReason("stop")
                                .setUsage(USAGE)
                                .setSources(List.of(SOURCE))
                                .setTimings(TIMINGS)
                                .setToolCalls(List.of(TOOL_CALL))
                                .setUpstream(UPSTREAM)
                                .build()),
                completed("t", "", null, "stop"),
                logged(
                        "t",
                        TurnFailed.newBuilder()
                                .setMessageId("a")
                                .setGenerationId("g")
                                .setAttempt(ATTEMPT)
                                .setCode("no_worker")
                                .setDetail("none")
                                .setContent("x")
                                .setUsage(USAGE)
                                .setTimings(TIMINGS)
                                .setUpstream(UPSTREAM)
                                .build()),
                logged(
                        "t",
                        TurnFailed.newBuilder()
                                .setMessageId("a")
                                .setGenerationId("g")
                                .setCode("no_worker")
                                .setDetail("none")
                                .setContent("")
                                .setTimings(NO_TIMINGS)
                                .build()),
                logged(
                        "t",
                        TurnCancelled.newBuilder()
                                .setMessageId("a")
                                .setUserMessageId("m")
                                .setGenerationId("g")
                                .setAttempt(ATTEMPT)
                                .setContent("x")
                                .setUsage(USAGE)
                                .setForgotten(true)
                                .setTimings(TIMINGS)
                                .setUpstream(UPSTREAM)
                                .build()),
                logged(
                        "t",
                        TurnCancelled.newBuilder()
                                .setMessageId("a")
                                .setUserMessageId("m")
                                .setContent("")
                                .setTimings(NO_TIMINGS)
                                .build()),
                logged(null, new FeedbackRecorded("a", "5", "good")),
                logged(null, new FeedbackRecorded("a", "up", null)),
                new FeedEvent.MessageStarted(CONVERSATION, "t", "a", 1, "engine", "model"),
                new FeedEvent.MessageDelta(CONVERSATION, "t", "a", 1, 0, Kind.TEXT, "x"),
                new FeedEvent.MessageDelta(CONVERSATION, "t", "a", 1, 1, Kind.REASONING, "x"),
                new FeedEvent.MessageDelta(CONVERSATION, "t", "a", 1, 1, Kind.REFUSAL, "x"),
                new FeedEvent.ToolArguments(CONVERSATION, "t", "a", 1, 2, "call_1", Optional.of("look"), ""),
                new FeedEvent.ToolArguments(CONVERSATION, "t", "a", 1, 3, "call_1", Optional.empty(), "{"),
                new FeedEvent.MessageToolCall(CONVERSATION, "t", "a", 1, 4, TOOL_CALL),
                new FeedEvent.MessageReset(CONVERSATION, "t", "a", 2, "worker_lost"),
                new FeedEvent.MessageSnapshot(CONVERSATION, "t", "a", 1, -1, Said.plainly(""), "", Optional.empty()),
                new FeedEvent.MessageSnapshot(
                        CONVERSATION,
                        "t",
                        "a",
                        1,
                        7,
                        new Said("x", Optional.of("no")),
                        "thought",
                        Optional.of(new FeedEvent.CallsSoFar(
                                3, List.of(TOOL_CALL, new ToolCall("call_2", "look", "{\"q")), 1))),
                new FeedEvent.FeedGap("default", Optional.of(CONVERSATION), FeedEvent.FeedGap.Reason.EVENTS_MISSING),
                new FeedEvent.FeedGap("default", Optional.empty(), FeedEvent.FeedGap.Reason.ARCHIVE_BEHIND));
    }

    /** Turns as they go on after they have started. */
    public static Stream<List<FeedEvent>> stories() {
        FeedEvent begins = new FeedEvent.MessageStarted(CONVERSATION, TURN, "a", 1, "engine", "model");
        FeedEvent thinks = new FeedEvent.MessageDelta(CONVERSATION, TURN, "a", 1, 0, Kind.REASONING, "hm");
        FeedEvent says = new FeedEvent.MessageDelta(CONVERSATION, TURN, "a", 1, 1, Kind.TEXT, "It");
        return Stream.of(
                List.of(
                        logged(TURN, new TurnRetrieved("a", List.of(SOURCE, BARE_SOURCE))),
                        begins,
                        thinks,
                        says,
                        new FeedEvent.MessageToolCall(CONVERSATION, TURN, "a", 1, 2, TOOL_CALL),
                        completed(
                                TURN,
                                "It rains",
                                "hm",
                                "tool_calls",
                                TOOL_CALL,
                                new ToolCall("call_2", "broken", "{"))),
                List.of(
                        begins,
                        says,
                        new FeedEvent.ToolArguments(CONVERSATION, TURN, "a", 1, 2, "call_2", Optional.of("broken"), ""),
                        new FeedEvent.ToolArguments(CONVERSATION, TURN, "a", 1, 3, "call_2", Optional.empty(), "{"),
                        completed(TURN, "It", null, "tool_calls", new ToolCall("call_2", "broken", "{"))),
                List.of(completed(TURN, "", null, "stop")),
                List.of(
                        begins,
                        says,
                        new FeedEvent.MessageDelta(CONVERSATION, TURN, "a", 1, 2, Kind.REFUSAL, " cannot"),
                        refused("It cannot be said", 2)),
                List.of(refused("No", 0)),
                List.of(completed(TURN, "", null, "tool_calls", TOOL_CALL)),
                List.of(completed(TURN, "It", "hm", "length")),
                List.of(begins, thinks, completed(TURN, "It", "hm", "content_filter")),
                List.of(
                        begins,
                        says,
                        logged(
                                TURN,
                                TurnFailed.newBuilder()
                                        .setMessageId("a")
                                        .setGenerationId("g")
                                        .setAttempt(ATTEMPT)
                                        .setCode("engine_error")
                                        .setDetail("no")
                                        .setContent("It")
                                        .setUsage(USAGE)
                                        .setTimings(TIMINGS)
                                        .setUpstream(Upstream.newBuilder(UPSTREAM)
                                                .setRefusalFrom(null)
                                                .build())
                                        .build())),
                List.of(
                        begins,
                        says,
                        logged(
                                TURN,
                                TurnCancelled.newBuilder()
                                        .setMessageId("a")
                                        .setUserMessageId("m")
                                        .setGenerationId("g")
                                        .setAttempt(ATTEMPT)
                                        .setContent("It")
                                        .setUsage(USAGE)
                                        .setForgotten(true)
                                        .setTimings(TIMINGS)
                                        .build())),
                List.of(logged(
                        TURN,
                        TurnCancelled.newBuilder()
                                .setMessageId("a")
                                .setUserMessageId("m")
                                .setContent("")
                                .setTimings(NO_TIMINGS)
                                .build())),
                List.of(logged(TURN, new MessageRejected("m", "queue_full", "wait"))),
                List.of(begins, says, new FeedEvent.MessageReset(CONVERSATION, TURN, "a", 2, "worker_lost")),
                List.of(
                        begins,
                        says,
                        new FeedEvent.FeedGap(
                                "default", Optional.of(CONVERSATION), FeedEvent.FeedGap.Reason.EVENTS_MISSING)));
    }

    /** What {@code encoding} tells of a story from its acceptance on. */
    public static List<JsonNode> told(StreamEncoding encoding, List<FeedEvent> story) {
        byte[] _ = encoding.heartbeat(); // Once anything was sent, what fails is told as an event.
        StringBuilder stream = new StringBuilder();
        Stream.concat(
                        Stream.of(accepted(TURN), logged(TURN, new TurnStarted("m", "a", "g", null, null))),
                        story.stream())
                .map(event -> encoding.encode(new Frame(event, "1", new byte[0])))
                .flatMap(List::stream)
                .forEach(piece -> stream.append(new String(piece, StandardCharsets.UTF_8)));
        assertThat(encoding.isOver()).isTrue();
        return PublishedOpenApi.told(stream.toString());
    }

    /** The types of all events of stories, as {@code telling} tells them. */
    public static Set<String> types(Function<List<FeedEvent>, List<JsonNode>> telling) {
        return stories()
                .flatMap(story -> telling.apply(story).stream())
                .map(data -> data.path("type").asText())
                .collect(Collectors.toSet());
    }
}
