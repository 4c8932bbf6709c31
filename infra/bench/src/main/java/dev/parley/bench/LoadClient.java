package dev.parley.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.faults.EventStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The clients of {@link LoadBenchmark}, in a process of their own so that the server's memory, CPU time and file handles are
 * the server's. Takes one order a line on standard input and answers each with one line of JSON:
 *
 * <pre>
 *   open N       opens N event streams that stay open, on as many conversations
 *   ask M        has M of these conversations answered at the same time
 *   burst M C    sends M messages, C callers at the same time without a pause, and looks whether those that were accepted
 *                are answered
 *   state        how the open streams are
 * </pre>
 */
final class LoadClient {

    /** Requests of this client at the same time, where it does not overload the server on purpose. */
    private static final int POLITE = 64;

    /** Has the scripted model server answer a burst shortly: what is overloaded is the front door, not the model. */
    private static final String SHORT_ANSWER = "script {\"tokens\":[\"short\",\" and\",\" sweet\"],\"paceMillis\":20}";

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final URI server;
    private final Api api;
    private final List<Listener> listeners = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger cutShort = new AtomicInteger();
    private final Queue<String> errors = new ConcurrentLinkedQueue<>();

    /** A message that the server has taken. */
    private record Accepted(String conversation, String turn) {}

