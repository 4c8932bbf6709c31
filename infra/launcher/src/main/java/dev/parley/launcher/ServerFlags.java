package dev.parley.launcher;

import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a running server is, and by which key it lets in: for the commands that are its clients. */
final class ServerFlags {

    private static final int USUAL_PORT = 8080;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "The server. Environment: PARLEY_URL. Default: http://127.0.0.1:<http port>.",
            defaultValue = "${env:PARLEY_URL}")
    private @Nullable String url;

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "Port of a server on this machine. Environment: PARLEY_HTTP_PORT. Default: 8080.",
            defaultValue = "${env:PARLEY_HTTP_PORT}")
    private @Nullable Integer httpPort;

    @Option(
            names = {"--api-key", "--key"},
            paramLabel = "KEY",
            description = "Environment: PARLEY_API_KEY.",
            defaultValue = "${env:PARLEY_API_KEY}")
    private @Nullable String apiKey;

    URI server() {
        String address =
                url != null && !url.isBlank() ? url : "http://127.0.0.1:" + (httpPort == null ? USUAL_PORT : httpPort);
        try {
            return URI.create(address);
        } catch (IllegalArgumentException e) {
            throw new CommandFailedException("--url is not a URL: " + address, e);
        }
    }

    Optional<String> apiKey() {
        return Optional.ofNullable(apiKey);
    }
}
