package dev.parley.llm.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.parley.llm.stream.ServerError;
import dev.parley.llm.stream.SseDecoder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Asks a model server for one generation: runs on the caller's thread, and closes its connection the moment the generation is
 * cancelled, while connecting, while waiting for the answer's head, or in mid-stream. Connections are pooled in a client
 * that all generations share.
 */
final class ServerCall {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final ObjectMapper ONE_VALUE = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final int MAX_BODY_BYTES = 64 * 1024;
    private static final int MAX_LIST_BYTES = 4 * 1024 * 1024;
    private static final int MAGIC_BYTES = 2;
    private static final int READ_BYTES = 16 * 1024;

    /** How long an answer that is whole but for its usage is waited for. */
    private static final Duration TAIL = Duration.ofSeconds(2);

    /** How long the end of a body may take of which nothing more is wanted, so that its connection can be used again. */
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private static final List<String> FIELDS = List.of("data", "event", "id", "retry", ":");

    private final HttpClient http;
    private final StreamWatch watch;
    private final Executor draining;
    private final Cancellation cancellation;
    private final Duration firstTimeout;
    private final Duration idleTimeout;

    /** An answer whose head has come. */
    private record Response(int status, HttpHeaders headers, ResponseBody body) {}

    /**
     * A call that has not been made.
     *
     * @param draining reads the ends of bodies of which nothing more is wanted
     * @param firstTimeout how long it may take until the answer begins to mean something
     * @param idleTimeout how long it may mean nothing after that
     */
    ServerCall(
            HttpClient http,
            StreamWatch watch,
            Executor draining,
            Cancellation cancellation,
            Duration firstTimeout,
            Duration idleTimeout) {
        this.http = http;
        this.watch = watch;
        this.draining = draining;
        this.cancellation = cancellation;
        this.firstTimeout = firstTimeout;
        this.idleTimeout = idleTimeout;
    }

