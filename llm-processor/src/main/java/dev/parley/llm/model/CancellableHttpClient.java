package dev.parley.llm.model;

import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP client of one generation: runs on the caller's thread, and closes its connection the moment the generation is
 * cancelled, while connecting, while waiting for the answer's head, or in mid-stream. Connections are pooled in a client
 * that all generations share.
 *
 * <p>langchain4j's own client can stop reading only when the next event arrives, which a hanging server never sends.
 */
final class CancellableHttpClient implements dev.langchain4j.http.client.HttpClient {

    private static final int MAX_ERROR_BODY_BYTES = 64 * 1024;

    private final HttpClient http;
    private final Cancellation cancellation;
    private final StreamWatch watch;
    private final Duration firstTimeout;
    private final Duration idleTimeout;
    private volatile @Nullable InputStream open;

    /**
     * A client for one generation.
     *
     * @param firstTimeout how long the answer's head may take, and the first byte after it
     * @param idleTimeout how long the stream may be silent after that
     */
    CancellableHttpClient(
            HttpClient http,
            Cancellation cancellation,
            StreamWatch watch,
            Duration firstTimeout,
            Duration idleTimeout) {
        this.http = http;
        this.cancellation = cancellation;
        this.watch = watch;
        this.firstTimeout = firstTimeout;
        this.idleTimeout = idleTimeout;
    }

    /** Closes the stream that is being read, if any: its reader has no more use for it. */
    void abandon() {
        InputStream body = open;
        if (body != null) {
            closeQuietly(body);
        }
    }

    /** The builder that langchain4j asks for; its timeouts are ours to set. */
    HttpClientBuilder builder() {
        return new Builder(this);
    }

    @Override
    public SuccessfulHttpResponse execute(HttpRequest request) {
        try (InputStream body = send(request)) {
            return SuccessfulHttpResponse.builder()
                    .statusCode(200)
                    .body(new String(body.readAllBytes(), StandardCharsets.UTF_8))
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void execute(HttpRequest request, ServerSentEventParser parser, ServerSentEventListener listener) {
        try (InputStream body = send(request)) {
            open = body;
            cancellation.onCancel(() -> closeQuietly(body));
            try (InputStream watched = watch.over(body, firstTimeout, idleTimeout)) {
                parser.parse(watched, new Strict(listener));
            }
            listener.onClose();
        } catch (IOException | RuntimeException e) {
            listener.onError(e);
        }
    }

    private InputStream send(HttpRequest request) throws IOException {
        CompletableFuture<HttpResponse<InputStream>> sent =
                http.sendAsync(translate(request), HttpResponse.BodyHandlers.ofInputStream());
        cancellation.onCancel(() -> sent.cancel(true));
        try {
            HttpResponse<InputStream> response = sent.get(firstTimeout.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() / 100 != 2) {
                try (InputStream body = response.body()) {
                    String text = new String(body.readNBytes(MAX_ERROR_BODY_BYTES), StandardCharsets.UTF_8);
                    throw new RefusedException(response.statusCode(), text, retryAfter(response.headers()));
                }
            }
            return response.body();
        } catch (ExecutionException | CompletionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (CancellationException e) {
            throw new IOException("cancelled", e);
        } catch (TimeoutException e) {
            sent.cancel(true);
            throw new java.net.http.HttpTimeoutException("no answer within " + firstTimeout.toSeconds() + " s");
        } catch (InterruptedException e) {
            sent.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Seconds, as model servers send them; the form of a date is passed over. */
    private static Optional<Duration> retryAfter(HttpHeaders headers) {
        return headers.firstValue("retry-after")
                .filter(value -> value.matches("[0-9]{1,6}"))
                .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)));
    }

    private static java.net.http.HttpRequest translate(HttpRequest request) {
        java.net.http.HttpRequest.Builder builder = java.net.http.HttpRequest.newBuilder(URI.create(request.url()));
        request.headers().forEach((name, values) -> values.forEach(value -> builder.header(name, value)));
        builder.method(
                request.method().name(),
                request.body() == null
                        ? java.net.http.HttpRequest.BodyPublishers.noBody()
                        : java.net.http.HttpRequest.BodyPublishers.ofString(request.body()));
        return builder.build();
    }

    private static void closeQuietly(InputStream stream) {
        try {
            stream.close();
        } catch (IOException e) {
            // The connection is gone, which is what was wanted.
        }
    }

    /**
     * Ends the stream at the first event that its listener cannot read: a parser may pass over it, and an answer with a hole
     * would go on as if it were whole.
     */
    private final class Strict implements ServerSentEventListener {
        private final ServerSentEventListener listener;

        Strict(ServerSentEventListener listener) {
            this.listener = listener;
        }

        @Override
        public void onOpen(SuccessfulHttpResponse response) {
            listener.onOpen(response);
        }

        @Override
        public void onEvent(ServerSentEvent event) {
            pass(() -> listener.onEvent(event));
        }

        @Override
        public void onEvent(ServerSentEvent event, ServerSentEventContext context) {
            pass(() -> listener.onEvent(event, context));
        }

        private void pass(Runnable event) {
            try {
                event.run();
            } catch (RuntimeException e) {
                listener.onError(e);
                abandon();
            }
        }

        @Override
        public void onError(Throwable error) {
            listener.onError(error);
        }

        @Override
        public void onClose() {
            listener.onClose();
        }
    }

    private static final class Builder implements HttpClientBuilder {
        private final CancellableHttpClient client;

        Builder(CancellableHttpClient client) {
            this.client = client;
        }

        @Override
        public Duration connectTimeout() {
            return client.firstTimeout;
        }

        @Override
        public HttpClientBuilder connectTimeout(Duration timeout) {
            return this;
        }

        @Override
        public Duration readTimeout() {
            return client.firstTimeout;
        }

        @Override
        public HttpClientBuilder readTimeout(Duration timeout) {
            return this;
        }

        @Override
        public dev.langchain4j.http.client.HttpClient build() {
            return client;
        }
    }
}
