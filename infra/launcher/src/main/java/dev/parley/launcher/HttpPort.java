package dev.parley.launcher;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Whether the front door will find its port free. */
final class HttpPort {

    private HttpPort() {}

    /**
     * Checks a port before slow work begins; another process may still take it afterwards.
     *
     * @throws CommandFailedException naming port and flag
     */
    static void checkFree(String host, int port) {
        if (port == 0) {
            return;
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
        } catch (IOException e) {
            throw new CommandFailedException(
                    "port " + port + ", meant for the web page and API, is taken by another process:"
                            + " stop that process, or choose another port with --http-port",
                    e);
        }
    }
}
