package dev.parley.stack.scripted;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** One request to {@link ScriptedModelServer} and what became of its answer. Safe for use by several threads. */
public final class ModelExchange {

    private final ModelRequest request;
    private final Script script;
    private final CompletableFuture<End> end = new CompletableFuture<>();
    private final AtomicInteger deltasSent = new AtomicInteger();
    private volatile Quirk.Result result = Quirk.Result.SILENT;
    private volatile int outputTokens;
    private volatile boolean answered;
    private volatile long endedNanos;

    ModelExchange(ModelRequest request, Script script) {
        this.request = request;
        this.script = script;
    }

    /** How an exchange ended. */
    public enum End {
        /** The server sent all that its script says, a scripted failure included. */
        SERVED,
        /** The client closed the connection before that. */
        CLOSED_BY_CLIENT
    }

    public ModelRequest request() {
        return request;
    }

    public Script script() {
        return script;
    }

    /** What a careful client makes of what is sent, when it is left to read all of it. Known once it is being answered. */
    public Quirk.Result result() {
        return result;
    }

    /** The tokens of the answer that the server reports, where it reports any. Known once it is being answered. */
    public int outputTokens() {
        return outputTokens;
    }

    /** The text that the script says in the deltas that were sent. */
    public String sentText() {
        return script instanceof Script.Answer answer ? answer.textOf(deltasSent()) : "";
    }

    /** When it ended, by {@link System#nanoTime}; meaningless while it is open. */
    public long endedNanos() {
        return endedNanos;
    }

    public int deltasSent() {
        return deltasSent.get();
    }

    public boolean isOpen() {
        return !end.isDone();
    }

    public boolean closedByClient() {
        return end.getNow(End.SERVED) == End.CLOSED_BY_CLIENT;
    }

    /** Waits for the client to close the connection; false if the exchange ends otherwise, or not within the limit. */
    public boolean awaitClosedByClient(Duration limit) {
        try {
            return end.get(limit.toNanos(), TimeUnit.NANOSECONDS) == End.CLOSED_BY_CLIENT;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("an exchange never fails", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Called before it is played. */
    void playing(Rendering rendering) {
        result = rendering.result();
        outputTokens = rendering.outputTokens();
    }

    /** Called by the one thread that answers. */
    void sent() {
        deltasSent.incrementAndGet();
    }

    /** Called before the last bytes go out: a client that has them all may close before we have noticed. */
    void answered() {
        answered = true;
    }

    void served() {
        complete(End.SERVED);
    }

    void clientGone() {
        complete(answered ? End.SERVED : End.CLOSED_BY_CLIENT);
    }

    private void complete(End how) {
        if (!end.isDone()) {
            endedNanos = System.nanoTime(); // First, for whoever waits for the end reads it.
            end.complete(how);
        }
    }
}
