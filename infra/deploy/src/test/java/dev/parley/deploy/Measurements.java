package dev.parley.deploy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What rules and dashboard ask for, and whether there is such a thing. */
final class Measurements {

    private static final Pattern NAME = Pattern.compile("\\b(parley|jvm|process)_[a-z0-9_]+\\b");
    private static final Pattern SAMPLE = Pattern.compile("^([a-zA-Z_:][a-zA-Z0-9_:]*)[ {]", Pattern.MULTILINE);
    private static final Pattern OF_A_KIND = Pattern.compile("_(total|bucket|count|sum)$");
    private static final Pattern UNIT = Pattern.compile("_(seconds|bytes)$");

    private Measurements() {}

    /** Every expression of rules and dashboard. */
    static List<String> expressions() {
        List<String> found = new ArrayList<>();
        for (String file : List.of("prometheus/recording.yaml", "prometheus/alerts.yaml")) {
            for (Map<String, Object> rule : rules(file)) {
                found.add(String.valueOf(Manifests.at(rule, "expr")));
            }
        }
        for (JsonNode panel : dashboard().path("panels")) {
            panel.path("targets")
                    .forEach(target -> found.add(target.path("expr").asText()));
        }
        return found;
    }

    static List<Map<String, Object>> rules(String file) {
        return Manifests.listAt(Manifests.yaml(Manifests.text(file)), "groups").stream()
                .flatMap(group -> Manifests.listAt(group, "rules").stream())
                .map(Manifests::map)
                .toList();
    }

    static JsonNode dashboard() {
        try {
            return new ObjectMapper().readTree(Manifests.text("grafana/parley.json"));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Set<String> asked() {
        return expressions().stream()
                .flatMap(expression -> NAME.matcher(expression).results().map(found -> found.group()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The names that a {@code /metrics} tells. */
    static Set<String> told(String metrics) {
        Set<String> found = new TreeSet<>();
        for (Matcher sample = SAMPLE.matcher(metrics); sample.find(); ) {
            found.add(sample.group(1));
        }
        return found;
    }

    /** Of {@code names}, those that no source registers: what counts trouble is not told before there was any. */
    static Set<String> withoutSource(Set<String> names) throws IOException {
        StringBuilder sources = new StringBuilder();
        Path root = Path.of("../..").toAbsolutePath().normalize();
        for (String module :
                List.of("topologies", "llm-processor", "sink-connectors", "ingest-api", "infra/launcher")) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/main/java"))) {
                for (Path file :
                        (Iterable<Path>) files.filter(path -> path.toString().endsWith(".java"))::iterator) {
                    sources.append(Files.readString(file));
                }
            }
        }
        return names.stream()
                .filter(name -> {
                    String plain = OF_A_KIND.matcher(name).replaceFirst("");
                    return Stream.of(plain, UNIT.matcher(plain).replaceFirst(""))
                            .noneMatch(each -> sources.indexOf("\"" + each.replace('_', '.') + "\"") >= 0);
                })
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
