package dev.parley.ingest.door;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.door.Exchanges.Answer;
import dev.parley.ingest.door.Exchanges.Exchange;
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
public final class ShownPath {

    /** Where it is kept of a message which answer of its client's goes on with it. */
    public static final String CONTINUED = "ai-sdk.message_id";

    private static final int NAME_BYTES = 16;

    private final Exchanges exchanges;
    private final List<Shown> shown;
    private final List<PromptMessage> unanswered = new ArrayList<>();
    private String at = Exchanges.BEGINNING;
    private int next;

    /**
     * A message that a client shows, or a part of one that is a message to a model.
     *
     * @param messageId under which the client has it
     */
    public record Shown(PromptMessage message, String messageId) {}

    /**
     * Where what is said next comes.
     *
     * @param after empty: after what was said last
     * @param context what the client shows before it and the log does not have there
     */
    public record Place(Optional<BranchPoint> after, List<PromptMessage> context) {

        /** Of a client that does not say what it shows, or where that cannot be looked up now. */
        public static final Place LAST = new Place(Optional.empty(), List.of());
    }

    private ShownPath(Exchanges exchanges, List<Shown> shown) {
        this.exchanges = exchanges;
        this.shown = shown;
        while (advance()) {}
    }

    public static ShownPath of(Exchanges exchanges, List<Shown> shown) {
        return new ShownPath(exchanges, shown);
    }

    public Place place() {
        return new Place(Optional.of(new BranchPoint(at.equals(Exchanges.BEGINNING) ? null : at)), context());
    }

    private List<PromptMessage> context() {
        List<PromptMessage> context = new ArrayList<>(unanswered);
        shown.subList(next, shown.size()).forEach(message -> context.add(message.message()));
        return context;
    }

    /** The exchanges at this place in which {@code said} was asked, and nothing else; the latest first. */
    public List<Exchange> asked(List<PromptMessage> said) {
        List<PromptMessage> asked = context();
        asked.addAll(said);
        return exchanges.after(at).stream()
                .filter(exchange -> isSame(exchange.asked(), asked))
                .toList();
    }

    /** Whether an exchange is on the branch that the conversation goes on from. */
    public boolean isActive(Exchange exchange) {
        return exchanges.isActive(exchange);
    }

    /** The question with this id, at whatever place; empty where the conversation has none. */
    public Optional<MessageAccepted> question(String messageId) {
        return exchanges.question(messageId);
    }

    /** A name for {@code text} said at this place, with {@code attachments} beside it, after what is shown there. */
    public String name(String text, List<Attachment> attachments) {
        List<String> parts = new ArrayList<>(List.of(at, text));
        for (PromptMessage message : context()) {
            parts.add(message.getRole().name());
            parts.add(message.getContent());
            parts.add(String.valueOf(message.getToolCallId()));
            parts.addAll(contents(message));
        }
        attachments.forEach(attachment -> parts.add(content(attachment)));
        return Fingerprint.name(NAME_BYTES, parts.toArray(String[]::new));
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
            // What has no words, clients may not show.
            case Answer.Given(String content, var calls) ->
                given == null ? content.isEmpty() : isSame(exchange, given, content);
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
                || given.messageId().equals(exchange.question().getMetadata().get(CONTINUED));
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
                        : logged.getContent().equals(shown.getContent())
                                && contents(logged).equals(contents(shown)));
    }

    private static List<String> contents(PromptMessage message) {
        return message.getAttachments().stream().map(ShownPath::content).toList();
    }

    /** The same content is the same file, wherever a client has it from. */
    private static String content(Attachment attachment) {
        return String.valueOf(attachment.getHash() == null ? attachment.getUri() : attachment.getHash());
    }
}
