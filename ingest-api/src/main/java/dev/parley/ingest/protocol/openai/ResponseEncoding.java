package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.ingest.answer.AnswerEncoding;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.SseJson;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.json.Said;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The event stream of a response.
 *
 * <p><b>Sequence numbers say how much of the answer was told</b>, not how many events that took: an event that ends at the
 * n-th character of the text has the number of the text's beginning plus n. So {@code starting_after} finds the exact
 * character however the answer was cut into pieces the first time, from memory, from a snapshot or from the finished
 * message. Numbers of another attempt than the one that answers lie in another range: a reader of those has text that is
 * void, and is told so. Thoughts have a range of their own, too: a model may go on thinking once it speaks, and then it
 * depends on when one asks how many thoughts come before the first word.
 *
 * <pre>{@code
 *   0 created   1 in_progress, or of a background response 1 queued and 2 in_progress, and one more for all that follows
 *   2 + ATTEMPT * (attempt - 1):  item, part, characters …                                   (reasoning, if any)
 *   … + RANGE, or, where thoughts came first,
 *   … + 2 * RANGE:                text done, part done, item done                             (reasoning, if any)
 *                                 item, part, characters …,                                   (text, if any)
 *                                       text done, part done, part, characters …              (refusal, if any)
 *                                 item, characters of arguments …                             (each call)
 *                                 more characters as above                                    (text after calls, if any)
 *                                 text or refusal done, part done, item done                  (text or refusal, if any)
 *                                 arguments done, item done                                   (each call)
 *                                 completed, incomplete or failed
 * }</pre>
 *
 * <p>The message stays open while calls are told, since a model may go on speaking; and what ends a call comes when the answer is
 * complete, since clients make a call then, and until that another attempt may make it void.
 */
final class ResponseEncoding extends AnswerEncoding {

    /** Before the beginning. */
    static final long NOTHING_SEEN = -1;

    /** Numbers for one attempt; four attempts fit into 31 bits. */
    private static final long ATTEMPT = 1L << 29;

    /** Numbers for an attempt's thoughts, and for the rest where none came first. */
    private static final long RANGE = ATTEMPT / 4;

    /** Of an answer whose response is told to be created and in progress before. */
    private static final long FIRST_OF_ATTEMPT = 2;

    /** Events that end an item of text. */
    private static final int CLOSING_EVENTS = 3;

    private static final Duration HEARTBEAT = Duration.ofSeconds(15);
    private static final Duration HEARTBEAT_WITHOUT_STORE = Duration.ofMillis(250);

    private final ResponseId id;
    private final long after;
    private final List<ConversationEvent> events = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder refusal = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private Part part = Part.NONE;
    private long first = FIRST_OF_ATTEMPT;
    private long next = FIRST_OF_ATTEMPT;
    private int items;
    /** Among the items: of the reasoning, and of the message. */
    private int outputIndex;

    private int contentIndex;
    private Seen seen = Seen.NO_ANSWER;
    private boolean answering;
    /** Of each call that has begun, its place among the items. */
    private final List<Integer> callPlaces = new ArrayList<>();

    private int calls;
    private boolean refused;

    private enum Part {
        NONE,
        REASONING,
        TEXT,
        REFUSAL
    }

    /** What the client has seen of the answer's beginning. */
    private enum Seen {
        NO_ANSWER,
        ANSWER,
        ANSWER_AFTER_THOUGHTS
    }

