package dev.parley.llm.engine;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model;
import dev.parley.schemas.ErrorCode;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One place that an engine asks, with a bound on how many requests it is given at once and a breaker that turns requests
 * away while it fails. An endpoint has proved itself with an answer's first piece; one that breaks off later has failed
 * nonetheless. Thread-safe.
 */
final class Endpoint {

    /** What came of asking for a place. */
    enum Entry {
        ENTERED,
        FULL,
        OPEN
    }

    private final String engine;
    private final String address;
    private final Model model;
    private final int concurrency;
    private final CircuitBreaker breaker;
    private final MeterRegistry meters;
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile @Nullable ErrorCode lastError;

    /**
     * An endpoint that nobody has asked yet.
     *
     * @param address for people and records to read; empty for a model inside this process
     */
    Endpoint(
            String engine, String address, Model model, int concurrency, CircuitBreaker breaker, MeterRegistry meters) {
        this.engine = engine;
        this.address = address;
        this.model = model;
        this.concurrency = concurrency;
        this.breaker = breaker;
        this.meters = meters;
    }

    String address() {
        return address;
    }

    String model() {
        return model.name();
    }

    int inFlight() {
        return inFlight.get();
    }

    boolean isFull() {
        return inFlight.get() >= concurrency;
    }

    CircuitBreaker.State state() {
        return breaker.getState();
    }

    @Nullable
    ErrorCode lastError() {
        return lastError;
    }

    /**
     * Takes a place, which {@link #ask} gives back.
     *
     * @param force whether to pass by the breaker
     */
    Entry enter(boolean force) {
        int running;
        do {
            running = inFlight.get();
            if (running >= concurrency) {
                return Entry.FULL;
            }
        } while (!inFlight.compareAndSet(running, running + 1));
        if (!force && !breaker.tryAcquirePermission()) {
            inFlight.decrementAndGet();
            return Entry.OPEN;
        }
        return Entry.ENTERED;
    }

    /** Asks once, in the place that was taken, and gives that back. */
    Model.Outcome ask(GenerationRequest request, AnswerSink sink, Prices prices, Cancellation cancellation) {
        Verdict verdict = new Verdict(sink);
        try {
            sink.asking(new Answerer(engine, model.name(), address), prices);
            Model.Outcome outcome = model.generate(withOwnExtras(request), verdict, cancellation);
            sink.answered(new Answerer(engine, model.name(), address));
            verdict.of(outcome, cancellation.isCancelled());
            return outcome;
        } finally {
            verdict.orNone();
            inFlight.decrementAndGet();
        }
    }

    /** Without what servers of other engines want to have back: it is for nobody else to see. */
    private GenerationRequest withOwnExtras(GenerationRequest request) {
        if (request.getMessages().stream().allMatch(this::isOwn)) {
            return request;
        }
        return GenerationRequest.newBuilder(request)
                .setMessages(request.getMessages().stream()
                        .map(message -> isOwn(message)
                                ? message
                                : PromptMessage.newBuilder(message)
                                        .setExtras(null)
                                        .build())
                        .toList())
                .build();
    }

    private boolean isOwn(PromptMessage message) {
        return message.getExtras() == null || message.getExtras().getEngine().equals(engine);
    }

    private void count(String outcome) {
        meters.counter("parley.engine.requests", "engine", engine, "endpoint", label(), "outcome", outcome)
                .increment();
    }

    String label() {
        return address.isEmpty() ? "in-process" : address;
    }

    /** What the breaker is told of one try: exactly one word for its permission, and one more where the answer broke off. */
    private final class Verdict implements Model.Sink {
        private final Model.Sink sink;
        private final long startedNanos = System.nanoTime();
        private boolean given;

        Verdict(Model.Sink sink) {
            this.sink = sink;
        }

        @Override
        public void text(String piece) {
            begun();
            sink.text(piece);
        }

        @Override
        public void refusal(String piece) {
            begun();
            sink.refusal(piece);
        }

        @Override
        public void reasoning(String piece) {
            begun();
            sink.reasoning(piece);
        }

        @Override
        public void toolArguments(String callId, String name, String piece) {
            begun();
            sink.toolArguments(callId, name, piece);
        }

        @Override
        public void toolCall(ToolCall call) {
            begun();
            sink.toolCall(call);
        }

        @Override
        public boolean asksAgain() {
            return sink.asksAgain();
        }

        private void begun() {
            if (!given) {
                given = true;
                breaker.onSuccess(System.nanoTime() - startedNanos, TimeUnit.NANOSECONDS);
            }
        }

        void of(Model.Outcome outcome, boolean cancelled) {
            if (cancelled) {
                count("cancelled");
                return;
            }
            switch (outcome) {
                case Model.Outcome.Finished finished -> {
                    begun();
                    count("finished");
                }
                case Model.Outcome.Failed failed -> {
                    lastError = failed.code();
                    count(failed.code().wire());
                    if (failed.code() == ErrorCode.ENGINE_ABORTED) {
                        begun();
                        return;
                    }
                    switch (failed.code().kind()) {
                        // It refuses this request, and is well.
                        case USER -> begun();
                        case TRANSIENT -> {
                            given = true;
                            breaker.onError(
                                    System.nanoTime() - startedNanos,
                                    TimeUnit.NANOSECONDS,
                                    new IllegalStateException(failed.code().wire()));
                        }
                        // Alive, and asks for patience; or our own fault. Neither says anything about its health.
                        case OVERLOAD, POISON, BUG -> {}
                    }
                }
            }
        }

        /** Where nothing was said about the endpoint, its permission is given back unused. */
        void orNone() {
            if (!given) {
                given = true;
                breaker.releasePermission();
            }
        }
    }
}
