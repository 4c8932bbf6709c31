package dev.parley.launcher.bench.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * A TCP proxy that does to answers what networks do: cuts them, lets them trickle, or holds them for ever with the connection
 * open. Each connection gets the treatment that its number, from 0, is given. Requests pass as they are.
 */
final class FaultyProxy implements AutoCloseable {

    private static final int SMALL_BUFFER_BYTES = 4 * 1024;
    private static final int BACKLOG = 256;

    /** What happens to the answer of one connection. */
    sealed interface Treatment {
        /** Passes. */
        record Pass() implements Treatment {}

        /** Is cut after that many bytes. */
        record CutAfterBytes(int bytes) implements Treatment {}

        /** Is cut right after that many frames of an event stream; the one of the opening does not count. */
        record CutAfterFrames(int frames) implements Treatment {}

        /** Comes a byte at a time. */
        record Trickle(Duration perByte) implements Treatment {}

        /** Comes for that many bytes; then nothing is read or closed any more, as with a peer that lost its network. */
        record HalfOpenAfter(int bytes) implements Treatment {}
    }

    private final URI upstream;
    private final IntFunction<Treatment> treatments;
    private final int port;
    private volatile ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile boolean healthy;

    private FaultyProxy(URI upstream, IntFunction<Treatment> treatments) throws IOException {
        this.upstream = upstream;
        this.treatments = treatments;
        this.port = Cluster.freePort();
        this.listener = listen();
    }

    private ServerSocket listen() throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
        return socket;
    }

    static FaultyProxy before(URI upstream, IntFunction<Treatment> treatments) {
        try {
            FaultyProxy proxy = new FaultyProxy(upstream, treatments);
            Thread.ofVirtual().name("proxy-accept").start(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    int connections() {
        return connections.get();
    }

    /** Ends all connections; those that come from now on pass. */
    void heal() {
        healthy = true;
        sockets.forEach(FaultyProxy::closeQuietly);
    }

    /** From now on connections are refused, and those that there are end. */
    void shut() {
        closeQuietly(listener);
        sockets.forEach(FaultyProxy::closeQuietly);
    }

    /** Takes connections again after {@link #shut}. */
    void open() {
        try {
            listener = listen();
            Thread.ofVirtual().name("proxy-accept").start(this::accept);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void accept() {
        ServerSocket accepting = listener;
        while (!accepting.isClosed()) {
            try {
                Socket client = accepting.accept();
                Treatment treatment = treatments.apply(connections.getAndIncrement());
                if (healthy) {
                    treatment = new Treatment.Pass();
                }
                connect(client, treatment);
            } catch (IOException e) {
                // Closed.
            }
        }
    }

    private void connect(Socket client, Treatment treatment) {
        Socket server = new Socket();
        try {
            if (treatment instanceof Treatment.Trickle || treatment instanceof Treatment.HalfOpenAfter) {
                // Otherwise this machine's buffers would take megabytes in the place of the client.
                server.setReceiveBufferSize(SMALL_BUFFER_BYTES);
            }
            sockets.add(client);
            sockets.add(server);
            server.connect(new InetSocketAddress(upstream.getHost(), upstream.getPort()));
            Thread.ofVirtual().name("proxy-requests").start(() -> requests(client, server));
            Thread.ofVirtual().name("proxy-answers").start(() -> answers(server, client, treatment));
        } catch (IOException e) {
            closeQuietly(client);
            closeQuietly(server);
        }
    }

    private static void requests(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // One side left; so does the other.
        }
        closeQuietly(to);
    }

    private void answers(Socket from, Socket to, Treatment treatment) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            switch (treatment) {
                case Treatment.Pass() -> in.transferTo(out);
                case Treatment.CutAfterBytes(int bytes) -> {
                    pass(in, out, bytes);
                }
                case Treatment.CutAfterFrames(int frames) -> passFrames(in, out, frames);
                case Treatment.Trickle(Duration perByte) -> {
                    for (int next = in.read(); next >= 0; next = in.read()) {
                        out.write(next);
                        Thread.sleep(perByte);
                    }
                }
                case Treatment.HalfOpenAfter(int bytes) -> {
                    pass(in, out, bytes);
                    return; // Neither side is closed.
                }
            }
        } catch (IOException e) {
            // One side left; so does the other.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeQuietly(from);
        closeQuietly(to);
    }

    private static void pass(InputStream in, OutputStream out, int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            int next = in.read();
            if (next < 0) {
                return;
            }
            out.write(next);
        }
    }

    /** A frame has a line of data and ends with an empty line, whatever chunks the bytes come in. */
    private static void passFrames(InputStream in, OutputStream out, int frames) throws IOException {
        String mark = "\ndata: ";
        int matched = 0;
        boolean inData = false;
        int last = 0;
        int seen = 0;
        for (int next = in.read(); next >= 0; next = in.read()) {
            out.write(next);
            matched = next == mark.charAt(matched) ? matched + 1 : next == mark.charAt(0) ? 1 : 0;
            if (matched == mark.length()) {
                inData = true;
                matched = 0;
            }
            if (inData && next == '\n' && last == '\n') {
                inData = false;
                if (++seen == frames) {
                    out.flush();
                    return;
                }
            }
            last = next;
        }
    }

    private static void closeQuietly(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            // It is gone anyway.
        }
    }

    @Override
    public void close() {
        closeQuietly(listener);
        sockets.forEach(FaultyProxy::closeQuietly);
    }
}
