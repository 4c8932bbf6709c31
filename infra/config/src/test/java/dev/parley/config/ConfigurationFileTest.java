package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.InstructionsRole;
import dev.parley.chat.v1.RetrievalConfiguration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.RouteLimits;
import dev.parley.chat.v1.StreamOptions;
import dev.parley.chat.v1.ThinkTags;
import dev.parley.chat.v1.TokenLimitParameter;
import dev.parley.schemas.routes.BuiltInConfiguration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationFileTest {

    private static final String WHOLE = """
            default-route: chat
            classifier:
              kind: model
              threshold: 0.65
              engine: local
              timeout: 2500ms
            routes:
              chat:
              sql:
                description: Questions about tables.
                examples:
                  - how many orders came in yesterday
                  - "select: the ten largest customers"
                prefixes: ['run ', '/sql']
                system-prompt: |
                  You write SQL for {{workspace}}. It is {{date}}.

                  Answer as {{metadata.persona}} about {{intent}}.
                engine: local
                fallbacks: [claude, extractive]
                retrieval: {passages: 4, tokens: 900, min-similarity: 0.4}
                tools: [query, explain]
                output:
                  schema:
                    type: object
                    properties:
                      rows: {type: integer, minimum: 0, maximum: 1e3, default: 1.50}
                      ok: {enum: [true, null, 'true', '1']}
                  name: table
                  strict: true
                limits: {question: 500, history: 0, output: 200}
              plain:
                retrieval: false
                tools: []
                output: json
            engines:
              local:
                kind: openai
                model: Qwen/Qwen3-8B
                endpoints: [http://10.0.0.1:8000/v1, 'http://10.0.0.2:8000/v1']
                key: LOCAL_KEY
                context: 32768
                concurrency: 8
                timeouts: {first-token: 10s, idle: 1500ms}
                retries: 0
                price: {input: 0.2, cached-input: 0.05, output: 1}
                dialect:
                  token-limit: max_completion_tokens
                  stream-options: none
                  instructions: developer
                  think-tags: tagged
                  leave-out: [temperature, top_p]
              claude: {kind: anthropic, model: claude-sonnet}
              demo: {kind: scripted, script: 'One two three.', pace: 20ms}
            """;

    @Test
    void everyKeyReachesTheConfiguration() {
        Configuration configuration = Yaml.parse(WHOLE);

        assertThat(configuration.getOrigin()).isEqualTo("parley.yaml");
        assertThat(configuration.getDefaultIntent()).isEqualTo("chat");
        assertThat(configuration.getClassifier()).isEqualTo(new Classifier(ClassifierKind.MODEL, 0.65, "local", 2500));
        assertThat(configuration.getRoutes())
                .extracting(RouteConfiguration::getIntent)
                .containsExactly("chat", "plain", "sql");
        assertThat(configuration.getRoutes().get(0)).isEqualTo(BuiltInConfiguration.route("chat"));
        assertThat(configuration.getRoutes().get(1))
                .isEqualTo(RouteConfiguration.newBuilder(BuiltInConfiguration.route("plain"))
                        .setRetrieval(new RetrievalConfiguration(false, null, null, null))
                        .setTools(List.of())
                        .setResponseFormat("{\"type\":\"json_object\"}")
                        .build());
        assertThat(configuration.getRoutes().get(2))
                .isEqualTo(RouteConfiguration.newBuilder()
                        .setIntent("sql")
                        .setDescription("Questions about tables.")
                        .setExamples(List.of("how many orders came in yesterday", "select: the ten largest customers"))
                        .setPrefixes(List.of("run ", "/sql"))
                        .setSystemPrompt("You write SQL for {{workspace}}. It is {{date}}.\n\n"
                                + "Answer as {{metadata.persona}} about {{intent}}.")
                        .setEngine("local")
                        .setFallbacks(List.of("claude", "extractive"))
                        .setRetrieval(new RetrievalConfiguration(true, 4, 900, 0.4))
                        .setTools(List.of("query", "explain"))
                        .setResponseFormat(
                                "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"table\",\"strict\":true,\"schema\":"
                                        + "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"integer\",\"minimum\":0,"
                                        + "\"maximum\":1E+3,\"default\":1.50},\"ok\":{\"enum\":[true,null,\"true\",\"1\"]}}}}}")
                        .setLimits(new RouteLimits(500, 0, 200))
                        .build());
        assertThat(configuration.getEngines())
                .containsExactly(
                        EngineConfiguration.newBuilder()
                                .setName("claude")
                                .setKind(EngineKind.ANTHROPIC)
                                .setModel("claude-sonnet")
                                .setEndpoints(List.of("https://api.anthropic.com/v1"))
                                .setConcurrency(256)
                                .setFirstTokenTimeoutMillis(120_000)
                                .setIdleTimeoutMillis(60_000)
                                .setRetries(2)
                                .build(),
                        EngineConfiguration.newBuilder()
                                .setName("demo")
                                .setKind(EngineKind.SCRIPTED)
                                .setConcurrency(256)
                                .setFirstTokenTimeoutMillis(120_000)
                                .setIdleTimeoutMillis(60_000)
                                .setRetries(2)
                                .setScript("One two three.")
                                .setPaceMillis(20)
                                .build(),
                        EngineConfiguration.newBuilder()
                                .setName("local")
                                .setKind(EngineKind.OPENAI)
                                .setModel("Qwen/Qwen3-8B")
                                .setEndpoints(List.of("http://10.0.0.1:8000/v1", "http://10.0.0.2:8000/v1"))
                                .setKeyVariable("LOCAL_KEY")
                                .setContextTokens(32_768)
                                .setConcurrency(8)
                                .setFirstTokenTimeoutMillis(10_000)
                                .setIdleTimeoutMillis(1_500)
                                .setRetries(0)
                                .setInputPrice(0.2)
                                .setOutputPrice(1.0)
                                .setCachedInputPrice(0.05)
                                .setDialect(new Dialect(
                                        TokenLimitParameter.MAX_COMPLETION_TOKENS,
                                        StreamOptions.NONE,
                                        InstructionsRole.DEVELOPER,
                                        ThinkTags.TAGGED,
                                        List.of("temperature", "top_p")))
                                .build());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "# nothing yet\n",
                "---\n",
                "routes:\n",
                "routes:\n  chat:\n",
                "routes: {chat: {engine: default}}"
            })
    void aFileThatSaysNothingIsTheBuiltInConfiguration(String text) {
        assertThat(Yaml.parse(text).getVersion())
                .isEqualTo(BuiltInConfiguration.get().getVersion());
    }

    @Test
    void whatIsWrittenIsReadAsTheSame() {
        Configuration configuration = Yaml.parse(WHOLE);

        String written = ConfigurationFile.write(configuration);

        assertThat(Yaml.parse(written)).as(written).isEqualTo(configuration);
        assertThat(Yaml.parse(ConfigurationFile.write(BuiltInConfiguration.get()))
                        .getVersion())
                .isEqualTo(BuiltInConfiguration.get().getVersion());
    }

    /** Texts that YAML has to quote one way or another, drawn at random; the seed is in the message. */
    @Test
    void whateverATextHoldsItIsWrittenAndReadAsTheSame() {
        String alphabet = "ab 1:#-{}[]'\"|>&*!%@`,?\n\tünï漢😀\\~=<null";
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder("x");
            int length = random.nextInt(40);
            for (int i = 0; i < length; i++) {
                int at = random.nextInt(alphabet.codePointCount(0, alphabet.length()));
                text.appendCodePoint(alphabet.codePointAt(alphabet.offsetByCodePoints(0, at)));
            }
            String drawn = text.toString().replace("{{", "{").stripTrailing();
            Configuration before = Configuration.newBuilder(BuiltInConfiguration.get())
                    .setRoutes(List.of(RouteConfiguration.newBuilder(BuiltInConfiguration.route("chat"))
                            .setDescription(drawn.strip())
                            .setSystemPrompt(drawn)
                            .setExamples(List.of(drawn))
                            .build()))
                    .build();

            Configuration after = Yaml.parse(ConfigurationFile.write(before));

            assertThat(after.getRoutes()).as("seed %d", seed).isEqualTo(before.getRoutes());
        }
    }

    @Test
    void layoutCommentsAndOrderHaveNoPartInTheVersion() {
        String one = """
                default-route: a
                routes:
                  a: {engine: extractive, description: the first}
                  b: {prefixes: ["run "]}
                """;
        String other = """
                # The same, said another way.
                "routes":
                    b:
                        prefixes:
                        - 'run '
                        retrieval: {enabled: true}
                    a:
                        description: >-
                            the
                            first
                        "engine": extractive
                        limits: {}
                default-route: a
                engines: {}
                """;

        assertThat(Yaml.parse(other).getVersion()).isEqualTo(Yaml.parse(one).getVersion());
    }

    /** Versions are on the log and in events. A change of the contract changes them all; nothing else may. */
    @Test
    void versionsStayWhatTheyWere() {
        assertThat(Yaml.parse("routes: {chat: {system-prompt: Be brief.}}").getVersion())
                .isEqualTo("df98915b6836");
    }

    @Test
    void aSchemaMayBeWrittenAsJson() {
        String yaml = "routes: {a: {output: {schema: {type: object, required: [x]}}}}";
        String json = """
                routes:
                  a:
                    output:
                      schema: |
                        {"type": "object", "required": ["x"]}
                """;

        assertThat(Yaml.parse(json).getVersion()).isEqualTo(Yaml.parse(yaml).getVersion());
    }

    @Test
    void withExamplesTheyDecideUnlessTheFileSaysOtherwise() {
        String routes = "default-route: a\nroutes: {a: , b: {examples: [one, two]}}\n";

        assertThat(Yaml.parse(routes).getClassifier())
                .isEqualTo(new Classifier(ClassifierKind.EXAMPLES, 0.5, null, 5_000));
        assertThat(Yaml.parse(routes + "classifier: {kind: none}")
                        .getClassifier()
                        .getKind())
                .isEqualTo(ClassifierKind.NONE);
    }

    @Test
    void aPieceMayBeUsedTwiceByAnAlias() {
        Configuration configuration = Yaml.parse("""
                default-route: a
                routes:
                  a: {system-prompt: &prompt Be brief., retrieval: &few {passages: 2}}
                  b: {system-prompt: *prompt, retrieval: *few}
                """);

        assertThat(configuration.getRoutes())
                .allSatisfy(route -> assertThat(route.getSystemPrompt()).isEqualTo("Be brief."))
                .allSatisfy(
                        route -> assertThat(route.getRetrieval().getPassages()).isEqualTo(2));
    }
}
