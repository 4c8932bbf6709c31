package dev.parley.llm.model;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.stream.FinishReasons;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A model at one place, which answers or fails: it tries once. Thread-safe: many generations run at once, each on a virtual
 * thread of its own.
 */
public interface Model {

    /** What the model is called, as it is known now. */
    String name();

    /**
     * Answers {@code request}, piece by piece, into {@code sink}; returns when the answer has ended. What {@code sink}
     * throws ends the answer and is thrown on.
     *
     * <p>When {@code cancellation} is cancelled, at whatever stage, it closes its connection and returns soon, with
     * whatever outcome.
     */
    Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation);

    /** Takes an answer's pieces, in order. May block while the log is slower than the model. */
    interface Sink {
        void text(String piece);

        void reasoning(String piece);

        /** Text that the model server tells apart as its refusal to answer. */
        default void refusal(String piece) {
            text(piece);
        }

        /**
         * The next piece of a call's arguments, before {@link #toolCall} has the whole, which begins with all that was told.
         * Calls come one after another, in the order of their ends. A piece never ends between the halves of a surrogate pair.
         *
         * @param piece may be empty in the first of a call
         */
        void toolArguments(String callId, String name, String piece);

        /** A call that the model asks its caller to make, whole. */
        void toolCall(ToolCall call);

        /**
         * The server is to be asked once more at once, since its refusal said how, before anything was said.
         *
         * @return whether it may be, which counts as a call
         */
        default boolean asksAgain() {
            return true;
        }
    }

    /** How an answer ended. */
    sealed interface Outcome {

        /**
         * It is whole, as far as the model is concerned.
         *
         * @param finishReason as in {@link FinishReasons}
         * @param usage what the model server counted; empty where it did not say
         * @param extras what has to be sent back with the answer when the conversation goes on: a JSON object
         * @param leftOut parameters of the request that the server was not told, by their names there
         */
        record Finished(String finishReason, Optional<TokenUsage> usage, Optional<String> extras, List<String> leftOut)
                implements Outcome {

            public Finished {
                leftOut = List.copyOf(leftOut);
            }

            /** One of a model that counts nothing. */
            public Finished(String finishReason) {
                this(finishReason, Optional.empty(), Optional.empty(), List.of());
            }
        }

        /**
         * It broke off, or never began.
         *
         * @param detail for the caller to read; without keys and without what was said
         * @param retryAfter when the model server wants to be asked again, where it said so
         */
        record Failed(ErrorCode code, String detail, Optional<Duration> retryAfter) implements Outcome {

            public Failed(ErrorCode code, String detail) {
                this(code, detail, Optional.empty());
            }

            /** Whether the same request may succeed at another time or place. */
            public boolean isRetryable() {
                return switch (code.kind()) {
                    case TRANSIENT, OVERLOAD -> true;
                    case USER, POISON, BUG -> false;
                };
            }
        }
    }
}
