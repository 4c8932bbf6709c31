package dev.parley.ingest.protocol.aisdk;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.door.Exchanges.Exchange;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.ShownPath;
import dev.parley.ingest.door.ShownPath.Place;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.door.TurnStart;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Results;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Said;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Words;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnIds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the AI SDK's chats ask for, whichever transport brings it. A chat's id is its conversation's. */
final class UiChat {

    private final Door door;

    UiChat(Door door) {
        this.door = door;
    }

    TurnStart ask(ConversationKey conversation, UiChatRequest request, Call call) {
        Optional<Said> said = request.last();
        if (said.isEmpty()) {
            return regenerate(conversation, request, request.messageId().orElse(null), call);
        }
        Optional<ShownPath> path = path(conversation, request);
        Place place = path.map(ShownPath::place).orElse(Place.LAST);
        return switch (said.get()) {
            case Words words -> {
                Optional<Exchange> asked = path.flatMap(
                        way -> way.asked(List.of(words.message())).stream().findFirst());
                TurnIds ids = ids(conversation, words, path, asked);
                yield asked.isPresent() && isToBeAnsweredAnew(request, asked.get(), path.get(), ids)
                        ? regenerate(conversation, request, asked.get().answerId(), call)
                        : submit(conversation, words(request, words, ids, place), call);
            }
            case Results results -> submit(conversation, results(conversation, request, results, place), call);
        };
    }

    /**
     * Which branch the client shows; empty where it does not say, or where the conversation cannot be read now and what is said is
     * new: it comes last then.
     */
    private Optional<ShownPath> path(ConversationKey conversation, UiChatRequest request) {
        if (request.earlier().isEmpty()) {
            return Optional.empty();
        }
        Optional<Exchanges> exchanges = door.branches().of(conversation);
        if (exchanges.isEmpty() && (request.regenerate() || request.messageId().isPresent())) {
            throw new ProblemException(
                    ErrorCode.UNAVAILABLE,
                    "the conversation cannot be read now, so nothing earlier in it can be changed");
        }
        return exchanges.map(all -> ShownPath.of(all, request.earlier().get()));
    }

    /** Whether the question is to get another answer: asked for, or by an edit that makes it what it has been before. */
    private static boolean isToBeAnsweredAnew(UiChatRequest request, Exchange asked, ShownPath path, TurnIds ids) {
        boolean repeat = asked.question().getMessageId().equals(ids.messageId().text());
        return request.regenerate() || (request.messageId().isPresent() && repeat && !path.isActive(asked));
    }

    /**
     * The ids of what is said, which are a function of the client's own. A message that is edited keeps its client's id: what it
     * says now, where it says it, is another message here.
     */
    private static TurnIds ids(
            ConversationKey conversation, Words words, Optional<ShownPath> path, Optional<Exchange> asked) {
        TurnIds own = Request.ID.matcher(words.id()).matches()
                ? TurnIds.ofMessage(conversation, new MessageId(words.id()))
                : TurnIds.of(conversation, words.id());
        String id = own.messageId().text();
        boolean same = asked.filter(
                        exchange -> exchange.question().getMessageId().equals(id))
                .isPresent();
        return same || path.flatMap(way -> way.question(id)).isEmpty()
                ? own
                : TurnIds.of(
                        conversation, "edit/" + words.id() + "/" + path.get().name(words.text(), words.attachments()));
    }

    private TurnStart regenerate(
            ConversationKey conversation, UiChatRequest request, @Nullable String messageId, Call call) {
        TurnIds ids = TurnIds.of(conversation, Request.uniqueId());
        long before = door.messages()
                .regenerate(
                        conversation,
                        new RegenerateMessage(
                                messageId,
                                ids.turnId().text(),
                                ids.assistantMessageId().text(),
                                request.handling().onBusy(),
                                request.handling().engine().orElse(null)),
                        call);
        return TurnStart.after(before, ids.turnId().text());
    }

    private TurnStart submit(ConversationKey conversation, SubmitMessage submit, Call call) {
        Submission submission = door.messages().submit(conversation, submit, true, Optional.empty(), call);
        submission.refuseRejected();
        return TurnStart.after(submission.before(), submit.getTurnId());
    }

    /** Fingerprinted without what was said before: a repeat of the first message comes when that is no news any more. */
    private static SubmitMessage words(UiChatRequest request, Words words, TurnIds ids, Place place) {
        boolean plain = place.context().isEmpty() && request.options().isEmpty();
        Optional<CallerPrompt> shown = Question.showing(words.attachments());
        Optional<CallerPrompt> prompt = plain
                ? shown
                : Optional.of(new CallerPrompt(
                        Role.USER, null, place.context(), options(request), words.attachments(), false));
        return new Question(words.text(), request.handling(), shown, Optional.empty())
                .submit(ids, prompt, place.after());
    }

    /** What came of tools, of which the last is the message. The same results again are the same message. */
    private static SubmitMessage results(
            ConversationKey conversation, UiChatRequest request, Results given, Place place) {
        List<PromptMessage> context = new ArrayList<>(place.context());
        context.addAll(given.results());
        PromptMessage last = context.removeLast();
        Map<String, String> metadata = new LinkedHashMap<>(request.handling().metadata());
        metadata.put(ShownPath.CONTINUED, given.answerId());
        Handling handling = new Handling(
                request.handling().onBusy(),
                request.handling().intent(),
                request.handling().engine(),
                metadata);
        TurnIds ids = TurnIds.of(conversation, "results/" + given.answerId() + "/" + last.getToolCallId());
        return new Question(last.getContent(), handling, Optional.empty(), Optional.empty())
                .submit(
                        ids,
                        Optional.of(new CallerPrompt(Role.TOOL, last.getToolCallId(), context, options(request))),
                        place.after());
    }

    private static GenerationOptions options(UiChatRequest request) {
        return request.options().orElseGet(() -> GenerationOptions.newBuilder().build());
    }

    /**
     * The answer to the question that a client is at: the last that was asked, be it that it waits; else the one that is being
     * given.
     */
    Optional<TurnStart> unfinished(ConversationKey conversation) {
        return door.turns().latestOpen(conversation).or(() -> door.turns().running(conversation));
    }

    /** Stops everything that runs or waits. */
    void stop(ConversationKey conversation, Call call) {
        door.turns().cancel(conversation, new CancelTurn(null), call);
    }

    /** Stops one answer. */
    void stop(ConversationKey conversation, TurnStart answer, Call call) {
        door.turns().cancel(conversation, new CancelTurn(answer.turnId()), call);
    }
}
