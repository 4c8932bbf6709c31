package dev.parley.ingest.answer;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;

/** A web socket as those write to it who answer over it: one text after the other, whoever comes. Thread-safe. */
public final class TextSocket {

    private static final Duration WRITE_DEADLINE = Duration.ofSeconds(20);

    private final Session session;
    private final Object writing = new Object();

    public TextSocket(Session session) {
        this.session = session;
    }

    public boolean isOpen() {
        return session.isOpen();
    }

    /** Breaks the connection. */
    public void disconnect() {
        session.disconnect();
    }

    /**
     * Writes a text, and waits until it is on its way.
     *
     * @throws IOException where the client is gone, does not read, or is not wanted any more
     */
    public void write(String text) throws IOException {
        Callback.Completable sent = new Callback.Completable();
        synchronized (writing) {
            session.sendText(text, sent);
            try {
                sent.get(WRITE_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException e) {
                throw new IOException("the connection is gone", e);
            } catch (TimeoutException e) {
                session.disconnect();
                throw new IOException("the client does not read", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("not wanted any more", e);
            }
        }
    }
}
