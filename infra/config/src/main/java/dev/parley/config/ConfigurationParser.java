package dev.parley.config;

import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.RetrievalConfiguration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.RouteLimits;
import dev.parley.schemas.routes.BuiltInConfiguration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Makes a configuration of one file, noting everything that is wrong with it. */
final class ConfigurationParser {

    static final int MAX_ROUTES = 200;
    static final int MAX_EXAMPLES = 200;
    static final int MAX_PROMPT_CHARS = 32 * 1024;

    /** Confidence from which on a found intent counts, where the file does not say. */
    static final double THRESHOLD = 0.5;

    static final int CLASSIFIER_TIMEOUT_MILLIS = 5_000;

    private static final int MAX_CLASSIFIER_TIMEOUT_MILLIS = 60_000;
    private static final int MAX_PREFIXES = 50;
    private static final int MAX_PREFIX_CHARS = 100;
    private static final int MAX_EXAMPLE_CHARS = 500;
    private static final int MAX_DESCRIPTION_CHARS = 2_000;
    private static final int MAX_FALLBACKS = 10;
    private static final int MAX_TOOLS = 200;
    private static final int MAX_NAME_CHARS = 100;
    private static final int MAX_PASSAGES = 100;
    private static final int MAX_TOKENS = 10_000_000;

