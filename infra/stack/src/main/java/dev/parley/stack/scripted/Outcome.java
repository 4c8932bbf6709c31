package dev.parley.stack.scripted;

import dev.parley.schemas.ErrorCode;
import dev.parley.stack.scripted.Quirk.Result;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What comes of an answer in a client that makes the best of it: what it has heard, or by what name it has failed. */
public sealed interface Outcome {

    Result result();

    /** How what is heard differs from what the script says. */
    @FunctionalInterface
    interface Change {
        /** In {@code api}. */
        Heard of(Api api, Heard plain);
    }

    /** It ends well. */
    record Ends(Result result, Change change) implements Outcome {}

    /**
     * It fails. What was heard before is a beginning of what the script says.
     *
     * @param words each of which has to reach whoever asked
     * @param retryAfter how long the server asks not to be asked again, at most; by a date, up to two seconds less
     */
    record Fails(Result result, ErrorCode code, List<String> words, Optional<Duration> retryAfter) implements Outcome {

        public Fails {
            words = List.copyOf(words);
        }

        Fails after(Duration time) {
            return new Fails(result, code, words, Optional.of(time));
        }
    }

    /** All of it is heard, as the script has it. */
    static Ends whole() {
        return whole((api, heard) -> heard);
    }

    static Ends whole(Change change) {
        return new Ends(Result.WHOLE, change);
    }

    /** A client may take it or not; one that makes the best of it does. */
    static Ends either() {
        return either((api, heard) -> heard);
    }

    static Ends either(Change change) {
        return new Ends(Result.EITHER, change);
    }

    static Ends elsewhere(Change change) {
        return new Ends(Result.ELSEWHERE, change);
    }

    static Fails failed(ErrorCode code, String... words) {
        return new Fails(Result.FAILED, code, List.of(words), Optional.empty());
    }

    static Fails refused(ErrorCode code, String... words) {
        return new Fails(Result.REFUSED, code, List.of(words), Optional.empty());
    }

    static Fails broken(ErrorCode code, String... words) {
        return new Fails(Result.BROKEN, code, List.of(words), Optional.empty());
    }

    static Fails silent() {
        return new Fails(Result.SILENT, ErrorCode.ENGINE_TIMEOUT, List.of(), Optional.empty());
    }

    static Change finishing(String reason) {
        return (api, heard) -> heard.finishing(reason);
    }

    static Change uncounted() {
        return (api, heard) -> heard.counting(Optional.empty());
    }

    /** An answer with something of everything. */
    Heard SAMPLE = new Heard(
            "text", "reasoning", List.of(new Heard.Call("id", "name", "{}")), "as it should", Optional.empty());

    /** For people, in a word: the reason for which it ends, or the error's name. */
    default String title(Api api) {
        return switch (this) {
            case Ends(Result _, Change change) -> change.of(api, SAMPLE).finish();
            case Fails fails -> fails.code().wire();
        };
    }
}
