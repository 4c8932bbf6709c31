package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a file is said: all of it, by key and line, and without repeating what may be secret. */
class ConfigurationProblemsTest {

    private static final String SECRET = "sk-proj-4f9a8b7c6d5e4f3a2b1c";

    static Stream<Arguments> problems() {
        return Stream.of(
                one(
                        "routes: {sql: {engine: gpt}}",
                        "line 1: routes.sql.engine: there is no engine 'gpt': known are default, extractive"),
                one(
                        "engines: {local: {kind: scripted, script: x}}\nroutes: {sql: {fallbacks: [local, nope]}}",
                        "line 2: routes.sql.fallbacks: there is no engine 'nope': known are default, extractive, local"),
                one(
                        "routes: {sql: {engine: extractive, fallbacks: [extractive]}}",
                        "line 1: routes.sql.fallbacks: falls back to itself: 'extractive' is the route's engine"),
                one(
                        "routes: {sql: {fallbacks: [extractive, extractive]}}",
                        "line 1: routes.sql.fallbacks: holds 'extractive' twice"),
                one("route: {}", "line 1: route: is unknown: did you mean routes?"),
                one(
                        "routes:\n  a:\n    systemPrompt: x",
                        "line 3: routes.a.systemPrompt: is unknown: did you mean system-prompt?"),
                one("routes: {a: {prompt: x}}", "line 1: routes.a.prompt: is unknown: did you mean system-prompt?"),
                one("routes: {a: {promt: x}}", "line 1: routes.a.promt: is unknown: did you mean system-prompt?"),
                one("routes: {a: {fallback: x}}", "line 1: routes.a.fallback: is unknown: did you mean fallbacks?"),
                one(
                        "classifier: {kind: none, zzz: 1}",
                        "line 1: classifier.zzz: is unknown: known are kind, threshold, engine, timeout"),
                one("routes:\n  a:\n  b:\n  a:\ndefault-route: a", "line 4: routes.a: is there twice: first in line 2"),
                one(
                        "routes:\n  a:\n    engine: default\n    engine: default",
                        "line 4: routes.a.engine: is there twice: first in line 3"),
                one(
                        "default-route: a\nroutes:\n  a: {prefixes: ['run ']}\n  b: {prefixes: ['RUN']}",
                        "line 4: routes.b.prefixes: holds 'RUN', which is one of route 'a', too"),
                one(
                        "routes: {a: {prefixes: [Run, run]}}",
                        "line 1: routes.a.prefixes: holds 'run', which is there already"),
                one("routes: {a: {prefixes: ['']}}", "line 1: routes.a.prefixes: must not be blank"),
                one(
                        "classifier: {kind: none}\ndefault-route: a\nroutes:\n  a: {examples: [Hi there]}\n  b: {examples: [hi there]}",
                        "line 5: routes.b.examples: holds 'hi there', which is one of route 'a', too"),
                one("routes: {}", "line 1: routes: must hold at least one route"),
                one(
                        "routes: {a: , b: }",
                        "default-route: is missing: name the route of questions that fit no other, one of a, b"),
                one(
                        "default-route: c\nroutes: {a: , b: }",
                        "line 1: default-route: there is no route 'c': known are a, b"),
                one(
                        "routes: {two words: }",
                        "line 1: routes.two words: is not a valid name: names are 1 to 100 of A-Z a-z 0-9 . _ : / -"),
                one("routes: 7", "line 1: routes: must hold keys, each with a value, as in 'key: value'"),
                one("- a\n- b", "line 1: must hold keys, each with a value, as in 'key: value'"),
                one(
                        "classifier: {kind: examples}",
                        "line 1: classifier.kind: is examples, but no route beside the default one has any"),
                one(
                        "classifier: {kind: model, engine: default}\ndefault-route: a\nroutes: {a: , b: }",
                        "line 1: classifier.kind: is model, but no route beside the default one has a description or examples"),
                one(
                        "classifier: {kind: model}\ndefault-route: a\nroutes: {a: , b: {description: x}}",
                        "line 1: classifier.engine: is missing: kind model needs the name of an engine to ask"),
                one(
                        "classifier: {kind: model, engine: gpt}\ndefault-route: a\nroutes: {a: , b: {description: x}}",
                        "line 1: classifier.engine: there is no engine 'gpt': known are default, extractive"),
                one(
                        "classifier: {kind: none, threshold: 0.5}",
                        "line 1: classifier.threshold: has no meaning for kind none"),
                one(
                        "classifier: {kind: nearest}",
                        "line 1: classifier.kind: must be one of examples, model, none, not 'nearest'"),
                one(
                        "classifier: {threshold: 1.5, kind: examples}\ndefault-route: a\nroutes: {a: , b: {examples: [x]}}",
                        "line 1: classifier.threshold: must be a number from 0 to 1, not '1.5'"),
                one(
                        "routes: {a: {system-prompt: 'Hello {{user}}, {{date}}'}}",
                        "line 1: routes.a.system-prompt: holds {{user}}, which is unknown: known are {{intent}}, {{workspace}},"
                                + " {{date}}, {{metadata.KEY}}"),
                one("routes: {a: {system-prompt: [x]}}", "line 1: routes.a.system-prompt: must be a text"),
                one(
                        "routes: {a: {description: !secret x}}",
                        "line 1: routes.a.description: must be a plain text, without a tag"),
                one(
                        "routes: {a: {retrieval: maybe}}",
                        "line 1: routes.a.retrieval: must be true, false, or hold enabled, passages, tokens, min-similarity"),
                one(
                        "routes: {a: {retrieval: {passages: none}}}",
                        "line 1: routes.a.retrieval.passages: must be a whole number from 1 to 100, not 'none'"),
                one(
                        "routes: {a: {retrieval: {enabled: 1}}}",
                        "line 1: routes.a.retrieval.enabled: must be true or false"),
                one(
                        "routes: {a: {limits: {output: 0}}}",
                        "line 1: routes.a.limits.output: must be a whole number from 1 to 10000000, not '0'"),
                one(
                        "routes: {a: {tools: ['no such']}}",
                        "line 1: routes.a.tools: holds 'no such', which is not a valid name of a tool: 1 to 100 of A-Z a-z 0-9 . _ -"),
                one(
                        "routes: {a: {output: xml}}",
                        "line 1: routes.a.output: must be text, json, or hold a schema, not 'xml'"),
                one(
                        "routes: {a: {output: {name: x}}}",
                        "line 1: routes.a.output.schema: is missing: the JSON schema of the answer"),
                one("routes: {a: {output: {schema: [x]}}}", "line 1: routes.a.output.schema: must be a JSON object"),
                one(
                        "routes: {a: {output: {schema: {maximum: .inf}}}}",
                        "line 1: routes.a.output.schema: holds '.inf', which JSON cannot say"),
                one(
                        "engines: {e: }",
                        "line 1: engines.e.kind: is missing: one of openai, anthropic, extractive, scripted"),
                one(
                        "engines: {e: {kind: vllm}}",
                        "line 1: engines.e.kind: must be one of openai, anthropic, extractive, scripted, not 'vllm'"),
                one(
                        "engines: {e: {kind: openai}}",
                        "line 1: engines.e.endpoints: is missing: kind openai needs the base URLs of the model server, such as"
                                + " http://127.0.0.1:8000/v1"),
                one(
                        "engines: {e: {kind: anthropic}}",
                        "line 1: engines.e.model: is missing: kind anthropic needs the name of the model to ask for"),
                one(
                        "engines: {e: {kind: scripted}}",
                        "line 1: engines.e.script: is missing: kind scripted needs what it is to say"),
                one(
                        "engines: {extractive: {kind: scripted, script: x}}",
                        "line 1: engines.extractive.kind: must be extractive: every worker brings the engine of that name by itself"),
                one(
                        "engines: {e: {kind: extractive, model: x}}",
                        "line 1: engines.e.model: has no meaning for kind extractive"),
                one(
                        "engines: {e: {kind: openai, endpoints: 127.0.0.1}}",
                        "line 1: engines.e.endpoints: holds '127.0.0.1', which is not an http URL such as http://127.0.0.1:8000/v1"),
                one(
                        "engines: {e: {kind: openai, endpoints: ['http://a b/v1']}}",
                        "line 1: engines.e.endpoints: holds a text that is not a URL such as http://127.0.0.1:8000/v1"),
                one(
                        "engines: {e: {kind: scripted, script: x, pace: 5}}",
                        "line 1: engines.e.pace: must be a duration such as 500ms, 10s or 5m, of at most 1m, not '5'"),
                one(
                        "engines: {e: {kind: anthropic, model: m, timeouts: {idle: 2h}}}",
                        "line 1: engines.e.timeouts.idle: must be a duration such as 500ms, 10s or 5m, of at most 1h, not '2h'"),
                one(
                        "engines: {e: {kind: anthropic, model: m, timeouts: {first-token: 0s}}}",
                        "line 1: engines.e.timeouts.first-token: must be longer than zero"),
                one(
                        "engines: {e: {kind: anthropic, model: m, key: my-key}}",
                        "line 1: engines.e.key: must be the NAME of an environment variable of the workers, of A-Z 0-9 _, such as"
                                + " LOCAL_API_KEY (what is there is not repeated here)"),
                one("? [a, b]\n: c", "line 1: has a key that is not a plain text"));
    }

