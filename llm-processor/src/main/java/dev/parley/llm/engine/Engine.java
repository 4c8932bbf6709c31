package dev.parley.llm.engine;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model;
import dev.parley.llm.model.Model.Outcome.Failed;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What routes ask by name: a model, at one endpoint or several that are as good as each other. It owns nothing that needs
 * closing. Thread-safe.
 *
 * <p>Until an answer has begun, an endpoint that fails is passed over for the next at once; where none is left, the best is
 * asked again after a while. An answer that has begun is never begun anew here: that is for the conversation to decide.
 */
public final class Engine {

    static final Duration PATIENCE_FOR_A_PLACE = Duration.ofSeconds(3);

    private final String name;
    private final Endpoints endpoints;
    private final Retries retries;
    private final Prices prices;

    Engine(String name, List<Endpoint> endpoints, Retries retries, Prices prices) {
        this.name = name;
        this.endpoints = new Endpoints(endpoints);
        this.retries = retries;
        this.prices = prices;
    }

    public String name() {
        return name;
    }

    /** The model that is likely to answer, as it is known now. */
    public String model() {
        return endpoints.all().getFirst().model();
    }

    List<Endpoint> endpoints() {
        return endpoints.all();
    }

    /** Whether it asks model servers at all, rather than a model inside this process, which may be asked at any time. */
    boolean asksServers() {
        return endpoints.all().stream().anyMatch(endpoint -> !endpoint.address().isEmpty());
    }

    /**
     * How asking an engine ended.
     *
     * @param begun whether anything of the answer was passed on
     * @param asked whether any endpoint was asked at all, rather than being turned away from
     */
    record Answer(Model.Outcome outcome, boolean begun, boolean asked) {

        /** Whether another engine may take over unnoticed. */
        boolean mayBeTakenOver() {
            return !begun && outcome instanceof Failed;
        }
    }

    /**
     * Answers.
     *
     * @param allowed calls of model servers; where they are used up, the last failure is the outcome
     * @param force whether to ask endpoints that their breakers turn away from
     */
    Answer answer(
            GenerationRequest request, AnswerSink sink, Cancellation cancellation, CallBudget allowed, boolean force) {
        CallBudget budget = asksServers() ? allowed : CallBudget.unbounded();
        Beginning beginning = new Beginning(sink, budget);
        String key = new ConversationKey(request.getTenantId(), request.getConversationId()).toString();
        Set<Endpoint> tried = new HashSet<>();
        long startedNanos = retries.ticker().getAsLong();
        Failed last = null;
        int again = 0;
        while (budget.isLeft()) {
            long freed = endpoints.freedSoFar();
            switch (endpoints.choose(key, tried, force)) {
                case Endpoints.Choice.Taken(Endpoint endpoint) -> {
                    var _ = budget.take();
                    Model.Outcome outcome = ask(endpoint, request, beginning, cancellation);
                    if (beginning.begun
                            || cancellation.isCancelled()
                            || !(outcome instanceof Failed failed)
                            || !failed.isRetryable()) {
                        return new Answer(outcome, beginning.begun, true);
                    }
                    last = failed;
                    tried.add(endpoint);
                    if (again == 0) {
                        continue;
                    }
                }
                case Endpoints.Choice.Full() -> {
                    if (awaitPlace(freed, startedNanos, cancellation)) {
                        continue;
                    }
                }
                case Endpoints.Choice.Open(), Endpoints.Choice.Exhausted() -> {}
            }
            if (last == null) {
                return new Answer(turnedAway(), false, false);
            }
            var wait = retries.next(again, startedNanos, last.retryAfter());
            if (wait.isEmpty() || retries.waiting().isCancelledWithin(wait.get(), cancellation)) {
                return new Answer(last, false, true);
            }
            again++;
            tried.clear();
        }
        return last == null ? new Answer(CallBudget.usedUp(), false, false) : new Answer(last, false, true);
    }

    private Model.Outcome ask(
            Endpoint endpoint, GenerationRequest request, Beginning beginning, Cancellation cancellation) {
        try {
            return endpoint.ask(request, beginning, prices, cancellation);
        } finally {
            endpoints.freed();
        }
    }

    private boolean awaitPlace(long freed, long startedNanos, Cancellation cancellation) {
        if (cancellation.isCancelled()
                || retries.ticker().getAsLong() - startedNanos > PATIENCE_FOR_A_PLACE.toNanos()) {
            return false;
        }
        try {
            endpoints.awaitFreed(freed);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Failed turnedAway() {
        return endpoints.all().stream().anyMatch(Endpoint::isFull)
                ? new Failed(ErrorCode.OVERLOADED, "engine '" + name + "' has as many requests under way as it may")
                : new Failed(
                        ErrorCode.ENGINE_UNREACHABLE,
                        "engine '" + name + "' has failed too often and is not asked for a while");
    }

    /** Whether an answer has begun. One thread. */
    private static final class Beginning implements AnswerSink {
        private final AnswerSink sink;
        private final CallBudget budget;
        private boolean begun;

        Beginning(AnswerSink sink, CallBudget budget) {
            this.sink = sink;
            this.budget = budget;
        }

        @Override
        public boolean asksAgain() {
            return budget.take() && sink.asksAgain();
        }

        @Override
        public void asking(Answerer answerer, Prices prices) {
            sink.asking(answerer, prices);
        }

        @Override
        public void answered(Answerer answerer) {
            sink.answered(answerer);
        }

        @Override
        public void text(String piece) {
            begun |= !piece.isEmpty();
            sink.text(piece);
        }

        @Override
        public void refusal(String piece) {
            begun |= !piece.isEmpty();
            sink.refusal(piece);
        }

        @Override
        public void reasoning(String piece) {
            begun |= !piece.isEmpty();
            sink.reasoning(piece);
        }

        @Override
        public void toolArguments(String callId, String name, String piece) {
            begun = true;
            sink.toolArguments(callId, name, piece);
        }

        @Override
        public void toolCall(ToolCall call) {
            begun = true;
            sink.toolCall(call);
        }
    }
}
