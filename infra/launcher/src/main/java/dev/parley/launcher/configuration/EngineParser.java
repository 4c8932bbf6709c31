package dev.parley.launcher.configuration;

import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.schemas.configuration.BuiltInConfiguration;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the engines of a file. */
final class EngineParser {

    static final int MAX_ENGINES = 100;
    static final int CONCURRENCY = 256;
    static final int FIRST_TOKEN_MILLIS = 120_000;
    static final int IDLE_MILLIS = 60_000;
    static final int RETRIES = 2;

    static final String ANTHROPIC = "https://api.anthropic.com/v1";

    private static final int MAX_ENDPOINTS = 32;
    private static final int MAX_URL_CHARS = 1_000;
    private static final int MAX_MODEL_CHARS = 200;
    private static final int MAX_SCRIPT_CHARS = 32 * 1024;
    private static final int MAX_TIMEOUT_MILLIS = 60 * 60 * 1_000;
    private static final int MAX_PACE_MILLIS = 60_000;
    private static final int MIN_CONTEXT = 256;
    private static final int MAX_CONTEXT = 100_000_000;
    private static final int MAX_CONCURRENCY = 100_000;
    private static final int MAX_RETRIES = 10;
    private static final double MAX_PRICE = 1_000_000;

    private static final Pattern VARIABLE = Pattern.compile("[A-Z_][A-Z0-9_]{0,99}");

    /** In capitals alone, as variables are, but in one long piece with digits. */
    private static final Pattern KEY_IN_CAPITALS = Pattern.compile("(?=.*\\d)[A-Z0-9]{16,}");

    private static final Map<String, EngineKind> KINDS = kinds();

    private final Problems problems;

    EngineParser(Problems problems) {
        this.problems = problems;
    }

    private static Map<String, EngineKind> kinds() {
        Map<String, EngineKind> kinds = new LinkedHashMap<>();
        for (EngineKind kind : EngineKind.values()) {
            if (kind != EngineKind.UNKNOWN) {
                kinds.put(kind.name().toLowerCase(Locale.ROOT), kind);
            }
        }
        return kinds;
    }

    EngineConfiguration engine(String name, Section section) {
        Optional<EngineKind> kind = section.choice("kind", KINDS);
        if (!section.has("kind")) {
            section.problem("kind", "is missing: one of " + String.join(", ", KINDS.keySet()));
        }
        if (name.equals(BuiltInConfiguration.EXTRACTIVE)
                && kind.orElse(EngineKind.EXTRACTIVE) != EngineKind.EXTRACTIVE) {
            section.problem("kind", "must be extractive: every worker has the engine of that name by itself");
        }
        boolean hasEndpoints = section.has("endpoints");
        List<String> endpoints = endpoints(section);
        kind.ifPresent(known -> checkFor(known, section));
        if (kind.equals(Optional.of(EngineKind.ANTHROPIC)) && !hasEndpoints) {
            endpoints = List.of(ANTHROPIC);
        }
        Section timeouts = section.section("timeouts", Keys.TIMEOUTS)
                .orElseGet(() -> Section.empty(Mapping.at(section.path(), "timeouts"), 0, problems));
        Section price = section.section("price", Keys.PRICE)
                .orElseGet(() -> Section.empty(Mapping.at(section.path(), "price"), 0, problems));
        return new EngineConfiguration(
                name,
                kind.orElse(EngineKind.UNKNOWN),
                section.text("model", MAX_MODEL_CHARS).map(String::strip).orElse(null),
                endpoints,
                keyVariable(section).orElse(null),
                section.integer("context", MIN_CONTEXT, MAX_CONTEXT),
                or(section.integer("concurrency", 1, MAX_CONCURRENCY), CONCURRENCY),
                patience(timeouts, "first-token", FIRST_TOKEN_MILLIS),
                patience(timeouts, "idle", IDLE_MILLIS),
                or(section.integer("retries", 0, MAX_RETRIES), RETRIES),
                price.decimal("input", 0, MAX_PRICE),
                price.decimal("output", 0, MAX_PRICE),
                section.text("script", MAX_SCRIPT_CHARS)
                        .map(String::stripTrailing)
                        .orElse(null),
                or(section.millis("pace", MAX_PACE_MILLIS), 0),
                null,
                null);
    }

    private static int or(@Nullable Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }

    private static int patience(Section timeouts, String key, int otherwise) {
        Integer millis = timeouts.millis(key, MAX_TIMEOUT_MILLIS);
        if (millis != null && millis == 0) {
            timeouts.problem(key, "must be longer than nothing");
        }
        return or(millis, otherwise);
    }

    /** What each kind needs, and what has no meaning for it. */
    private static void checkFor(EngineKind kind, Section section) {
        switch (kind) {
            case OPENAI -> {
                need(section, kind, "endpoints", "the base URLs of the model server, such as http://127.0.0.1:8000/v1");
                refuse(section, kind, "script", "pace");
            }
            case ANTHROPIC -> {
                need(section, kind, "model", "the name of the model to ask for");
                refuse(section, kind, "script", "pace");
            }
            case EXTRACTIVE ->
                refuse(section, kind, "model", "endpoints", "key", "timeouts", "retries", "price", "script", "pace");
            case SCRIPTED -> {
                need(section, kind, "script", "what it is to say");
                refuse(section, kind, "model", "endpoints", "key", "timeouts", "retries");
            }
            case UNKNOWN -> {} // Of no file.
        }
    }

    private static void need(Section section, EngineKind kind, String key, String what) {
        if (!section.has(key)) {
            section.problem(key, "is missing: kind " + name(kind) + " needs " + what);
        }
    }

    private static void refuse(Section section, EngineKind kind, String... keys) {
        for (String key : keys) {
            if (section.has(key)) {
                section.problem(key, "has no meaning for kind " + name(kind));
            }
        }
    }

    private static String name(EngineKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
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

    private List<String> endpoints(Section section) {
        List<String> endpoints = new ArrayList<>();
        section.texts("endpoints", MAX_ENDPOINTS, MAX_URL_CHARS)
                .orElse(List.of())
                .forEach(endpoint -> {
                    String wrong = wrong(endpoint.value());
                    if (wrong == null) {
                        endpoints.add(endpoint.value());
                    } else {
                        problems.add(endpoint.line(), Mapping.at(section.path(), "endpoints"), wrong);
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
            return "holds what is no URL: such as http://127.0.0.1:8000/v1 is";
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
            return "holds " + Words.quoted(url) + ", which is no http URL such as http://127.0.0.1:8000/v1";
        }
        return null;
    }
}