    /** What {@code url} has, as JSON. */
    JsonNode get(URI url, Map<String, String> headers) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(url).header("accept", "application/json");
        headers.forEach(request::header);
        long started = System.nanoTime();
        Response response = send(request.build());
        try (ResponseBody body = response.body();
                StreamWatch.Watched watched = watch.over(body, started, firstTimeout)) {
            cancellation.onCancel(body::close);
            watched.waits();
            byte[] bytes = decoded(body, response.headers()).readNBytes(MAX_LIST_BYTES);
            return MAPPER.readTree(bytes);
        }
    }

    /**
     * Posts {@code json}, and passes on to {@code answer} what streams back, until that has ended or the stream has.
     *
     * @throws IOException where there was no stream to read
     * @throws RuntimeException what the answer's sink throws
     */
    void stream(URI url, Map<String, String> headers, byte[] json, StreamedAnswer answer) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
                .header("content-type", "application/json")
                .header("accept", "text/event-stream, application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(json));
        headers.forEach(request::header);
        long started = System.nanoTime();
        Response response = send(request.build());
        ResponseBody body = response.body();
        cancellation.onCancel(body::close);
        boolean drained = false;
        try (StreamWatch.Watched watched = watch.over(body, started, firstTimeout)) {
            watched.waits();
            Optional<InputStream> stream = opened(response, answer);
            drained = stream.isPresent() ? read(stream.get(), answer, watched) : !answer.hasFailed();
        } finally {
            if (drained) {
                drainLater(body);
            } else {
                body.close();
            }
        }
    }

    /** Whether the answer ended well before the body did. */
    private boolean read(InputStream stream, StreamedAnswer answer, StreamWatch.Watched watched) {
        SseDecoder decoder = new SseDecoder();
        byte[] buffer = new byte[READ_BYTES];
        try {
            while (!answer.hasEnded()) {
                watched.waits();
                int read = stream.read(buffer);
                watched.works();
                if (read < 0) {
                    answer.streamEnded(decoder.unfinished());
                    return false;
                }
                long progress = answer.progress();
                decoder.feed(buffer, 0, read, answer::take);
                if (answer.progress() != progress) {
                    watched.progressed(answer.isFinished() ? shorter(TAIL, idleTimeout) : idleTimeout);
                }
            }
            return !answer.hasFailed();
        } catch (IOException | SseDecoder.OversizedEventException e) {
            answer.streamBroke(e);
            return false;
        }
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private void drainLater(ResponseBody body) {
        try {
            draining.execute(() -> drain(body));
        } catch (RejectedExecutionException e) {
            // The worker ends.
            body.close();
        }
    }

    /** A connection whose last answer was read to its end serves the next one; any other is closed. */
    private void drain(ResponseBody body) {
        try (body;
                StreamWatch.Watched watched = watch.over(body, System.nanoTime(), DRAIN)) {
            watched.waits();
            byte[] buffer = new byte[READ_BYTES];
            int left = MAX_BODY_BYTES;
            while (left > 0) {
                int read = body.read(buffer);
                left = read < 0 ? 0 : left - read;
            }
        } catch (IOException | RejectedExecutionException e) {
            // The answer was whole before.
        }
    }

    private Response send(HttpRequest request) throws IOException {
        CompletableFuture<Response> head = new CompletableFuture<>();
        CompletableFuture<HttpResponse<ResponseBody>> sent = http.sendAsync(request, received -> {
            ResponseBody body = new ResponseBody();
            head.complete(new Response(received.statusCode(), received.headers(), body));
            return body.subscriber();
        });
        // Where the connection breaks soon after the head, the client's own future fails although there is a body to
        // read.
        var _ = sent.whenComplete((_, failure) -> {
            if (failure != null) {
                head.completeExceptionally(failure);
            }
        });
        cancellation.onCancel(() -> sent.cancel(true));
        try {
            Response response = head.get(firstTimeout.toMillis(), TimeUnit.MILLISECONDS);
            if (response.status() / 100 != 2) {
                throw refused(response);
            }
            return response;
        } catch (ExecutionException | CompletionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (CancellationException e) {
            throw new IOException("cancelled", e);
        } catch (TimeoutException e) {
            giveUp(sent, head);
            throw new HttpTimeoutException("no answer within " + firstTimeout.toSeconds() + " s");
        } catch (InterruptedException e) {
            giveUp(sent, head);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Whatever still comes finds nobody. */
    private static void giveUp(CompletableFuture<?> sent, CompletableFuture<Response> head) {
        sent.cancel(true);
        var _ = head.thenAccept(late -> late.body().close());
    }

    private RefusedException refused(Response response) {
        String text;
        try (ResponseBody body = response.body();
                StreamWatch.Watched watched = watch.over(body, System.nanoTime(), shorter(DRAIN, firstTimeout))) {
            cancellation.onCancel(body::close);
            watched.waits();
            text = words(decoded(body, response.headers()), MAX_BODY_BYTES);
        } catch (IOException e) {
            text = "";
        }
        Optional<String> elsewhere = response.status() / 100 == 3
                ? response.headers().firstValue("location").map(ServerCall::withoutSecrets)
                : Optional.empty();
        ServerError error = ServerError.ofBody(elsewhere.isPresent() ? "it has moved to " + elsewhere.get() : text);
        return new RefusedException(response.status(), error, RetryAfter.of(response.headers(), Instant.now()));
    }

    /** Without user, password and query. */
    private static String withoutSecrets(String location) {
        try {
            URI uri = URI.create(location);
            String path = uri.getRawPath() == null ? "" : uri.getRawPath();
            return uri.getHost() == null
                    ? path
                    : uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort()) + path;
        } catch (IllegalArgumentException e) {
            return "somewhere that is not a URL";
        }
    }

    /** As much as there is of a short text, though it be cut off. */
    private static String words(InputStream in, int maxBytes) {
        ByteArrayOutputStream words = new ByteArrayOutputStream();
        byte[] buffer = new byte[READ_BYTES];
        try {
            int read = 0;
            while (read >= 0 && words.size() < maxBytes) {
                words.write(buffer, 0, read);
                read = in.read(buffer, 0, Math.min(buffer.length, maxBytes - words.size()));
            }
        } catch (IOException e) {
            // What came has to do.
        }
        return words.toString(UTF_8);
    }

    private static InputStream decoded(InputStream body, HttpHeaders headers) throws IOException {
        String encoding =
                headers.firstValue("content-encoding").orElse("").strip().toLowerCase(Locale.ROOT);
        return switch (encoding) {
            case "gzip", "x-gzip" -> new GZIPInputStream(body, READ_BYTES);
            case "deflate" -> inflated(body);
            case "", "identity" -> unzipped(body);
            // It was not asked for, and there is nothing here to read it by.
            default -> throw new UnreadableEncodingException(encoding);
        };
    }

    /** By the standard with a wrapper around it, which servers forget. */
    private static InputStream inflated(InputStream body) throws IOException {
        PushbackInputStream in = new PushbackInputStream(body, MAGIC_BYTES);
        byte[] magic = peeked(in);
        boolean wrapped = magic.length == MAGIC_BYTES
                && (magic[0] & 0x0F) == 8
                && (((magic[0] & 0xFF) << 8) | (magic[1] & 0xFF)) % 31 == 0;
        return new InflaterInputStream(in, new Inflater(!wrapped));
    }

    /** What is compressed is no text, whatever the head says. */
    private static InputStream unzipped(InputStream body) throws IOException {
        PushbackInputStream in = new PushbackInputStream(body, MAGIC_BYTES);
        byte[] magic = peeked(in);
        boolean gzip = magic.length == MAGIC_BYTES && magic[0] == 0x1F && (magic[1] & 0xFF) == 0x8B;
        return gzip ? new GZIPInputStream(in, READ_BYTES) : in;
    }

    private static byte[] peeked(PushbackInputStream in) throws IOException {
        byte[] magic = in.readNBytes(MAGIC_BYTES);
        in.unread(magic);
        return magic;
    }

    /**
     * The event stream of an answer's body: told by its first characters, since servers call it anything. Empty where the
     * body was the answer in one piece, and was taken.
     *
     * @throws RefusedException where the body is an error after all
     * @throws NotAStreamException where it is something else
     */
    private static Optional<InputStream> opened(Response response, StreamedAnswer answer) throws IOException {
        HttpHeaders headers = response.headers();
        String type = headers.firstValue("content-type").orElse("").strip();
        boolean called = type.toLowerCase(Locale.ROOT).startsWith("text/event-stream");
        InputStream in = decoded(response.body(), headers);
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        String beginning = beginning(in, head);
        InputStream whole = new SequenceInputStream(new ByteArrayInputStream(head.toByteArray()), in);
        boolean other = !beginning.isEmpty() && "{[<\"".indexOf(beginning.charAt(0)) >= 0;
        if (FIELDS.stream().anyMatch(beginning::startsWith) || (called && !other)) {
            return Optional.of(whole);
        }
        String text = words(whole, beginning.startsWith("{") ? SseDecoder.MAX_EVENT_BYTES : MAX_BODY_BYTES);
        Optional<ServerError> error = ServerError.found(text);
        if (error.isPresent()) {
            throw new RefusedException(200, error.get(), RetryAfter.of(headers, Instant.now()));
        }
        if (isAnswer(text, answer)) {
            return Optional.empty();
        }
        throw new NotAStreamException(
                response.status() == 200 ? "" : response.status() + ", ",
                type.isEmpty() ? "something without a content type" : type,
                ServerError.firstWords(text));
    }

    private static boolean isAnswer(String text, StreamedAnswer answer) {
        try {
            return answer.takeWhole(ONE_VALUE.readTree(text));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /**
     * The first characters that are not blank, as many as it takes to tell what begins there.
     *
     * @param head is given all that was read
     */
    private static String beginning(InputStream in, ByteArrayOutputStream head) throws IOException {
        byte[] buffer = new byte[READ_BYTES];
        String found = "";
        int read = 0;
        while (read >= 0 && couldBeField(found) && head.size() < READ_BYTES) {
            read = in.read(buffer);
            head.write(buffer, 0, Math.max(0, read));
            String text = head.toString(UTF_8);
            found = (text.startsWith("\uFEFF") ? text.substring(1) : text).stripLeading();
        }
        return found;
    }

    /** Whether more has to come before it is clear that {@code text} is the beginning of an event stream, or is not. */
    private static boolean couldBeField(String text) {
        return FIELDS.stream().noneMatch(text::startsWith) && FIELDS.stream().anyMatch(field -> field.startsWith(text));
    }
}
