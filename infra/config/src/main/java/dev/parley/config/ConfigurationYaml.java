package dev.parley.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.RetrievalConfiguration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.schemas.routes.BuiltInConfiguration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** Writes configurations as files have them, leaving out what goes without saying. */
final class ConfigurationYaml {

    private static final DumpSettings SETTINGS = DumpSettings.builder()
            .setDefaultFlowStyle(FlowStyle.BLOCK)
            .setSchema(new CoreSchema())
            .setWidth(100)
            .setIndicatorIndent(2)
            .setIndentWithIndicator(true)
            .setDereferenceAliases(true)
            .build();

    private ConfigurationYaml() {}

    static String text(Configuration configuration) {
        return new Dump(SETTINGS).dumpToString(tree(configuration));
    }

    /** The same as maps, lists and plain values. */
    static Map<String, Object> tree(Configuration configuration) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("default-route", configuration.getDefaultIntent());
        tree.put("classifier", classifier(configuration.getClassifier()));
        Map<String, Object> routes = new LinkedHashMap<>();
        configuration.getRoutes().forEach(route -> routes.put(route.getIntent(), route(route)));
        tree.put("routes", routes);
        Map<String, Object> engines = new LinkedHashMap<>();
        configuration.getEngines().forEach(engine -> engines.put(engine.getName(), engine(engine)));
        putUnless(Map.of(), tree, "engines", engines);
        return tree;
    }

    private static Map<String, Object> classifier(Classifier classifier) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", lower(classifier.getKind()));
        if (classifier.getKind() != ClassifierKind.NONE) {
            tree.put("threshold", classifier.getThreshold());
        }
        put(tree, "engine", classifier.getEngine());
        putMillis(ConfigurationParser.CLASSIFIER_TIMEOUT_MILLIS, tree, "timeout", classifier.getTimeoutMillis());
        return tree;
    }

    private static Map<String, Object> route(RouteConfiguration route) {
        Map<String, Object> tree = new LinkedHashMap<>();
        putUnless("", tree, "description", route.getDescription());
        putUnless(List.of(), tree, "examples", route.getExamples());
        putUnless(List.of(), tree, "prefixes", route.getPrefixes());
        put(tree, "system-prompt", route.getSystemPrompt());
        putUnless(BuiltInConfiguration.DEFAULT_ENGINE, tree, "engine", route.getEngine());
        putUnless(List.of(), tree, "fallbacks", route.getFallbacks());
        putUnless(true, tree, "retrieval", retrieval(route.getRetrieval()));
        put(tree, "tools", route.getTools());
        if (route.getResponseFormat() != null) {
            tree.put("output", output(route.getResponseFormat()));
        }
        Map<String, Object> limits = new LinkedHashMap<>();
        put(limits, "question", route.getLimits().getQuestion());
        put(limits, "history", route.getLimits().getHistory());
        put(limits, "output", route.getLimits().getOutput());
        putUnless(Map.of(), tree, "limits", limits);
        return tree;
    }

    private static Object retrieval(RetrievalConfiguration retrieval) {
        SequencedMap<String, Object> tree = new LinkedHashMap<>();
        put(tree, "passages", retrieval.getPassages());
        put(tree, "tokens", retrieval.getTokens());
        put(tree, "min-similarity", retrieval.getMinSimilarity());
        if (tree.isEmpty()) {
            return retrieval.getEnabled();
        }
        if (!retrieval.getEnabled()) {
            tree.putFirst("enabled", false);
        }
        return tree;
    }

    private static Object output(String responseFormat) {
        try {
            JsonNode format = OutputParser.MAPPER.readTree(responseFormat);
            if (!format.path("json_schema").isObject()) {
                return format.path("type").asText().equals("json_object") ? "json" : plain(format);
            }
            Map<String, Object> tree = new LinkedHashMap<>();
            JsonNode described = format.path("json_schema");
            putUnless(OutputParser.NAME, tree, "name", described.path("name").asText());
            if (described.has("strict")) {
                tree.put("strict", described.path("strict").asBoolean());
            }
            tree.put("schema", plain(described.path("schema")));
            return tree;
        } catch (JsonProcessingException e) {
            // Not of our making; shown as it is.
            return responseFormat;
        }
    }

    private static Object plain(JsonNode json) {
        return OutputParser.MAPPER.convertValue(json, new TypeReference<Object>() {});
    }

    private static Map<String, Object> engine(EngineConfiguration engine) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", lower(engine.getKind()));
        EngineSyntaxes.keys(engine.getKind())
                .forEach(key -> put(tree, key.name(), key.written().apply(engine)));
        return tree;
    }

    private static String lower(Enum<?> kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static void put(Map<String, Object> tree, String key, @Nullable Object value) {
        if (value != null) {
            tree.put(key, value);
        }
    }

    private static void putUnless(Object usual, Map<String, Object> tree, String key, Object value) {
        if (!value.equals(usual)) {
            tree.put(key, value);
        }
    }

    private static void putMillis(int usual, Map<String, Object> tree, String key, int millis) {
        if (millis != usual) {
            tree.put(key, Durations.text(millis));
        }
    }
}
