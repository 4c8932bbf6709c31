package dev.parley.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A TCP proxy that does to answers what networks do: cuts them, lets them trickle, or holds them for ever with the connection
 * open. Each connection gets the treatment that its number, from 0, is given. Requests pass as they are.
 */
final class FaultyProxy implements AutoCloseable {

    private static final int SMALL_BUFFER_BYTES = 4 * 1024;
    private static final int PIECE_BYTES = 16 * 1024;
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

    /** The first bytes of one side that contain a mark, kept back until {@link #release}; everything else passes. */
    static final class Hold {
        private final boolean ofAnswers;
        private final byte[] mark;
        private final CountDownLatch taken = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);
        private final AtomicBoolean used = new AtomicBoolean();

        private Hold(boolean ofAnswers, String mark) {
            this.ofAnswers = ofAnswers;
            this.mark = mark.getBytes(StandardCharsets.ISO_8859_1);
        }

        /** Whether such bytes have come, and are kept. */
        boolean holds() {
            return taken.getCount() == 0;
        }

        void release() {
            released.countDown();
        }

        private void meet(boolean answer, byte[] bytes, int length) throws InterruptedException {
            if (answer == ofAnswers && isIn(bytes, length) && used.compareAndSet(false, true)) {
                taken.countDown();
                released.await();
            }
        }

        private boolean isIn(byte[] bytes, int length) {
            for (int from = 0; from + mark.length <= length; from++) {
                if (Arrays.equals(bytes, from, from + mark.length, mark, 0, mark.length)) {
                    return true;
                }
            }
            return false;
        }
    }

    private final URI upstream;
    private final IntFunction<Treatment> treatments;
    private final int port;
    private volatile ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger cuts = new AtomicInteger();
    private volatile boolean healthy;
    private volatile @Nullable Hold hold;

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
            throw new UncheckedIOException(e);
        }
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    int connections() {
        return connections.get();
    }

    /** How many connections were cut, as their treatment says. */
    int cuts() {
        return cuts.get();
    }

    /** Keeps back the next answer, of a connection that passes, that has a mark in one piece of it. */
    Hold holdAnswer(String mark) {
        return hold(new Hold(true, mark));
    }

    /** Keeps back the next request, of a connection that passes, that has a mark in one piece of it. */
    Hold holdRequest(String mark) {
        return hold(new Hold(false, mark));
    }

    private Hold hold(Hold next) {
        hold = next;
        return next;
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
            throw new UncheckedIOException(e);
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

    private void requests(Socket from, Socket to) {
        try {
            pass(from.getInputStream(), to.getOutputStream(), false);
        } catch (IOException e) {
            // One side left; so does the other.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeQuietly(to);
    }

    private void answers(Socket from, Socket to, Treatment treatment) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            switch (treatment) {
                case Treatment.Pass() -> pass(in, out, true);
                case Treatment.CutAfterBytes(int bytes) -> cut(passBytes(in, out, bytes));
                case Treatment.CutAfterFrames(int frames) -> cut(passFrames(in, out, frames));
                case Treatment.Trickle(Duration perByte) -> {
                    for (int next = in.read(); next >= 0; next = in.read()) {
                        out.write(next);
                        Thread.sleep(perByte);
                    }
                }
                case Treatment.HalfOpenAfter(int bytes) -> {
                    boolean _ = passBytes(in, out, bytes);
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

    private void cut(boolean before) {
        if (before) {
            cuts.incrementAndGet();
        }
    }

    private void pass(InputStream in, OutputStream out, boolean answer) throws IOException, InterruptedException {
        byte[] buffer = new byte[PIECE_BYTES];
        for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
            Hold holding = hold;
            if (holding != null) {
                holding.meet(answer, buffer, length);
            }
            out.write(buffer, 0, length);
        }
    }

    /** False where the answer ended before that. */
    private static boolean passBytes(InputStream in, OutputStream out, int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            int next = in.read();
            if (next < 0) {
                return false;
            }
            out.write(next);
        }
        return true;
    }

    /**
     * A frame has a line of data and ends with an empty line, whatever chunks the bytes come in. False where the answer ended
     * before that many.
     */
    private static boolean passFrames(InputStream in, OutputStream out, int frames) throws IOException {
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
                    return true;
                }
            }
            last = next;
        }
        return false;
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