    private static Arguments one(String text, String problem) {
        return Arguments.of(text, problem);
    }

    @ParameterizedTest
    @MethodSource("problems")
    void isSaidByKeyAndLine(String text, String problem) {
        assertThat(Yaml.problems(text)).containsExactly(problem);
    }

    @Test
    void allOfItIsSaidTogetherInTheOrderOfTheFile() {
        List<String> problems = Yaml.problems("""
                classifier: {kind: model}
                routes:
                  sql:
                    engine: gpt
                    limits: {output: many}
                    colour: red
                  sql:
                  help: {fallbacks: [claude]}
                engines:
                  local: {kind: openai, key: sk-abcdef1234567890}
                  Big One: {kind: scripted}
                """);

        assertThat(problems)
                .extracting(problem -> problem.replaceAll("(: [^:]*): .*", "$1"))
                .containsExactly(
                        "line 1: classifier.engine",
                        "line 1: classifier.kind",
                        "line 4: routes.sql.engine",
                        "line 5: routes.sql.limits.output",
                        "line 6: routes.sql.colour",
                        "line 7: routes.sql",
                        "line 8: routes.help.fallbacks",
                        "line 10: engines.local.endpoints",
                        "line 10: engines.local.key",
                        "line 11: engines.Big One",
                        "default-route: is missing");
    }

