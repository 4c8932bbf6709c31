package dev.parley.stack.scripted;

import dev.parley.stack.scripted.Script.Answer;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Something that real model servers, gateways and proxies do, by name. One enum a kind; {@link #catalogue} has all of them,
 * in the order in which several are applied to one answer.
 */
public sealed interface Quirk
        permits RequestQuirk,
                ToolCallQuirk,
                BlockQuirk,
                ContentQuirk,
                FinishQuirk,
                UsageQuirk,
                StreamErrorQuirk,
                EndingQuirk,
                FramingQuirk,
                OverflowQuirk,
                HttpErrorQuirk,
                NoStreamQuirk,
                ModelListQuirk {

    /** What a careful client makes of an answer that is played so. The later outweighs the earlier. */
    enum Result {
        WHOLE("whole", "the answer is there, with its end"),
        EITHER("whole or not", "it may be taken for whole, or not be taken; never in part"),
        ELSEWHERE("elsewhere", "it is whole, but what it says is not its script's text at its usual place"),
        FAILED("failed", "the server says that it failed; another try may go well"),
        REFUSED("refused", "the server says no, and will say it again"),
        BROKEN("broken", "it breaks off, or cannot be read"),
        SILENT("silent", "nothing more comes that says anything: only patience ends it");

        private final String title;
        private final String meaning;

        Result(String title, String meaning) {
            this.title = title;
            this.meaning = meaning;
        }

        /** For people. */
        public String title() {
            return title;
        }

        /** For people, in a line. */
        public String meaning() {
            return meaning;
        }

        Result and(Result other) {
            return compareTo(other) >= 0 ? this : other;
        }
    }

    /**
     * What is known of a quirk.
     *
     * @param outcome what comes of an answer that is played so
     * @param does what it does, in a line
     * @param seenIn which servers do it
     */
    record Facts(Outcome outcome, Set<Api> apis, String does, String seenIn) {

        public Facts {
            apis = Set.copyOf(apis);
        }

        /** In a stream of either API. */
        static Facts ofStreams(Outcome outcome, String does, String seenIn) {
            return new Facts(outcome, Set.of(Api.CHAT_COMPLETIONS, Api.MESSAGES), does, seenIn);
        }

        static Facts ofChat(Outcome outcome, String does, String seenIn) {
            return new Facts(outcome, Set.of(Api.CHAT_COMPLETIONS), does, seenIn);
        }

        static Facts ofMessages(Outcome outcome, String does, String seenIn) {
            return new Facts(outcome, Set.of(Api.MESSAGES), does, seenIn);
        }
    }

    /** The enum constant's. */
    String name();

    Facts facts();

    default String does() {
        return facts().does();
    }

    default String seenIn() {
        return facts().seenIn();
    }

    /** Elsewhere it does nothing. */
    default Set<Api> apis() {
        return facts().apis();
    }

    default Result result() {
        return facts().outcome().result();
    }

    /** What a client that makes the best of it makes of an answer in {@code api} that is played so. */
    default Outcome outcome(Api api) {
        return facts().outcome();
    }

    /** As it is called in a model's name, in a message's script, and in the documentation. */
    default String wire() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What kind of oddity it is, for people. */
    default String kind() {
        return switch (this) {
            case RequestQuirk _ -> "Picky about requests";
            case ToolCallQuirk _ -> "Tool calls";
            case BlockQuirk _ -> "Blocks of Anthropic's messages";
            case ContentQuirk _ -> "Text, reasoning and refusals";
            case FinishQuirk _ -> "Finish reasons";
            case UsageQuirk _ -> "Usage";
            case StreamErrorQuirk _ -> "Errors in the stream";
            case EndingQuirk _ -> "Endings";
            case FramingQuirk _ -> "Framing";
            case OverflowQuirk _ -> "Context overflow";
            case HttpErrorQuirk _ -> "HTTP errors";
            case NoStreamQuirk _ -> "No stream";
            case ModelListQuirk _ -> "Lists of models";
        };
    }

    /** Whether it has an answer call tools that its script does not call. */
    default boolean calls() {
        return false;
    }

    /** The answer as it is given to be played, where the quirk needs something in it. */
    default Answer answer(ModelRequest request, Answer answer) {
        return answer;
    }

    /** What goes out in place of {@code response}, where the quirk is one of the request's API. For this package alone. */
    Response response(ModelRequest request, Answer answer, Response response);

    /** All there are. */
    static List<Quirk> catalogue() {
        return Catalogue.ALL;
    }

    /**
     * The quirk of that name.
     *
     * @throws UnknownException where there is none
     */
    static Quirk called(String wire) {
        return Catalogue.ALL.stream()
                .filter(quirk -> quirk.wire().equals(wire))
                .findFirst()
                .orElseThrow(() -> new UnknownException(wire));
    }

    /** There is no quirk of a name. */
    final class UnknownException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        UnknownException(String name) {
            super("there is no quirk " + name + suggestions(Catalogue.like(name)));
        }

        private static String suggestions(List<String> names) {
            return names.isEmpty() ? "" : ": did you mean " + String.join(", ", names) + "?";
        }
    }
}
