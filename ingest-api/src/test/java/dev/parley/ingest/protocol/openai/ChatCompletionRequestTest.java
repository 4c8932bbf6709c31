package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.door.ModelCall;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.Refusals;
import dev.parley.ingest.http.Unused;
import dev.parley.schemas.serde.TrustedRecords;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatCompletionRequestTest {

    private static final Models MODELS = Models.of(Optional.of("m"));
    private static final String HI = "{\"role\": \"user\", \"content\": \"Hi\"}";

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private static ChatCompletionRequest read(String json) {
        return read(json, Unused.passedOver());
    }

    private static ChatCompletionRequest read(String json, Unused unused) {
        return ChatCompletionRequest.of(JsonBody.of(json.getBytes(StandardCharsets.UTF_8), unused), MODELS);
    }

    /** A request with these members beside its model and message. */
    private static ChatCompletionRequest with(String members) {
        return read("{\"model\": \"m\", \"messages\": [" + HI + "], " + members + "}");
    }

    private static ChatCompletionRequest saying(String... messages) {
        return read("{\"model\": \"m\", \"messages\": [" + String.join(", ", messages) + "]}");
    }

    private static GenerationOptions options(String members) {
        return with(members).call().prompt().getOptions();
    }

    @Test
    void theLeastIsAModelAndAMessage() {
        ChatCompletionRequest request = saying(HI);

        assertThat(request.stream()).isFalse();
        assertThat(request.includeUsage()).isFalse();
        ModelCall call = request.call();
        assertThat(call.model()).isEqualTo("m");
        assertThat(call.choice().engine()).contains("openai");
        assertThat(call.content()).isEqualTo("Hi");
        assertThat(call.metadata()).isEmpty();
        assertThat(call.prompt())
                .isEqualTo(new CallerPrompt(
                        Role.USER,
                        null,
                        List.of(),
                        GenerationOptions.newBuilder().build()));
    }

    @Test
    void messagesBeforeTheLastAreItsContext() {
        ModelCall call = saying(
                        "{\"role\": \"developer\", \"content\": \"Be brief.\"}",
                        "{\"role\": \"system\", \"content\": [{\"type\": \"text\", \"text\": \"Be \"},"
                                + " {\"type\": \"text\", \"text\": \"kind.\"}]}",
                        "{\"role\": \"user\", \"content\": \"\"}",
                        "{\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\": \"c1\","
                                + " \"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": \"{}\"}}]}",
                        "{\"role\": \"tool\", \"tool_call_id\": \"c1\", \"content\": \"42\"}")
                .call();

        assertThat(call.content()).isEqualTo("42");
        assertThat(call.prompt().getRole()).isEqualTo(Role.TOOL);
        assertThat(call.prompt().getToolCallId()).isEqualTo("c1");
        assertThat(call.prompt().getContext())
                .containsExactly(
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null),
                        new PromptMessage(Role.SYSTEM, "Be kind.", List.of(), null, null),
                        new PromptMessage(Role.USER, "", List.of(), null, null),
                        new PromptMessage(Role.ASSISTANT, "", List.of(new ToolCall("c1", "f", "{}")), null, null));
    }

    /** Callers send an answer back as they got it, or as their SDK made it. */
    @Test
    void anAnswerSentBackIsTakenAsItCame() {
        ModelCall call = saying(
                        "{\"role\": \"assistant\", \"content\": \"Well.\", \"refusal\": null, \"annotations\": [],"
                                + " \"reasoning_content\": \"Hm.\", \"parsed\": {\"a\": 1}, \"audio\": null,"
                                + " \"function_call\": null, \"tool_calls\": [{\"id\": \"c1\", \"index\": 0,"
                                + " \"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": \"\","
                                + " \"parsed_arguments\": {}}}]}",
                        HI)
                .call();

        assertThat(call.prompt().getContext())
                .containsExactly(
                        new PromptMessage(Role.ASSISTANT, "Well.", List.of(new ToolCall("c1", "f", "")), null, null));
    }

    /** What SDKs and agents add to messages, whoever speaks in them, and what a strict server says to it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"role\": \"user\", \"content\": \"x\", \"name\": \"n\"} | messages[0].name",
                "{\"role\": \"system\", \"content\": \"x\", \"name\": \"n\"} | messages[0].name",
                "{\"role\": \"developer\", \"content\": \"x\", \"weight\": 1} | messages[0].weight",
                "{\"role\": \"tool\", \"tool_call_id\": \"c\", \"content\": \"x\", \"name\": \"f\"} | messages[0].name",
                "{\"role\": \"assistant\", \"content\": \"x\", \"name\": \"n\"} | messages[0].name",
                "{\"role\": \"assistant\", \"content\": \"x\", \"annotations\": [1]} | messages[0].annotations",
                "{\"role\": \"assistant\", \"content\": \"x\", \"reasoning\": \"Hm.\"} | messages[0].reasoning",
                "{\"role\": \"assistant\", \"content\": \"x\", \"reasoning_details\": [{}]} | messages[0].reasoning_details",
                "{\"role\": \"assistant\", \"content\": \"x\", \"parsed\": {\"a\": 1}} | messages[0].parsed",
                "{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"x\", \"cache_control\": {\"type\": \"x\"}}]}"
                        + " | messages[0].content[0].cache_control",
                "{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"c\", \"function\": {\"name\": \"f\","
                        + " \"arguments\": \"\", \"parsed_arguments\": {\"a\": 1}}}]}"
                        + " | messages[0].tool_calls[0].function.parsed_arguments"
            })
    void whatClientsAddToMessagesIsTakenUnlessTheServerIsStrict(String message, String field) {
        String json = "{\"model\": \"m\", \"messages\": [" + message + ", " + HI + "]}";

        assertThat(read(json).call().prompt().getContext()).hasSize(1);
        Refusals.expect(() -> read(json, Unused.refused()), field);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"role\": \"assistant\", \"content\": null, \"refusal\": \"No.\"}",
                "{\"role\": \"assistant\", \"content\": \"\", \"refusal\": \"No.\"}",
                "{\"role\": \"assistant\", \"content\": [{\"type\": \"refusal\", \"refusal\": \"No.\"}]}",
                "{\"role\": \"assistant\", \"content\": [{\"type\": \"thinking\", \"thinking\": \"Hm.\"},"
                        + " {\"type\": \"text\", \"text\": \"No.\"}]}"
            })
    void whatAModelSaidInsteadOfAnAnswerIsWhatItSaid(String message) {
        assertThat(saying(message, HI).call().prompt().getContext())
                .containsExactly(new PromptMessage(Role.ASSISTANT, "No.", List.of(), null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"role\": \"system\", \"content\": \"\"}",
                "{\"role\": \"system\", \"content\": \" \\n\"}",
                "{\"role\": \"developer\", \"content\": [{\"type\": \"text\", \"text\": \"\"}]}"
            })
    void instructionsThatSayNothingAreNone(String message) {
        assertThat(saying(message, HI).call().prompt().getContext()).isEmpty();
        assertThat(saying(HI, message).call().content()).isEqualTo("Hi");
    }

    @Test
    void lastWordsOfTheAssistantsAreWhatTheAnswerBeginsWith() {
        ModelCall call =
                saying(HI, "{\"role\": \"assistant\", \"content\": \"Well, \"}").call();

        assertThat(call.content()).isEqualTo("Hi");
        assertThat(call.prompt().getContext()).isEmpty();
        assertThat(call.prompt().getOptions().getPrefill()).isEqualTo("Well, ");
        assertThat(saying(HI, "{\"role\": \"assistant\", \"content\": \" \"}")
                        .call()
                        .prompt()
                        .getOptions()
                        .getPrefill())
                .isNull();
        Refusals.expect(
                () -> saying(
                        HI,
                        "{\"role\": \"assistant\", \"content\": \"x\"}",
                        "{\"role\": \"assistant\", \"content\": \"y\"}"),
                "messages[2].role");
        Refusals.expect(
                () -> saying(
                        HI,
                        "{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"c\", \"function\": {\"name\": \"f\","
                                + " \"arguments\": \"\"}}]}"),
                "messages[1].role");
    }

    @Test
    void parametersOfOtherServersGoToTheEngineAsTheyAre() {
        assertThat(options("\"top_k\": 40, \"min_p\": 0.05, \"logit_bias\": {\"50256\": -100}, \"verbosity\": \"low\","
                                + " \"chat_template_kwargs\": {\"enable_thinking\": false}, \"logprobs\": true,"
                                + " \"top_logprobs\": 2")
                        .getExtraParameters())
                .isEqualTo("{\"logit_bias\":{\"50256\":-100},\"verbosity\":\"low\",\"top_k\":40,\"min_p\":0.05,"
                        + "\"chat_template_kwargs\":{\"enable_thinking\":false},\"logprobs\":true,\"top_logprobs\":2}");
        assertThat(options("\"logit_bias\": {}, \"top_k\": null, \"logprobs\": false")
                        .getExtraParameters())
                .isNull();
        Refusals.expect(
                () -> read("{\"model\": \"m\", \"messages\": [" + HI + "], \"logprobs\": true}", Unused.refused()),
                "logprobs");
    }

    @Test
    void optionsAreTakenAsTheyAre() {
        GenerationOptions options = options("\"temperature\": 0.5, \"top_p\": 1, \"presence_penalty\": -2,"
                + " \"frequency_penalty\": 2, \"seed\": -9223372036854775808, \"stop\": [\"a\", \"b\"],"
                + " \"reasoning_effort\": \"low\", \"user\": \"u\", \"max_completion_tokens\": 7,"
                + " \"parallel_tool_calls\": false, \"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"f\"}},"
                + " \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"schema\": {}}},"
                + " \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"d\","
                + " \"parameters\": {\"type\": \"object\"}, \"strict\": true}}]");

        assertThat(options)
                .isEqualTo(GenerationOptions.newBuilder()
                        .setTemperature(0.5)
                        .setTopP(1.0)
                        .setPresencePenalty(-2.0)
                        .setFrequencyPenalty(2.0)
                        .setSeed(Long.MIN_VALUE)
                        .setStop(List.of("a", "b"))
                        .setReasoningEffort("low")
                        .setUser("u")
                        .setMaxOutputTokens(7)
                        .setMaxCompletionTokens(true)
                        .setParallelToolCalls(false)
                        .setToolChoice("{\"type\":\"function\",\"function\":{\"name\":\"f\"}}")
                        .setResponseFormat("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}")
                        .setTools(List.of(new ToolDefinition("f", "d", "{\"type\":\"object\"}", true)))
                        .build());
    }

    @Test
    void bothNamesOfTheBoundAreTakenAndTheNewerCounts() {
        assertThat(options("\"max_tokens\": 5").getMaxOutputTokens()).isEqualTo(5);
        assertThat(options("\"max_tokens\": 5").getMaxCompletionTokens()).isFalse();
        assertThat(options("\"max_completion_tokens\": 5").getMaxCompletionTokens())
                .isTrue();
        assertThat(options("\"max_tokens\": 5, \"max_completion_tokens\": 6").getMaxOutputTokens())
                .isEqualTo(6);
        assertThat(options("\"stop\": \"x\"").getStop()).containsExactly("x");
        assertThat(options("\"tool_choice\": \"auto\"").getToolChoice()).isEqualTo("\"auto\"");
    }

    @Test
    void streamsMayAskForUsage() {
        assertThat(with("\"stream\": true").includeUsage()).isFalse();
        assertThat(with("\"stream\": true, \"stream_options\": {\"include_usage\": true}")
                        .includeUsage())
                .isTrue();
        assertThat(with(
                        "\"stream\": true, \"stream_options\": {\"include_usage\": false, \"include_obfuscation\": false}")
                        .stream())
                .isTrue();
    }

    @Test
    void hintsAreKeptWithTheMessage() {
        assertThat(with("\"metadata\": {\"k\": \"v\"}, \"store\": false, \"safety_identifier\": \"s\","
                                + " \"prompt_cache_key\": \"p\", \"prompt_cache_retention\": \"24h\","
                                + " \"service_tier\": \"auto\"")
                        .call()
                        .metadata())
                .isEqualTo(Map.of(
                        "k", "v",
                        "openai.store", "false",
                        "openai.safety_identifier", "s",
                        "openai.prompt_cache_key", "p",
                        "openai.prompt_cache_retention", "24h"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"n\": 1",
                "\"logprobs\": false",
                "\"logprobs\": true, \"top_logprobs\": 20",
                "\"logit_bias\": {}",
                "\"modalities\": [\"text\"]",
                "\"tools\": []",
                "\"tools\": null",
                "\"audio\": null",
                "\"whatever\": null",
                "\"service_tier\": \"default\"",
                "\"temperature\": 0",
                "\"temperature\": 2.0"
            })
    void whatChangesNothingIsTaken(String members) {
        assertThat(with(members).call().content()).isEqualTo("Hi");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"n\": 2 | n",
                "\"n\": \"1\" | n",
                "\"top_logprobs\": 3 | top_logprobs",
                "\"modalities\": [\"audio\"] | modalities",
                "\"modalities\": [\"text\", \"audio\"] | modalities",
                "\"audio\": {} | audio",
                "\"functions\": [] | functions",
                "\"temperature\": 2.1 | temperature",
                "\"temperature\": -0.1 | temperature",
                "\"temperature\": \"hot\" | temperature",
                "\"top_p\": 1.5 | top_p",
                "\"seed\": 1.5 | seed",
                "\"seed\": 9223372036854775808 | seed",
                "\"max_tokens\": 0 | max_tokens",
                "\"max_completion_tokens\": 2147483648 | max_completion_tokens",
                "\"stop\": 5 | stop",
                "\"stop\": [\"a\", 5] | stop[1]",
                "\"stream\": \"true\" | stream",
                "\"stream_options\": {\"include_usage\": true} | stream_options",
                "\"stream\": true, \"stream_options\": {\"include_obfuscation\": true} | stream_options.include_obfuscation",
                "\"stream\": true, \"stream_options\": {\"more\": 1} | stream_options.more",
                "\"service_tier\": \"flex\" | service_tier",
                "\"metadata\": {\"a\": 1} | metadata.a",
                "\"tools\": {} | tools",
                "\"tools\": [{}] | tools[0].type",
                "\"tools\": [{\"type\": \"custom\"}] | tools[0].type",
                "\"tools\": [{\"type\": \"function\"}] | tools[0].function",
                "\"tools\": [{\"type\": \"function\", \"function\": {}}] | tools[0].function.name",
                "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": []}}] | tools[0].function.parameters",
                "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"x\": 1}}] | tools[0].function.x",
                "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}, \"x\": 1}] | tools[0].x"
            })
    void whatIsNotSupportedIsRefusedByItsPath(String members, String field) {
        Refusals.expect(() -> with(members), field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"content\": \"x\"} | messages[0].role",
                "{\"role\": \"function\", \"content\": \"x\"} | messages[0].role",
                "{\"role\": \"user\"} | messages[0].content",
                "{\"role\": \"user\", \"content\": 5} | messages[0].content",
                "{\"role\": \"user\", \"content\": [\"x\"]} | messages[0].content[0]",
                "{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]} | messages[0].content[0].text",
                "{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {}}]} | messages[0].content[0].type",
                "{\"role\": \"user\", \"content\": \"x\", \"tool_calls\": [{}]} | messages[0].tool_calls",
                "{\"role\": \"user\", \"content\": \"x\", \"images\": [\"x\"]} | messages[0].images",
                "{\"role\": \"system\", \"content\": \" \"} | messages[0].role",
                "{\"role\": \"tool\", \"content\": \"x\"} | messages[0].tool_call_id",
                "{\"role\": \"assistant\"} | messages[0].content",
                "{\"role\": \"assistant\", \"content\": \"x\"} | messages[0].role",
                "{\"role\": \"assistant\", \"content\": \"x\", \"audio\": {\"id\": \"a\"}} | messages[0].audio",
                "{\"role\": \"assistant\", \"content\": \"x\", \"function_call\": {\"name\": \"f\"}} | messages[0].function_call",
                "{\"role\": \"assistant\", \"tool_calls\": [{}]} | messages[0].tool_calls[0].id",
                "{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"c\", \"type\": \"custom\"}]} | messages[0].tool_calls[0].type",
                "{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"c\"}]} | messages[0].tool_calls[0].function",
                "{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"c\", \"function\": {\"name\": \"f\"}}]} | messages[0].tool_calls[0].function.arguments",
                "5 | messages[0]"
            })
    void aMessageThatDoesNotDoIsRefusedByItsPath(String message, String field) {
        Refusals.expect(() -> saying(message), field);
    }

    @Test
    void thereMustBeAModelAndAMessage() {
        Refusals.expect(() -> read("{\"messages\": [" + HI + "]}"), "model");
        Refusals.expect(() -> read("{\"model\": \"other\", \"messages\": [" + HI + "]}"), "model");
        Refusals.expect(() -> read("{\"model\": \"m\"}"), "messages");
        Refusals.expect(() -> saying(), "messages");
        Refusals.expect(() -> read("{\"model\": \"m\", \"messages\": {}}"), "messages");
    }
}