    @Test
    void aProblemNamesItsFileAndLineForEditors() {
        assertThat(new Problem(12, "routes.sql.engine", "is odd").in("parley.yaml"))
                .isEqualTo("parley.yaml:12: routes.sql.engine: is odd");
        assertThat(new Problem(0, "", "is odd").in("parley.yaml")).isEqualTo("parley.yaml: is odd");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "engines: {e: {kind: anthropic, model: m, key: SECRET}}",
                "engines: {e: {kind: SECRET}}",
                "engines: {SECRET!: {kind: extractive}}",
                "engines: {e: {kind: anthropic, model: m, SECRET: x}}",
                "engines: {e: {kind: anthropic, model: m, retries: SECRET}}",
                "engines: {e: {kind: openai, endpoints: 'https://user:SECRET@example.com/v1'}}",
                "engines: {e: {kind: openai, endpoints: 'https://example.com/v1?key=SECRET'}}",
                "engines: {e: {kind: openai, endpoints: SECRET}}",
                "routes: {a: {engine: SECRET}}",
                "default-route: SECRET",
                "routes: {a: {description: 'SECRET' : }}",
                "engines:\n  e: {key: \"SECRET\n",
                "key: @SECRET"
            })
    void whatMayBeSecretIsNotRepeated(String text) {
        List<String> problems = Yaml.problems(text.replace("SECRET", SECRET));

        assertThat(problems).isNotEmpty().noneMatch(problem -> problem.contains("4f9a8b"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"sk-abcdef1234567890", "AKIAIOSFODNN7EXAMPLE", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "Bearer abc"})
    void aKeyItselfIsRefused(String key) {
        assertThat(Yaml.problems("engines: {e: {kind: anthropic, model: m, key: '" + key + "'}}"))
                .singleElement()
                .asString()
                .startsWith("line 1: engines.e.key: ")
                .doesNotContain(key);
    }

    @Test
    void brokenYamlIsSaidByLine() {
        assertThat(Yaml.problems("routes:\n  a: [1, 2\nengines: }"))
                .singleElement()
                .asString()
                .startsWith("line 3: is not valid YAML: ");
        assertThat(Yaml.problems("a: *nowhere")).singleElement().asString().contains("is not valid YAML");
        assertThat(Yaml.problems("a: 1\n---\nb: 2")).singleElement().asString().contains("is not valid YAML");
        assertThat(Yaml.problems("routes:\n\ta: 1")).singleElement().asString().startsWith("line 2: is not valid YAML");
        assertThat(Yaml.problems("a: 1\nb: \u0007"))
                .containsExactly(
                        "line 2: is not valid YAML: it holds the character U+0007, which does not belong in a text");
        assertThat(Yaml.problems("\u00e4".getBytes(StandardCharsets.ISO_8859_1)))
                .containsExactly("is not UTF-8 text");
    }

    @Test
    void sizesAreBounded() {
        assertThat(Yaml.problems(new byte[1024 * 1024 + 1])).containsExactly("is larger than 1024 KiB");
        assertThat(Yaml.problems("default-route: r0\nroutes:\n" + lines(201, "  r%d:")))
                .contains("line 2: routes: holds 201: at most 200");
        assertThat(Yaml.problems("engines:\n" + lines(101, "  e%d: {kind: extractive}")))
                .containsExactly("line 1: engines: holds 101: at most 100");
        assertThat(Yaml.problems("routes:\n  a:\n    examples:\n" + lines(201, "      - example %d")))
                .containsExactly("line 3: routes.a.examples: has 201 entries: at most 200");
        assertThat(Yaml.problems("routes: {a: {system-prompt: " + "x".repeat(32 * 1024 + 1) + "}}"))
                .containsExactly("line 1: routes.a.system-prompt: has 32769 characters: at most 32768");
        assertThat(Yaml.problems("routes: " + "[".repeat(500_000)))
                .containsExactly("line 1: is nested more than 40 levels deep");
        assertThat(Yaml.problems(lines(2_000, "k%d: 1"))).hasSize(501).last().isEqualTo("and 1500 more");
    }

    @Test
    void aliasesCannotMakeMuchOfLittle() {
        StringBuilder laughs =
                new StringBuilder("routes:\n  a:\n    output:\n      schema:\n        x0: &a0 [1, 2, 3]\n");
        for (int i = 1; i < 30; i++) {
            laughs.append("        x%d: &a%d [*a%d, *a%d, *a%d]\n".formatted(i, i, i - 1, i - 1, i - 1));
        }

        assertThat(Yaml.problems(laughs.toString())).hasSize(1);
        assertThat(Yaml.problems("routes: {a: {output: {schema: &s {again: *s}}}}"))
                .hasSize(1);
    }

    private static String lines(int count, String format) {
        return IntStream.range(0, count).mapToObj(format::formatted).collect(Collectors.joining("\n", "", "\n"));
    }
}
