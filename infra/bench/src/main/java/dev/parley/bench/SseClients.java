package dev.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Many readers of an event stream in one thread, as a process of its own, whose memory and processor time are not the
 * server's. Arguments: port, path, connections. Prints {@code open} when all streams have begun, and a line each time that
 * every stream has brought another frame. Ends with standard input.
 */
final class SseClients {

    /** In each frame once, and nowhere else in what a server sends. */
    static final byte MARK = '#';

    private static final int CONNECTIONS_AT_ONCE = 64;
    private static final int BUFFER_BYTES = 64 * 1024;

    private SseClients() {}

    /** One stream. */
    private static final class Stream {
        private long frames;
        private boolean begun;
    }

    public static void main(String[] arguments) throws IOException {
        InetSocketAddress server =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
        byte[] request = ("GET " + arguments[1] + " HTTP/1.1\r\nHost: 127.0.0.1:" + arguments[0]
                        + "\r\nAccept: text/event-stream\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        int wanted = Integer.parseInt(arguments[2]);
        Thread.ofPlatform().daemon().start(SseClients::endWithParent);
        List<Stream> streams = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try (Selector selector = Selector.open()) {
            int begun = 0;
            long told = 0;
            long behind = wanted;
            while (true) {
                while (streams.size() < wanted && streams.size() - begun < CONNECTIONS_AT_ONCE) {
                    SocketChannel channel = SocketChannel.open(server);
                    channel.write(ByteBuffer.wrap(request));
                    channel.configureBlocking(false);
                    Stream stream = new Stream();
                    channel.register(selector, SelectionKey.OP_READ, stream);
                    streams.add(stream);
                }
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    Stream stream = (Stream) key.attachment();
                    buffer.clear();
                    int bytes = ((SocketChannel) key.channel()).read(buffer);
                    if (bytes < 0) {
                        System.out.println("closed");
                        return;
                    }
                    if (!stream.begun) {
                        stream.begun = true;
                        begun++;
                        if (!new String(bytes(buffer), StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200")) {
                            System.out.println("refused");
                            return;
                        }
                        if (begun == wanted) {
                            System.out.println("open");
                        }
                    }
                    for (int i = 0; i < bytes; i++) {
                        if (buffer.get(i) == MARK) {
                            // One that has what all the others wait for.
                            if (stream.frames == told) {
                                behind--;
                            }
                            stream.frames++;
                        }
                    }
                }
                selector.selectedKeys().clear();
                while (behind == 0) {
                    told++;
                    long next = told;
                    System.out.println(told);
                    behind = streams.stream()
                            .filter(stream -> stream.frames <= next)
                            .count();
                }
            }
        }
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.position()];
        buffer.get(0, bytes);
        return bytes;
    }

    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is ever sent.
            }
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
        Runtime.getRuntime().halt(0);
    }
}
