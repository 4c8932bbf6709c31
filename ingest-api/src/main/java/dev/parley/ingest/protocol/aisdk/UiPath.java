package dev.parley.ingest.protocol.aisdk;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.door.Exchanges.Answer;
import dev.parley.ingest.door.Exchanges.Exchange;
import dev.parley.ingest.door.Fingerprint;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Shown;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which branch of a conversation a client shows. What it shows is followed from the conversation's beginning on, exchange by
 * exchange, as far as the log has the same; whatever comes after that is sent along, so that a model is told what the client
 * shows, be it edited, cut or put together elsewhere.
 *
 * <p>A client may lag: an answer of which it shows a beginning, or that is still being given, is the same.
 */
final class UiPath {

    private static final int NAME_BYTES = 16;

    private final Exchanges exchanges;
    private final List<Shown> shown;
    private final List<PromptMessage> unanswered = new ArrayList<>();
    private String at = Exchanges.BEGINNING;
    private int next;

    /**
     * Where what is said next comes.
     *
     * @param after empty: after what was said last
     * @param context what the client shows before it and the log does not have there
     */
    record Place(Optional<BranchPoint> after, List<PromptMessage> context) {

        /** Of a client that does not say what it shows, or where that cannot be looked up now. */
        static final Place LAST = new Place(Optional.empty(), List.of());
    }

    private UiPath(Exchanges exchanges, List<Shown> shown) {
        this.exchanges = exchanges;
        this.shown = shown;
        while (advance()) {}
    }

    static UiPath of(Exchanges exchanges, List<Shown> shown) {
        return new UiPath(exchanges, shown);
    }

    Place place() {
        return new Place(Optional.of(new BranchPoint(at.equals(Exchanges.BEGINNING) ? null : at)), context());
    }

    private List<PromptMessage> context() {
        List<PromptMessage> context = new ArrayList<>(unanswered);
        shown.subList(next, shown.size()).forEach(message -> context.add(message.message()));
        return context;
    }

    /** The latest exchange at this place in which {@code question} was asked; empty where it was not. */
    Optional<Exchange> asked(String question) {
        List<PromptMessage> asked = context();
        asked.add(new PromptMessage(Role.USER, question, List.of(), null, null));
        return exchanges.after(at).stream()
                .filter(exchange -> isSame(exchange.asked(), asked))
                .findFirst();
    }

    /** Whether an exchange is on the branch that the conversation goes on from. */
    boolean isActive(Exchange exchange) {
        return exchanges.isActive(exchange);
    }

    /** Whether the conversation has a question with this id, at whatever place. */
    boolean has(String questionId) {
        return exchanges.question(questionId).isPresent();
    }

    /** A name for {@code text} said at this place. */
    String name(String text) {
        return Fingerprint.name(NAME_BYTES, at, text);
    }

    /** Follows the client's chat by one exchange; false where the log has none that is the same. */
    private boolean advance() {
        Exchange open = null;
        for (Exchange exchange : exchanges.after(at)) {
            int answer = next + exchange.asked().size();
            if (answer <= shown.size() && isSame(exchange.asked(), prompts(next, answer))) {
                Shown given =
                        answer < shown.size() && shown.get(answer).message().getRole() == Role.ASSISTANT
                                ? shown.get(answer)
                                : null;
                if (isSame(exchange, given)) {
                    take(exchange, given == null ? answer : answer + 1);
                    return true;
                }
                if (open == null && !(exchange.answer() instanceof Answer.Given)) {
                    open = exchange;
                }
            }
        }
        if (open == null) {
            return false;
        }
        take(open, next + open.asked().size());
        return true;
    }

    private void take(Exchange exchange, int end) {
        switch (exchange.answer()) {
            case Answer.Given _ -> unanswered.clear(); // It was asked with what had no answer before it.
            case Answer.Missing _ -> unanswered.addAll(prompts(next, end));
            case Answer.Open _ -> {}
        }
        at = exchange.answerId();
        next = end;
    }

    private List<PromptMessage> prompts(int from, int to) {
        return shown.subList(from, to).stream().map(Shown::message).toList();
    }

    private static boolean isSame(Exchange exchange, @Nullable Shown given) {
        return switch (exchange.answer()) {
            case Answer.Open() -> true;
            case Answer.Given(String content, var calls) -> given != null && isSame(exchange, given, content);
            case Answer.Missing(String content) -> given != null && isSame(exchange, given, content);
        };
    }

    private static boolean isSame(Exchange exchange, Shown given, String content) {
        String text = given.message().getContent();
        return content.equals(text) || (isOf(exchange, given) && content.startsWith(text));
    }

    /** Whether the client got its message as this exchange's answer, or as that of one that it goes on with. */
    private static boolean isOf(Exchange exchange, Shown given) {
        return exchange.answerId().equals(given.messageId())
                || given.messageId().equals(exchange.question().getMetadata().get(UiChat.CONTINUED));
    }

    private static boolean isSame(List<PromptMessage> logged, List<PromptMessage> shown) {
        if (logged.size() != shown.size()) {
            return false;
        }
        for (int i = 0; i < logged.size(); i++) {
            if (!isSame(logged.get(i), shown.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSame(PromptMessage logged, PromptMessage shown) {
        return logged.getRole() == shown.getRole()
                && (logged.getRole() == Role.TOOL
                        ? String.valueOf(logged.getToolCallId()).equals(shown.getToolCallId())
                        : logged.getContent().equals(shown.getContent()));
    }
}
