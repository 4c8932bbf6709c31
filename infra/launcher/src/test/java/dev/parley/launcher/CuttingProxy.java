package dev.parley.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network that breaks once: the first connection on which the server has sent {@code mark} {@code count} times is cut
 * right there, every other is left alone.
 */
final class CuttingProxy implements AutoCloseable {

    private final URI upstream;
    private final String mark;
    private final int count;
    private final ServerSocket listener;
    private final AtomicInteger cuts = new AtomicInteger();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    CuttingProxy(String upstream, String mark, int count) {
        this.upstream = URI.create(upstream);
        this.mark = mark;
        this.count = count;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("proxy-accept").start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    int cuts() {
        return cuts.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(upstream.getHost(), upstream.getPort());
                sockets.add(client);
                sockets.add(server);
                Thread.ofVirtual().start(() -> requests(client, server));
                Thread.ofVirtual().start(() -> answers(server, client));
            } catch (IOException e) {
                // Closed, or the server is gone: its clients see that.
            }
        }
    }

    private void requests(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // One side left; so does the other.
        }
    }

    private void answers(Socket from, Socket to) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            StringBuilder window = new StringBuilder();
            int seen = 0;
            for (int next = in.read(); next >= 0; next = in.read()) {
                out.write(next);
                window.append((char) next);
                if (window.length() > mark.length()) {
                    window.deleteCharAt(0);
                }
                if (window.toString().equals(mark) && ++seen == count && cuts.compareAndSet(0, 1)) {
                    out.flush();
                    return;
                }
            }
        } catch (IOException e) {
            // One side left; so does the other.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
