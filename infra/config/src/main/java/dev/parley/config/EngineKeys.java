package dev.parley.config;

import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.schemas.files.Attachments;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Keys that several kinds of engines have. */
final class EngineKeys {

    static final int USUAL_CONCURRENCY = 256;
    static final int USUAL_FIRST_TOKEN_MILLIS = 120_000;
    static final int USUAL_IDLE_MILLIS = 60_000;
    static final int USUAL_RETRIES = 2;

    private static final int MAX_ENDPOINTS = 32;
    private static final int MAX_URL_CHARS = 1_000;
    private static final int MAX_MODEL_CHARS = 200;
    private static final int MAX_TIMEOUT_MILLIS = 60 * 60 * 1_000;
    private static final int MIN_CONTEXT = 256;
    private static final int MAX_CONTEXT = 100_000_000;
    private static final int MAX_CONCURRENCY = 100_000;
    private static final int MAX_RETRIES = 10;
    private static final double MAX_PRICE = 1_000_000;

    private static final Pattern VARIABLE = Pattern.compile("[A-Z_][A-Z0-9_]{0,99}");

    /** In capitals alone, as variables are, but in one long piece with digits. */
    private static final Pattern KEY_IN_CAPITALS = Pattern.compile("(?=.*\\d)[A-Z0-9]{16,}");

    static final EngineKey MODEL = EngineKey.plain(
            "model",
            (section, engine) -> engine.setModel(
                    section.text("model", MAX_MODEL_CHARS).map(String::strip).orElse(null)),
            EngineConfiguration::getModel);

    static final EngineKey ENDPOINTS = EngineKey.plain(
            "endpoints",
            (section, engine) -> engine.setEndpoints(endpoints(section)),
            engine -> engine.getEndpoints().isEmpty() ? null : engine.getEndpoints());

    static final EngineKey KEY = EngineKey.plain(
            "key",
            (section, engine) -> engine.setKeyVariable(keyVariable(section).orElse(null)),
            EngineConfiguration::getKeyVariable);

    static final EngineKey CONTEXT = EngineKey.plain(
            "context",
            (section, engine) -> engine.setContextTokens(section.integer("context", MIN_CONTEXT, MAX_CONTEXT)),
            EngineConfiguration::getContextTokens);

    static final EngineKey CONCURRENCY = EngineKey.plain(
            "concurrency",
            (section, engine) ->
                    engine.setConcurrency(or(section.integer("concurrency", 1, MAX_CONCURRENCY), USUAL_CONCURRENCY)),
            engine -> unless(USUAL_CONCURRENCY, engine.getConcurrency()));

    static final EngineKey TIMEOUTS = EngineKey.mapping(
            "timeouts",
            Keys.of("engines.NAME.timeouts", "first-token", "idle"),
            (timeouts, engine) -> engine.setFirstTokenTimeoutMillis(
                            patience(timeouts, "first-token", USUAL_FIRST_TOKEN_MILLIS))
                    .setIdleTimeoutMillis(patience(timeouts, "idle", USUAL_IDLE_MILLIS)),
            engine -> mapping(
                    "first-token",
                    duration(USUAL_FIRST_TOKEN_MILLIS, engine.getFirstTokenTimeoutMillis()),
                    "idle",
                    duration(USUAL_IDLE_MILLIS, engine.getIdleTimeoutMillis())));

    static final EngineKey RETRIES = EngineKey.plain(
            "retries",
            (section, engine) -> engine.setRetries(or(section.integer("retries", 0, MAX_RETRIES), USUAL_RETRIES)),
            engine -> unless(USUAL_RETRIES, engine.getRetries()));

    static final EngineKey PRICE = EngineKey.mapping(
            "price",
            Keys.of("engines.NAME.price", "input", "cached-input", "output"),
            (price, engine) -> engine.setInputPrice(price.decimal("input", 0, MAX_PRICE))
                    .setCachedInputPrice(price.decimal("cached-input", 0, MAX_PRICE))
                    .setOutputPrice(price.decimal("output", 0, MAX_PRICE)),
            engine -> mapping(
                    "input",
                    engine.getInputPrice(),
                    "cached-input",
                    engine.getCachedInputPrice(),
                    "output",
                    engine.getOutputPrice()));