    private LoadClient(URI server) {
        this.server = server;
        this.api = new Api(server);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        LoadClient client = new LoadClient(URI.create(arguments[0]));
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            String[] words = order.split(" ", -1);
            int count = words.length > 1 ? Integer.parseInt(words[1]) : 0;
            switch (words[0]) {
                case "open" -> client.open(count);
                case "ask" -> client.ask(count);
                case "burst" -> client.burst(count, Integer.parseInt(words[2]));
                case "state" -> client.tell(Api.MAPPER.createObjectNode());
                default -> throw new IllegalArgumentException(order);
            }
        }
        System.exit(0);
    }

    private void tell(ObjectNode result) {
        result.put(
                "open",
                listeners.stream().filter(listener -> listener.isOpen.get()).count());
        result.put("errors", errors.size());
        result.put("cutShort", cutShort.get());
        String first = errors.peek();
        if (first != null) {
            result.put("firstError", first);
        }
        System.out.println(result);
        System.out.flush();
    }

    private void open(int count) throws InterruptedException {
        long started = System.nanoTime();
        Together.run(POLITE, count, index -> {
            try {
                Listener listener = new Listener(api.conversation());
                listeners.add(listener);
                listener.start();
            } catch (IOException | RuntimeException e) {
                errors.add("open: " + e);
            }
        });
        tell(Api.MAPPER.createObjectNode().put("seconds", (System.nanoTime() - started) / 1e9));
    }

    private void ask(int count) throws InterruptedException {
        long started = System.nanoTime();
        List<Listener> asked = List.copyOf(listeners.subList(0, Math.min(count, listeners.size())));
        asked.forEach(Listener::expect);
        Semaphore asking = new Semaphore(POLITE);
        Together.run(asked.size(), asked.size(), index -> {
            Listener listener = asked.get(index);
            try {
                listener.asked = System.nanoTime();
                asking.acquire();
                Api.Reply reply;
                try {
                    reply = api.ask(listener.conversation, "Go.", Map.of());
                } finally {
                    asking.release();
                }
                if (!reply.isAccepted()) {
                    errors.add("ask: " + reply.status() + " " + reply.body());
                } else {
                    listener.awaitAnswer();
                }
            } catch (IOException | RuntimeException e) {
                errors.add("ask: " + e);
            }
        });
        List<Listener> answered = asked.stream()
                .filter(listener -> listener.completed.getCount() == 0)
                .toList();
        List<Double> first = answered.stream()
                .map(listener -> (listener.firstDelta.get() - listener.asked) / 1e6)
                .toList();
        ObjectNode result = Api.MAPPER
                .createObjectNode()
                .put("answered", answered.size())
                .put(
                        "texts",
                        answered.stream()
                                .map(listener -> listener.text)
                                .distinct()
                                .count())
                .put(
                        "words",
                        answered.stream()
                                .mapToInt(listener -> listener.text.split(" ", -1).length)
                                .sum())
                .put("seconds", (System.nanoTime() - started) / 1e9);
        if (!first.isEmpty()) {
            result.put("firstP50", Quantiles.median(first)).put("firstP99", Quantiles.of(first, 0.99));
        }
        tell(result);
    }

    private void burst(int count, int callers) throws InterruptedException {
        Queue<Accepted> accepted = new ConcurrentLinkedQueue<>();
        AtomicInteger later = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        Queue<Double> refusedMillis = new ConcurrentLinkedQueue<>();
        List<Listener> all = List.copyOf(listeners);
        Together.run(callers, count, index -> {
            String conversation = all.get(index % all.size()).conversation;
            long sent = System.nanoTime();
            try {
                Api.Reply reply = api.ask(conversation, SHORT_ANSWER, Map.of());
                if (reply.isAccepted()) {
                    accepted.add(new Accepted(
                            conversation, reply.body().path("turnId").asText()));
                } else if (reply.isLater()) {
                    later.incrementAndGet();
                    refusedMillis.add((System.nanoTime() - sent) / 1e6);
                } else {
                    errors.add("burst: " + reply.status() + " " + reply.body());
                }
            } catch (IOException | RuntimeException e) {
                errors.add("burst: " + e);
            }
        });
        List<Accepted> turns = List.copyOf(accepted);
        Together.run(POLITE, turns.size(), index -> {
            if (isAnswered(turns.get(index))) {
                answered.incrementAndGet();
            }
        });
        ObjectNode result = Api.MAPPER
                .createObjectNode()
                .put("accepted", turns.size())
                .put("later", later.get())
                .put("answered", answered.get());
        if (!refusedMillis.isEmpty()) {
            result.put("refusedP99", Quantiles.of(List.copyOf(refusedMillis), 0.99));
        }
        tell(result);
    }

    /** Whether the turn ends well, read from a stream of its own. */
    private boolean isAnswered(Accepted turn) throws IOException {
        try (EventStream stream = api.events(turn.conversation(), Optional.of("0"))) {
            for (EventStream.Frame frame = stream.next(); frame != null; frame = stream.next()) {
                var event = Api.MAPPER.readTree(frame.data());
                if (event.path("turnId").asText().equals(turn.turn())) {
                    switch (event.path("type").asText()) {
                        case "message.completed" -> {
                            return true;
                        }
                        case "turn.failed", "turn.cancelled" -> {
                            errors.add("burst: " + frame.data());
                            return false;
                        }
                        default -> {} // Not the end.
                    }
                }
            }
        }
        return false;
    }

    /** One open stream. */
    private final class Listener {

        private final String conversation;
        private final AtomicBoolean isOpen = new AtomicBoolean();
        private final AtomicLong firstDelta = new AtomicLong();
        private volatile CountDownLatch completed = new CountDownLatch(1);
        private volatile String text = "";
        private volatile long asked;

        Listener(String conversation) {
            this.conversation = conversation;
        }

        void expect() {
            completed = new CountDownLatch(1);
            firstDelta.set(0);
        }

        void start() throws IOException {
            EventStream stream = EventStream.open(
                    server, "/api/conversations/" + conversation + "/events", Optional.of("0"), "", PATIENCE);
            isOpen.set(true);
            Thread.ofVirtual().start(() -> listen(stream));
        }

        private void listen(EventStream stream) {
            StringBuilder deltas = new StringBuilder();
            try (stream) {
                for (EventStream.Frame frame = stream.next(); frame != null; frame = stream.next()) {
                    var event = Api.MAPPER.readTree(frame.data());
                    switch (event.path("type").asText()) {
                        case "message.delta" -> {
                            firstDelta.compareAndSet(0, System.nanoTime());
                            deltas.append(event.path("text").asText());
                        }
                        case "message.completed" -> {
                            String content = event.path("content").asText();
                            if (content.length() > deltas.length()) {
                                cutShort.incrementAndGet();
                            }
                            if (!content.startsWith(deltas.toString())) {
                                errors.add("deltas that do not add up to the answer");
                            }
                            text = content;
                            deltas.setLength(0);
                            completed.countDown();
                        }
                        case "turn.failed", "turn.cancelled", "message.reset", "feed.gap" -> errors.add(frame.data());
                        default -> {} // Events that carry no token.
                    }
                }
                errors.add("a stream ended");
            } catch (IOException | RuntimeException e) {
                errors.add("a stream broke: " + e);
            } finally {
                isOpen.set(false);
            }
        }

        void awaitAnswer() throws InterruptedException {
            if (!completed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                errors.add("no answer within " + PATIENCE.toSeconds() + " s");
            }
        }
    }
}
