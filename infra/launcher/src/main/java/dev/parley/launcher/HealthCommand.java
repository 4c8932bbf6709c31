package dev.parley.launcher;

import dev.parley.schemas.settings.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Asks a process of this machine how it is, in the process's own environment: what a container without a shell is looked
 * after by.
 */
@Command(
        name = "health",
        description = {
            "Say whether a process on this machine can do its work: what its /health/ready answers,",
            "on PARLEY_METRICS_PORT where that is set, else on PARLEY_HTTP_PORT. Exit status 0: it can; 1: not now."
        },
        mixinStandardHelpOptions = true)
final class HealthCommand implements Callable<Integer> {

    /** Less than the patience of those who ask by this command. */
    private static final int TIMEOUT_MILLIS = 4_000;

    @Option(names = "--live", description = "Whether it lives, rather than whether it is ready.")
    private boolean live;

    private final Map<String, String> environment;

    HealthCommand() {
        this(System.getenv());
    }

    HealthCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        Settings settings = Settings.of(environment);
        int metrics = settings.port("PARLEY_METRICS_PORT", -1);
        String host = metrics >= 0
                ? settings.string("PARLEY_METRICS_HOST", "127.0.0.1")
                : settings.string("PARLEY_HTTP_HOST", "127.0.0.1");
        int port = metrics >= 0 ? metrics : settings.port("PARLEY_HTTP_PORT", 8080);
        settings.check();
        URI address = URI.create("http://" + reachable(host) + ":" + port + (live ? "/health/live" : "/health/ready"));
        try {
            HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            boolean well = connection.getResponseCode() == HttpURLConnection.HTTP_OK;
            try (InputStream body = well ? connection.getInputStream() : connection.getErrorStream()) {
                if (body != null) {
                    System.out.println(new String(body.readAllBytes(), StandardCharsets.UTF_8).strip());
                }
            }
            return well ? CommandLine.ExitCode.OK : Parley.FAILED;
        } catch (IOException e) {
            throw new CommandFailedException("nothing answers at " + address + ": " + e.getMessage(), e);
        }
    }

    /** Whoever listens on all addresses is reached on loopback's. */
    private static String reachable(String host) {
        return switch (host) {
            case "0.0.0.0" -> "127.0.0.1";
            case "::", "[::]" -> "[::1]";
            default -> host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
        };
    }
}