    static final EngineKey ACCEPTS = EngineKey.plain(
            "accepts",
            (section, engine) -> engine.setAccepts(accepts(section)),
            engine -> engine.getAccepts().isEmpty() ? null : engine.getAccepts());

    /** Of engines that are servers. */
    static final List<EngineKey> OF_SERVERS =
            List.of(MODEL, ENDPOINTS, KEY, CONTEXT, CONCURRENCY, TIMEOUTS, RETRIES, PRICE, ACCEPTS, DialectKey.DIALECT);

    private EngineKeys() {}

    private static int or(@Nullable Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }

    private static @Nullable Object unless(int usual, int value) {
        return value == usual ? null : value;
    }

    private static @Nullable Object duration(int usual, int millis) {
        return millis == usual ? null : Durations.text(millis);
    }

    /**
     * A mapping of what does not go without saying; null where nothing is left.
     *
     * @param keysAndValues a key and its value, which may be null, in turns
     */
    static @Nullable Object mapping(@Nullable Object... keysAndValues) {
        Map<String, Object> mapping = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            Object value = keysAndValues[i + 1];
            if (value != null) {
                mapping.put(String.valueOf(keysAndValues[i]), value);
            }
        }
        return mapping.isEmpty() ? null : mapping;
    }

    private static int patience(Section timeouts, String key, int otherwise) {
        Integer millis = timeouts.millis(key, MAX_TIMEOUT_MILLIS);
        if (millis != null && millis == 0) {
            timeouts.problem(key, "must be longer than zero");
        }
        return or(millis, otherwise);
    }

    private static Optional<String> keyVariable(Section section) {
        return section.text("key", MAX_URL_CHARS).filter(name -> {
            boolean named = VARIABLE.matcher(name).matches();
            if ((!named && Words.looksSecret(name))
                    || KEY_IN_CAPITALS.matcher(name).matches()) {
                section.problem(
                        "key",
                        "looks like a key itself, which must not be in this file (it is not repeated here): put the key"
                                + " into an environment variable of the workers, and its NAME here");
                return false;
            }
            if (!named) {
                section.problem(
                        "key",
                        "must be the NAME of an environment variable of the workers, of A-Z 0-9 _, such as"
                                + " LOCAL_API_KEY (what is there is not repeated here)");
                return false;
            }
            return true;
        });
    }

    /** What the model takes beside text; without repeats, in one order. */
    private static List<String> accepts(Section section) {
        List<String> named = new ArrayList<>();
        section.texts("accepts", Attachments.KINDS.size(), MAX_MODEL_CHARS)
                .orElse(List.of())
                .forEach(kind -> {
                    if (Attachments.KINDS.contains(kind.value())) {
                        named.add(kind.value());
                    } else {
                        section.problem(
                                kind.line(),
                                "accepts",
                                "holds " + Words.quoted(kind.value()) + ", which is none of "
                                        + String.join(", ", Attachments.KINDS));
                    }
                });
        return Attachments.KINDS.stream().filter(named::contains).toList();
    }

    private static List<String> endpoints(Section section) {
        List<String> endpoints = new ArrayList<>();
        section.texts("endpoints", MAX_ENDPOINTS, MAX_URL_CHARS)
                .orElse(List.of())
                .forEach(endpoint -> {
                    String wrong = wrong(endpoint.value());
                    if (wrong == null) {
                        endpoints.add(endpoint.value());
                    } else {
                        section.problem(endpoint.line(), "endpoints", wrong);
                    }
                });
        return endpoints;
    }

    /** What is wrong with a URL, without repeating what may be secret; null where nothing is. */
    private static @Nullable String wrong(String url) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            return "holds a text that is not a URL such as http://127.0.0.1:8000/v1";
        }
        if (uri.getRawAuthority() != null && uri.getRawAuthority().contains("@")) {
            return "holds a URL with a user or password, which must not be in this file (it is not repeated here): name"
                    + " an environment variable under 'key'";
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            return "holds a URL with '?' or '#' (it is not repeated here): base URLs end with the version, and keys go"
                    + " into an environment variable that 'key' names";
        }
        boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
        if (!http || uri.getHost() == null || uri.getPort() > 65_535) {
            return "holds " + Words.quoted(url) + ", which is not an http URL such as http://127.0.0.1:8000/v1";
        }
        return null;
    }
}
