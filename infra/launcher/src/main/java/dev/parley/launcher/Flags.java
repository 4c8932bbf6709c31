package dev.parley.launcher;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Flags that stand for environment variables: one table of both, so that a flag always wins over its variable and help
 * names the two together.
 */
final class Flags {

    private final Map<String, String> values = new HashMap<>();

    /** What the flags say, by the names of their environment variables. */
    Map<String, String> values() {
        return values;
    }

    private void set(String key, @Nullable String value) {
        if (value != null) {
            values.put(key, value);
        }
    }

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "Web page and API; 0: any free one. Environment: PARLEY_HTTP_PORT. Default: 8080.")
    void httpPort(String value) {
        set("PARLEY_HTTP_PORT", value);
    }

    @Option(
            names = "--http-host",
            paramLabel = "ADDRESS",
            description = "Address to listen on; other than loopback only with PARLEY_API_KEYS."
                    + " Environment: PARLEY_HTTP_HOST. Default: 127.0.0.1.")
    void httpHost(String value) {
        set("PARLEY_HTTP_HOST", value);
    }

    @Option(
            names = "--llm-base-url",
            paramLabel = "URL",
            description = "An OpenAI-compatible model server, such as http://127.0.0.1:11434/v1."
                    + " Environment: PARLEY_LLM_BASE_URL.")
    void llmBaseUrl(String value) {
        set("PARLEY_LLM_BASE_URL", value);
    }

    @Option(
            names = "--llm-model",
            paramLabel = "NAME",
            description = "The model to ask for. Environment: PARLEY_LLM_MODEL.")
    void llmModel(String value) {
        set("PARLEY_LLM_MODEL", value);
    }

    @Option(
            names = "--metrics-host",
            paramLabel = "ADDRESS",
            description = "Where --metrics-port listens. Environment: PARLEY_METRICS_HOST. Default: 127.0.0.1.")
    void metricsHost(String value) {
        set("PARLEY_METRICS_HOST", value);
    }

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description = "Health and metrics of a process without the HTTP front door."
                    + " Environment: PARLEY_METRICS_PORT. Default: none.")
    void metricsPort(String value) {
        set("PARLEY_METRICS_PORT", value);
    }
}