    /**
     * A stream that has told nothing yet.
     *
     * @param after the number of the last event that the client has seen
     * @param stored whether the response runs on without a reader; else it matters to notice soon that the reader left
     */
    ResponseEncoding(ResponseId id, long after, boolean stored) {
        super(new AnswerReader(id.turnId(), true), stored ? HEARTBEAT : HEARTBEAT_WITHOUT_STORE);
        this.id = id;
        this.after = after;
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        if (frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event)
                && id.turnId().equals(event.getTurnId())) {
            events.add(event);
        }
        return super.encode(frame);
    }

    @Override
    protected void tell(Step step) {
        switch (step) {
            case Step.Accepted(MessageAccepted accepted, var time) -> accepted(accepted);
            case Step.Begun begun -> tell(first - 1, "response.in_progress", response());
            case Step.Retrieved retrieved -> {}
            case Step.Attempted attempted -> attempt(attempted.attempt());
            case Step.Reasoning(String piece) -> reasoning(piece);
            case Step.Text(String piece) -> text(piece);
            case Step.Refusal(String piece) -> refusal(piece);
            case Step.Restarted(String reason) -> reset(reason);
            case Step.CallBegun(String callId, String name, String piece) -> begun(callId, name, piece);
            case Step.CallArguments(String callId, String piece) -> arguments(piece);
            case Step.Called(ToolCall call) -> called(call);
            case Step.Completed(MessageCompleted completed, var time) -> completed(completed);
            case Step.Failed failed -> stopped("response.failed");
            case Step.Cancelled cancelled -> stopped("response.incomplete");
            case Step.Rejected(var rejected) ->
                fail(ErrorCode.ofWire(rejected.getCode()).orElse(ErrorCode.INTERNAL), rejected.getDetail());
            case Step.Lost(String reason) -> fail(ErrorCode.UNAVAILABLE, "what happened cannot be read now: " + reason);
        }
    }

    private void accepted(MessageAccepted accepted) {
        tell(0, "response.created", response());
        if (accepted.getMetadata().containsKey(ResponseRequest.QUEUED)) {
            tell(1, "response.queued", response());
            first++;
            next = first;
        }
    }

    /** The response as of now, inside an event. */
    private ObjectNode response() {
        ObjectNode event = Json.object();
        event.set("response", ResponseJson.of(id, events));
        return event;
    }

    private void attempt(int current) {
        next = first + ATTEMPT * (current - 1L);
        if (after < first) {
            return;
        }
        long place = after - next;
        if (place < 0 || place >= ATTEMPT) {
            reset("another_attempt");
        } else if (place >= RANGE) {
            seen = place < 2 * RANGE ? Seen.ANSWER : Seen.ANSWER_AFTER_THOUGHTS;
        }
    }

    private void reset(String reason) {
        fail(
                ErrorCode.STREAM_RESET,
                "the answer starts again (" + reason + "): forget its text, and read it again from its beginning");
    }

    private void reasoning(String piece) {
        if (seen == Seen.ANSWER) {
            return; // It came later when the client was there.
        }
        if (part == Part.NONE) {
            part = Part.REASONING;
            outputIndex = items++;
            tellItem("response.output_item.added", outputIndex, ResponseItems.reasoning(id, "", "in_progress"));
            ObjectNode added = summaryEvent();
            added.set("part", ResponseItems.summaryPart(""));
            tellNext("response.reasoning_summary_part.added", added);
        }
        reasoning.append(piece);
        next += piece.length();
        unseen(piece)
                .ifPresent(rest -> tell(
                        next - 1,
                        "response.reasoning_summary_text.delta",
                        summaryEvent().put("delta", rest)));
    }

    private ObjectNode summaryEvent() {
        return Json.object()
                .put("item_id", id.reasoningItem())
                .put("output_index", outputIndex)
                .put("summary_index", 0);
    }

    private void text(String piece) {
        open(Part.TEXT);
        text.append(piece);
        next += piece.length();
        unseen(piece).ifPresent(rest -> {
            ObjectNode delta = partEvent().put("delta", rest);
            delta.putArray("logprobs");
            tell(next - 1, "response.output_text.delta", delta);
        });
    }

    private void refusal(String piece) {
        open(Part.REFUSAL);
        refusal.append(piece);
        next += piece.length();
        unseen(piece)
                .ifPresent(rest ->
                        tell(next - 1, "response.refusal.delta", partEvent().put("delta", rest)));
    }

    /** Takes the numbers of the answer itself, which are the same however many thoughts have been told. */
    private void answer() {
        if (answering) {
            return;
        }
        answering = true;
        if (seen == Seen.NO_ANSWER && after >= first && after >= next) {
            if (!isBrokenOff()) {
                beyondTheEnd("of its reasoning");
                return;
            }
            seen = Seen.ANSWER_AFTER_THOUGHTS; // They are not kept of an answer without an end.
        }
        long beginning = next - (next - first) % ATTEMPT;
        if (part == Part.REASONING) {
            next = beginning + 2 * RANGE;
            closeReasoning();
        } else if (seen == Seen.ANSWER_AFTER_THOUGHTS) {
            next = beginning + 2 * RANGE + CLOSING_EVENTS;
            items++; // Theirs, of which the client knows.
        } else {
            next = beginning + RANGE;
        }
    }

    private boolean isBrokenOff() {
        return !events.isEmpty()
                && events.getLast().getBody() instanceof TurnEnd end
                && !(end instanceof MessageCompleted);
    }

    /** Opens a part of the message, and the message where it is the first; a part that is open is whole then. */
    private void open(Part wanted) {
        answer();
        if (part == wanted) {
            return;
        }
        if (part == Part.NONE) {
            outputIndex = items++;
            contentIndex = 0;
            tellItem(
                    "response.output_item.added",
                    outputIndex,
                    ResponseItems.message(id, Optional.empty(), "in_progress"));
        } else {
            closePart();
            contentIndex++;
        }
        part = wanted;
        ObjectNode added = partEvent();
        added.set("part", part == Part.REFUSAL ? ResponseItems.refusalPart("") : ResponseItems.textPart(""));
        tellNext("response.content_part.added", added);
    }

    /** What the client has not seen of a piece that ends before {@code next}. */
    private Optional<String> unseen(String piece) {
        long seen = after - (next - 1 - piece.length());
        if (seen >= piece.length()) {
            return Optional.empty();
        }
        int from = (int) Math.max(0, seen);
        // No client was ever told half a pair; one that asks for the other half gets both.
        boolean splits = from > 0 && Character.isLowSurrogate(piece.charAt(from));
        return Optional.of(piece.substring(splits ? from - 1 : from));
    }

    private ObjectNode partEvent() {
        return Json.object()
                .put("item_id", id.messageItem())
                .put("output_index", outputIndex)
                .put("content_index", contentIndex);
    }

    private void closeReasoning() {
        part = Part.NONE;
        String whole = reasoning.toString();
        tellNext("response.reasoning_summary_text.done", summaryEvent().put("text", whole));
        ObjectNode done = summaryEvent();
        done.set("part", ResponseItems.summaryPart(whole));
        tellNext("response.reasoning_summary_part.done", done);
        tellItem("response.output_item.done", outputIndex, ResponseItems.reasoning(id, whole, "completed"));
    }

    private void closeMessage(String status) {
        if (part == Part.NONE) {
            return;
        }
        closePart();
        part = Part.NONE;
        tellItem(
                "response.output_item.done",
                outputIndex,
                ResponseItems.message(id, Optional.of(Said.of(text, refusal)), status));
    }

    private void closePart() {
        ObjectNode done = partEvent();
        if (part == Part.REFUSAL) {
            String whole = refusal.toString();
            tellNext("response.refusal.done", partEvent().put("refusal", whole));
            done.set("part", ResponseItems.refusalPart(whole));
        } else {
            String whole = text.toString();
            ObjectNode textDone = partEvent().put("text", whole);
            textDone.putArray("logprobs");
            tellNext("response.output_text.done", textDone);
            done.set("part", ResponseItems.textPart(whole));
        }
        tellNext("response.content_part.done", done);
    }

    private void begun(String callId, String name, String piece) {
        answer();
        int index = callPlaces.size();
        callPlaces.add(items++);
        ToolCall begun = new ToolCall(callId, name, "");
        tellItem(
                "response.output_item.added",
                callPlaces.get(index),
                ResponseItems.call(id, index, begun, Optional.empty(), "in_progress"));
        if (!piece.isEmpty()) {
            arguments(piece);
        }
    }

    private void arguments(String piece) {
        next += piece.length();
        unseen(piece)
                .ifPresent(rest -> tell(
                        next - 1,
                        "response.function_call_arguments.delta",
                        callEvent(callPlaces.size() - 1).put("delta", rest)));
    }

    private void called(ToolCall call) {
        closeMessage("completed");
        int index = calls++;
        tellNext(
                "response.function_call_arguments.done",
                callEvent(index).put("name", call.getName()).put("arguments", call.getArguments()));
        tellItem(
                "response.output_item.done",
                callPlaces.get(index),
                ResponseItems.call(id, index, call, Optional.of(call.getArguments()), "completed"));
    }

    private ObjectNode callEvent(int index) {
        return Json.object().put("item_id", id.callItem(index)).put("output_index", callPlaces.get(index));
    }

    private void completed(MessageCompleted completed) {
        boolean whole = FinishReasons.incomplete(completed).isEmpty();
        answer();
        if (part == Part.NONE && text.isEmpty() && refusal.isEmpty() && calls == 0) {
            open(Part.TEXT); // An empty answer is a message all the same.
        }
        closeMessage(whole ? "completed" : "incomplete");
        end(whole ? "response.completed" : "response.incomplete", completed.getReasoning() != null);
    }

    private void end(String type, boolean thoughts) {
        finish();
        if (after > next || (seen == Seen.ANSWER_AFTER_THOUGHTS && !thoughts)) {
            beyondTheEnd("of the response");
            return;
        }
        tellNext(type, response());
    }

    /** A number that nobody was ever told. */
    private void beyondTheEnd(String what) {
        finish();
        throwOrTell(ErrorCode.INVALID_CURSOR, "is beyond the end " + what + ", " + next, Optional.of("starting_after"));
        refused = true;
    }

    /** An answer that broke off ends wherever its reader is: how much of it was told is not kept once it is over. */
    private void stopped(String type) {
        finish();
        next = Math.max(next, after + 1);
        tellNext(type, response());
    }

    private void fail(ErrorCode code, String detail) {
        finish();
        throwOrTell(code, detail, Optional.empty());
    }

    private void throwOrTell(ErrorCode code, String detail, Optional<String> field) {
        if (isUnsent()) {
            throw field.map(name -> new ProblemException(code, detail, name))
                    .orElseGet(() -> new ProblemException(code, detail));
        }
        ObjectNode event = OpenAiErrors.error(code, detail, field).put("type", "error");
        event.put("sequence_number", Math.max(next, after + 1));
        send(SseJson.of("error", event));
    }

    private void tellItem(String type, int place, ObjectNode item) {
        ObjectNode event = Json.object().put("output_index", place);
        event.set("item", item);
        tellNext(type, event);
    }

    /** Tells an event that takes one number. */
    private void tellNext(String type, ObjectNode event) {
        tell(next, type, event);
        next++;
    }

    private void tell(long number, String type, ObjectNode event) {
        if (number > after && !refused) {
            send(SseJson.of(type, event.put("type", type).put("sequence_number", number)));
        }
    }
}
