package dev.parley.llm.model;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A model server that writes whatever bytes it is told to, and ends connections in every way there is. */
final class RawServer implements AutoCloseable {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final ServerSocket listener;
    private final Behaviour behaviour;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final CountDownLatch left = new CountDownLatch(1);

    /** What was asked, in order. */
    final List<Asked> asked = new CopyOnWriteArrayList<>();

    /** How many connections there were. */
    final List<Socket> accepted = new CopyOnWriteArrayList<>();

    record Asked(String method, String path, String head, JsonNode body) {}

    /** Answers one request. */
    @FunctionalInterface
    interface Behaviour {
        void answer(Asked asked, Connection connection) throws IOException;
    }

    RawServer(Behaviour behaviour) {
        this.behaviour = behaviour;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    URI baseUrl() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/v1");
    }

    /** Requests for an answer so far. */
    List<Asked> posts() {
        return asked.stream().filter(each -> each.method().equals("POST")).toList();
    }

    boolean awaitLeft(long seconds) throws InterruptedException {
        return left.await(seconds, TimeUnit.SECONDS);
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                connections.add(socket);
                accepted.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            Connection connection = new Connection(socket, in);
            while (!connection.closing) {
                Asked request = read(in);
                if (request == null) {
                    return;
                }
                asked.add(request);
                behaviour.answer(request, connection);
            }
        } catch (IOException e) {
            left.countDown();
        }
    }

    /** Null where the client has gone. */
    private static @Nullable Asked read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return null;
            }
            head.append((char) next);
        }
        int length = head.toString()
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                .findFirst()
                .orElse(0);
        byte[] body = in.readNBytes(length);
        String[] line = head.toString().split(" ", 3);
        return new Asked(line[0], line[1], head.toString(), MAPPER.readTree(body));
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : connections) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One connection, to be written to and to be ended. */
    final class Connection {
        private final Socket socket;
        private final InputStream in;
        private boolean closing;

        private Connection(Socket socket, InputStream in) {
            this.socket = socket;
            this.in = in;
        }

        /** A head; the body ends with the connection, unless a header says otherwise. */
        Connection head(String status, String... headers) throws IOException {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + "\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            closing = !head.toString().toLowerCase(Locale.ROOT).contains("content-length")
                    && !head.toString().toLowerCase(Locale.ROOT).contains("transfer-encoding");
            return bytes(head.append("\r\n").toString().getBytes(ISO_8859_1));
        }

        /** The head of an event stream that ends with its connection. */
        Connection stream() throws IOException {
            return head("200 OK", "Content-Type: text/event-stream", "Connection: close");
        }

        Connection bytes(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return this;
        }

        Connection text(String text) throws IOException {
            return bytes(text.getBytes(UTF_8));
        }

        /** A chunk of a body whose transfer encoding is chunked. */
        Connection chunk(String text) throws IOException {
            byte[] bytes = text.getBytes(UTF_8);
            return text(Integer.toHexString(bytes.length) + "\r\n").bytes(bytes).text("\r\n");
        }

        /** Whole: head, length and body. */
        void whole(String status, String type, String body, String... headers) throws IOException {
            String[] all = Arrays.copyOf(headers, headers.length + 2);
            all[headers.length] = "Content-Type: " + type;
            all[headers.length + 1] = "Content-Length: " + body.getBytes(UTF_8).length;
            head(status, all).text(body);
        }

        /** Waits until the client closes the connection, and says so. */
        void leaveOpen() throws IOException {
            closing = true;
            try {
                if (in.read() < 0) {
                    left.countDown();
                }
            } catch (SocketException e) {
                left.countDown();
            }
        }

        /** Ends the connection by a reset in place of an end. */
        void reset() throws IOException {
            closing = true;
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}