    private static final String NAME_RULE = "1 to 100 of A-Z a-z 0-9 . _ : / -";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:/-]{1,100}");
    private static final Pattern TOOL = Pattern.compile("[A-Za-z0-9._-]{1,100}");
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([^{}]*)}}");
    private static final Pattern KNOWN_PLACEHOLDER =
            Pattern.compile("intent|workspace|date|metadata\\.[^{}\\s]{1,100}");

    private static final Map<String, ClassifierKind> CLASSIFIER_KINDS = kinds();

    private final Problems problems;

    /** Whose they are, by what a question is compared with. */
    private final Map<String, String> prefixes = new HashMap<>();

    private final Map<String, String> examples = new HashMap<>();

    ConfigurationParser(Problems problems) {
        this.problems = problems;
    }

    private static Map<String, ClassifierKind> kinds() {
        Map<String, ClassifierKind> kinds = new LinkedHashMap<>();
        for (ClassifierKind kind : ClassifierKind.values()) {
            kinds.put(kind.name().toLowerCase(Locale.ROOT), kind);
        }
        return kinds;
    }

    Configuration configuration(Section file, String origin) {
        List<EngineConfiguration> engines = new ArrayList<>();
        Set<String> engineNames =
                new TreeSet<>(Set.of(BuiltInConfiguration.DEFAULT_ENGINE, BuiltInConfiguration.EXTRACTIVE));
        named(file, "engines", EngineParser.MAX_ENGINES).forEach((name, entry) -> {
            engineNames.add(name);
            engines.add(EngineParser.engine(name, section("engines", name, entry, EngineSyntaxes.ENGINE)));
        });
        List<RouteConfiguration> routes = new ArrayList<>();
        Map<String, Mapping.Entry> routeEntries = named(file, "routes", MAX_ROUTES);
        routeEntries.forEach((intent, entry) ->
                routes.add(route(intent, section("routes", intent, entry, Keys.ROUTE), engineNames)));
        if (!file.has("routes")) {
            routes.add(BuiltInConfiguration.route(BuiltInConfiguration.INTENT));
        } else if (file.node("routes").orElse(null) instanceof MappingNode mapping
                && mapping.getValue().isEmpty()) {
            file.problem("routes", "must hold at least one route");
        }
        String defaultIntent = defaultIntent(file, routes);
        return new Configuration(
                "",
                ConfigurationFile.NO_TIME,
                origin,
                defaultIntent,
                classifier(file, routes, defaultIntent, engineNames),
                routes,
                engines);
    }

    /** What {@code key} holds by names, sorted, so that their order has no part in the version. */
    private Map<String, Mapping.Entry> named(Section file, String key, int max) {
        Map<String, Mapping.Entry> named = new TreeMap<>();
        Optional<Node> node = file.node(key);
        if (node.isEmpty()) {
            return named;
        }
        Mapping mapping = Mapping.of(key, node.get(), problems);
        if (mapping.entries().size() > max) {
            file.problem(key, "holds " + mapping.entries().size() + ": at most " + max);
            return named;
        }
        mapping.entries().forEach((name, entry) -> {
            if (NAME.matcher(name).matches()) {
                named.put(name, entry);
            } else {
                problems.add(entry.line(), Mapping.at(key, name), "is not a valid name: names are " + NAME_RULE);
            }
        });
        return named;
    }

    private Section section(String key, String name, Mapping.Entry entry, Keys keys) {
        String path = Mapping.at(key, name);
        return YamlText.isNull(entry.value())
                ? Section.empty(path, entry.line(), problems)
                : Section.of(path, entry.value(), keys, problems);
    }

    private String defaultIntent(Section file, List<RouteConfiguration> routes) {
        List<String> intents =
                routes.stream().map(RouteConfiguration::getIntent).toList();
        Optional<String> named = file.text("default-route", MAX_NAME_CHARS);
        named.filter(intent -> !intents.contains(intent))
                .ifPresent(intent -> file.problem(
                        "default-route",
                        "there is no route " + Words.quoted(intent) + ": known are " + String.join(", ", intents)));
        if (!file.has("default-route") && intents.size() > 1) {
            problems.add(
                    0,
                    "default-route",
                    "is missing: name the route of questions that fit no other, one of " + String.join(", ", intents));
        }
        return named.orElseGet(() -> intents.isEmpty() ? BuiltInConfiguration.INTENT : intents.getFirst());
    }

    private Classifier classifier(
            Section file, List<RouteConfiguration> routes, String defaultIntent, Set<String> engines) {
        Section section = file.section("classifier", Keys.CLASSIFIER)
                .orElseGet(() -> Section.empty("classifier", file.line("classifier"), problems));
        List<RouteConfiguration> others = routes.stream()
                .filter(route -> !route.getIntent().equals(defaultIntent))
                .toList();
        boolean exemplified =
                others.stream().anyMatch(route -> !route.getExamples().isEmpty());
        ClassifierKind usual = exemplified ? ClassifierKind.EXAMPLES : ClassifierKind.NONE;
        ClassifierKind kind = section.choice("kind", CLASSIFIER_KINDS).orElse(usual);
        Double threshold = section.decimal("threshold", 0, 1);
        Optional<String> engine = section.text("engine", MAX_NAME_CHARS);
        Integer timeout = section.millis("timeout", MAX_CLASSIFIER_TIMEOUT_MILLIS);
        switch (kind) {
            case EXAMPLES -> {
                refuse(section, kind, "engine", "timeout");
                if (!exemplified) {
                    section.problem("kind", "is examples, but no route beside the default one has any");
                }
            }
            case MODEL -> {
                engineOf(section, "engine", engines);
                if (!section.has("engine")) {
                    section.problem("engine", "is missing: kind model needs the name of an engine to ask");
                }
                boolean described = others.stream()
                        .anyMatch(route -> !route.getDescription().isEmpty()
                                || !route.getExamples().isEmpty());
                if (!described) {
                    section.problem(
                            "kind", "is model, but no route beside the default one has a description or examples");
                }
            }
            case NONE -> refuse(section, kind, "threshold", "engine", "timeout");
        }
        return new Classifier(
                kind,
                kind == ClassifierKind.NONE ? 0.0 : threshold == null ? THRESHOLD : threshold,
                engine.orElse(null),
                timeout == null ? CLASSIFIER_TIMEOUT_MILLIS : timeout);
    }

    private static void refuse(Section section, ClassifierKind kind, String... keys) {
        for (String key : keys) {
            if (section.has(key)) {
                section.problem(key, "has no meaning for kind " + kind.name().toLowerCase(Locale.ROOT));
            }
        }
    }

    private RouteConfiguration route(String intent, Section section, Set<String> engines) {
        String engine = engineOf(section, "engine", engines).orElse(BuiltInConfiguration.DEFAULT_ENGINE);
        return RouteConfiguration.newBuilder()
                .setIntent(intent)
                .setDescription(section.text("description", MAX_DESCRIPTION_CHARS)
                        .map(String::strip)
                        .orElse(""))
                .setExamples(own(section, "examples", MAX_EXAMPLES, MAX_EXAMPLE_CHARS, intent, examples))
                .setPrefixes(own(section, "prefixes", MAX_PREFIXES, MAX_PREFIX_CHARS, intent, prefixes))
                .setSystemPrompt(systemPrompt(section).orElse(null))
                .setEngine(engine)
                .setFallbacks(fallbacks(section, engine, engines))
                .setRetrieval(retrieval(section))
                .setTools(tools(section).orElse(null))
                .setResponseFormat(section.node("output")
                        .flatMap(node -> new OutputParser(problems).responseFormat(section, node))
                        .orElse(null))
                .setLimits(section.section("limits", Keys.LIMITS)
                        .map(limits -> new RouteLimits(
                                limits.integer("question", 1, MAX_TOKENS),
                                limits.integer("history", 0, MAX_TOKENS),
                                limits.integer("output", 1, MAX_TOKENS)))
                        .orElseGet(() -> new RouteLimits(null, null, null)))
                .build();
    }

    private Optional<String> engineOf(Section section, String key, Set<String> engines) {
        return section.text(key, MAX_NAME_CHARS).filter(name -> {
            if (!engines.contains(name)) {
                section.problem(key, noEngine(name, engines));
            }
            return engines.contains(name);
        });
    }

    private static String noEngine(String name, Set<String> engines) {
        return "there is no engine " + Words.quoted(name) + ": known are " + String.join(", ", engines);
    }

    private List<String> fallbacks(Section section, String engine, Set<String> engines) {
        List<String> fallbacks = new ArrayList<>();
        section.texts("fallbacks", MAX_FALLBACKS, MAX_NAME_CHARS)
                .orElse(List.of())
                .forEach(fallback -> {
                    String where = Mapping.at(section.path(), "fallbacks");
                    if (!engines.contains(fallback.value())) {
                        problems.add(fallback.line(), where, noEngine(fallback.value(), engines));
                    } else if (fallback.value().equals(engine)) {
                        problems.add(
                                fallback.line(),
                                where,
                                "falls back to itself: " + Words.quoted(engine) + " is the route's engine");
                    } else {
                        fallbacks.add(fallback.value());
                    }
                });
        return fallbacks;
    }

    private static Optional<String> systemPrompt(Section section) {
        Optional<String> prompt =
                section.text("system-prompt", MAX_PROMPT_CHARS).map(String::stripTrailing);
        Set<String> unknown = new HashSet<>();
        prompt.ifPresent(text -> {
            Matcher matcher = PLACEHOLDER.matcher(text);
            while (matcher.find()) {
                String name = matcher.group(1);
                if (!KNOWN_PLACEHOLDER.matcher(name).matches() && unknown.add(name)) {
                    section.problem(
                            "system-prompt",
                            "holds {{" + Words.line(name) + "}}, which is unknown: known are {{intent}}, {{workspace}},"
                                    + " {{date}}, {{metadata.KEY}}");
                }
            }
        });
        return prompt;
    }

    /** {@code true}, {@code false}, or how. */
    private RetrievalConfiguration retrieval(Section section) {
        Optional<Node> node = section.node("retrieval");
        if (node.orElse(null) instanceof ScalarNode scalar) {
            Optional<Boolean> flag = Section.flag(scalar);
            if (flag.isEmpty()) {
                section.problem(
                        "retrieval", "must be true, false, or hold " + String.join(", ", Keys.RETRIEVAL.known()));
            }
            return new RetrievalConfiguration(flag.orElse(true), null, null, null);
        }
        return section.section("retrieval", Keys.RETRIEVAL)
                .map(how -> new RetrievalConfiguration(
                        how.flag("enabled").orElse(true),
                        how.integer("passages", 1, MAX_PASSAGES),
                        how.integer("tokens", 1, MAX_TOKENS),
                        how.decimal("min-similarity", 0, 1)))
                .orElseGet(() -> new RetrievalConfiguration(true, null, null, null));
    }

    private Optional<List<String>> tools(Section section) {
        return section.texts("tools", MAX_TOOLS, MAX_NAME_CHARS).map(tools -> {
            tools.stream()
                    .filter(tool -> !TOOL.matcher(tool.value()).matches())
                    .forEach(tool -> problems.add(
                            tool.line(),
                            Mapping.at(section.path(), "tools"),
                            "holds " + Words.quoted(tool.value())
                                    + ", which is not a valid name of a tool: 1 to 100 of A-Z a-z 0-9 . _ -"));
            return tools.stream().map(Section.Text::value).toList();
        });
    }

    /** The texts under {@code key}; that another route has one of them already is a problem: it would name two intents. */
    private List<String> own(
            Section section, String key, int max, int maxChars, String intent, Map<String, String> taken) {
        List<Section.Text> texts = section.texts(key, max, maxChars).orElse(List.of());
        for (Section.Text text : texts) {
            String plain = text.value().strip().toLowerCase(Locale.ROOT);
            String other = taken.putIfAbsent(plain, intent);
            if (other != null) {
                problems.add(
                        text.line(),
                        Mapping.at(section.path(), key),
                        "holds " + Words.quoted(text.value()) + ", which "
                                + (other.equals(intent) ? "is there already" : "is one of route '" + other + "', too"));
            }
        }
        return texts.stream().map(Section.Text::value).toList();
    }
}
