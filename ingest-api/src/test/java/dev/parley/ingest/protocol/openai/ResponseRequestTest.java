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
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Refusals;
import dev.parley.ingest.http.Unused;
import dev.parley.schemas.ErrorCode;
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

class ResponseRequestTest {

    private static final Models MODELS = Models.of(Optional.of("m"));
    private static final String HI = "{\"role\": \"user\", \"content\": \"Hi\"}";

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    /** What a reference to an item stands for in these tests. */
    private static List<PromptMessage> referenced(String id) {
        return switch (id) {
            case "msg_1" -> List.of(assistant("Earlier."));
            case "fc_1" -> List.of(assistant("", new ToolCall("c1", "f", "{}")));
            case "rs_1" -> List.of();
            default -> throw new ProblemException(ErrorCode.NOT_FOUND, "there is no item '" + id + "'", "input");
        };
    }

    private static PromptMessage assistant(String content, ToolCall... calls) {
        return new PromptMessage(Role.ASSISTANT, content, List.of(calls), null, null);
    }

    private static ResponseRequest read(String json) {
        return read(json, Unused.passedOver());
    }

    private static ResponseRequest read(String json, Unused unused) {
        return ResponseRequest.of(
                JsonBody.of(json.getBytes(StandardCharsets.UTF_8), unused), MODELS, ResponseRequestTest::referenced);
    }

    private static ResponseRequest with(String members) {
        return read("{\"input\": \"Hi\", " + members + "}");
    }

    private static ResponseRequest saying(String... items) {
        return read("{\"input\": [" + String.join(", ", items) + "]}");
    }

    private static GenerationOptions options(String members) {
        return with(members).call().prompt().getOptions();
    }

    @Test
    void theLeastIsAnInput() {
        ResponseRequest request = read("{\"input\": \"Hi\"}");

        assertThat(request.previous()).isEmpty();
        assertThat(request.conversation()).isEmpty();
        assertThat(request.stream()).isFalse();
        assertThat(request.store()).isTrue();
        assertThat(request.background()).isFalse();
        assertThat(request.call())
                .isEqualTo(new ModelCall(
                        "default",
                        Models.Choice.OPEN,
                        "Hi",
                        new CallerPrompt(
                                Role.USER,
                                null,
                                List.of(),
                                GenerationOptions.newBuilder().build()),
                        Map.of()));
    }

    @Test
    void whatAResponsePutOutMayBeSentBackAsItCame() {
        ModelCall call = saying(
                        "{\"type\": \"message\", \"role\": \"developer\", \"content\": [{\"type\": \"input_text\","
                                + " \"text\": \"Be \"}, {\"type\": \"input_text\", \"text\": \"brief.\"}]}",
                        HI,
                        "{\"type\": \"reasoning\", \"id\": \"rs_x\", \"summary\": [{\"type\": \"summary_text\"}],"
                                + " \"encrypted_content\": \"x\"}",
                        "{\"type\": \"message\", \"id\": \"msg_x\", \"status\": \"completed\", \"role\": \"assistant\","
                                + " \"phase\": \"final_answer\", \"content\": [{\"type\": \"output_text\","
                                + " \"text\": \"Well.\", \"annotations\": [], \"logprobs\": []}]}",
                        "{\"type\": \"function_call\", \"id\": \"fc0_x\", \"status\": \"completed\","
                                + " \"call_id\": \"c1\", \"name\": \"f\", \"arguments\": \"{}\"}",
                        "{\"type\": \"function_call\", \"call_id\": \"c2\", \"name\": \"g\", \"arguments\": \"\"}",
                        "{\"type\": \"function_call_output\", \"id\": \"x\", \"status\": \"completed\","
                                + " \"call_id\": \"c1\", \"output\": \"42\"}",
                        "{\"type\": \"function_call_output\", \"call_id\": \"c2\","
                                + " \"output\": [{\"type\": \"input_text\", \"text\": \"43\"}]}")
                .call();

        assertThat(call.prompt().getContext())
                .containsExactly(
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null),
                        new PromptMessage(Role.USER, "Hi", List.of(), null, null),
                        assistant("Well.", new ToolCall("c1", "f", "{}"), new ToolCall("c2", "g", "")),
                        new PromptMessage(Role.TOOL, "42", List.of(), "c1", null));
        assertThat(call.content()).isEqualTo("43");
        assertThat(call.prompt().getRole()).isEqualTo(Role.TOOL);
        assertThat(call.prompt().getToolCallId()).isEqualTo("c2");
    }

    @Test
    void referencesStandForWhatTheyName() {
        ModelCall call = saying(
                        HI,
                        "{\"type\": \"item_reference\", \"id\": \"rs_1\"}",
                        "{\"type\": \"item_reference\", \"id\": \"msg_1\"}",
                        "{\"type\": \"item_reference\", \"id\": \"fc_1\"}",
                        "{\"type\": \"function_call_output\", \"call_id\": \"c1\", \"output\": \"42\"}")
                .call();

        assertThat(call.prompt().getContext())
                .containsExactly(
                        new PromptMessage(Role.USER, "Hi", List.of(), null, null),
                        assistant("Earlier.", new ToolCall("c1", "f", "{}")));
    }

    @Test
    void callsWithoutWordsBeforeThemAreAMessageOfTheirOwn() {
        assertThat(saying(
                                HI,
                                "{\"type\": \"function_call\", \"call_id\": \"c1\", \"name\": \"f\", \"arguments\": \"{}\"}",
                                HI)
                        .call()
                        .prompt()
                        .getContext())
                .containsExactly(
                        new PromptMessage(Role.USER, "Hi", List.of(), null, null),
                        assistant("", new ToolCall("c1", "f", "{}")));
    }

    @Test
    void optionsBecomeThoseOfChatCompletions() {
        assertThat(options("\"instructions\": \"Be brief.\", \"temperature\": 1, \"top_p\": 0.5, \"user\": \"u\","
                        + " \"max_output_tokens\": 9, \"parallel_tool_calls\": true,"
                        + " \"reasoning\": {\"effort\": \"high\", \"summary\": \"auto\"},"
                        + " \"tool_choice\": {\"type\": \"function\", \"name\": \"f\"},"
                        + " \"text\": {\"format\": {\"type\": \"json_schema\", \"name\": \"n\", \"description\": \"d\","
                        + " \"strict\": true, \"schema\": {\"type\": \"object\"}}},"
                        + " \"tools\": [{\"type\": \"function\", \"name\": \"f\", \"description\": \"d\","
                        + " \"parameters\": {\"type\": \"object\"}, \"strict\": false}]"))
                .isEqualTo(GenerationOptions.newBuilder()
                        .setInstructions("Be brief.")
                        .setTemperature(1.0)
                        .setTopP(0.5)
                        .setUser("u")
                        .setMaxOutputTokens(9)
                        .setParallelToolCalls(true)
                        .setReasoningEffort("high")
                        .setToolChoice("{\"type\":\"function\",\"function\":{\"name\":\"f\"}}")
                        .setResponseFormat("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\","
                                + "\"description\":\"d\",\"strict\":true,\"schema\":{\"type\":\"object\"}}}")
                        .setTools(List.of(new ToolDefinition("f", "d", "{\"type\":\"object\"}", false)))
                        .build());
    }

    @Test
    void formsAndChoicesThatNeedNoSayingAreLeftOut() {
        assertThat(options("\"text\": {\"format\": {\"type\": \"text\"}}").getResponseFormat())
                .isNull();
        assertThat(options("\"text\": {}").getResponseFormat()).isNull();
        assertThat(options("\"text\": {\"format\": {\"type\": \"json_object\"}}")
                        .getResponseFormat())
                .isEqualTo("{\"type\":\"json_object\"}");
        assertThat(options("\"tool_choice\": \"required\"").getToolChoice()).isEqualTo("\"required\"");
        assertThat(options("\"tool_choice\": null").getToolChoice()).isNull();
    }

    @Test
    void whatItContinuesIsTold() {
        ResponseRequest after = with("\"previous_response_id\": \"resp_1\", \"background\": true");
        assertThat(after.previous()).contains("resp_1");
        assertThat(after.background()).isTrue();
        assertThat(after.call().metadata())
                .isEqualTo(Map.of("openai.previous_response_id", "resp_1", "openai.background", "true"));

        assertThat(with("\"conversation\": \"conv_1\"").conversation()).contains("conv_1");
        assertThat(with("\"conversation\": {\"id\": \"conv_1\"}").conversation())
                .contains("conv_1");
        assertThat(with("\"store\": false").store()).isFalse();
        assertThat(with("\"stream\": true").stream()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"truncation\": \"disabled\"",
                "\"top_logprobs\": 0",
                "\"include\": [\"reasoning.encrypted_content\"]",
                "\"include\": []",
                "\"include\": [\"file_search_call.results\"]",
                "\"include\": [\"message.output_text.logprobs\"], \"top_logprobs\": 1",
                "\"reasoning\": {\"generate_summary\": \"auto\"}",
                "\"stream_options\": {\"include_obfuscation\": false}",
                "\"service_tier\": \"auto\"",
                "\"prompt\": null",
                "\"max_tool_calls\": null"
            })
    void whatChangesNothingIsTaken(String members) {
        assertThat(with(members).call().content()).isEqualTo("Hi");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"model\": \"other\" | model",
                "\"previous_response_id\": \"r\", \"conversation\": \"c\" | previous_response_id",
                "\"conversation\": \"a/b\" | conversation",
                "\"conversation\": {} | conversation.id",
                "\"conversation\": {\"id\": \"a b\"} | conversation.id",
                "\"conversation\": {\"id\": \"a\", \"x\": 1} | conversation.x",
                "\"conversation\": 5 | conversation",
                "\"background\": true, \"store\": false | background",
                "\"stream_options\": {\"include_obfuscation\": true} | stream_options.include_obfuscation",
                "\"stream_options\": {\"include_usage\": true} | stream_options.include_usage",
                "\"truncation\": \"none\" | truncation",
                "\"top_logprobs\": 21 | top_logprobs",
                "\"include\": [\"everything\"] | include",
                "\"text\": {\"verbosity\": \"loud\"} | text.verbosity",
                "\"include\": \"x\" | include",
                "\"max_tool_calls\": 3 | max_tool_calls",
                "\"prompt\": {} | prompt",
                "\"instructions\": [] | instructions",
                "\"max_output_tokens\": 0 | max_output_tokens",
                "\"reasoning\": {\"summary\": \"long\"} | reasoning.summary",
                "\"reasoning\": {\"x\": 1} | reasoning.x",
                "\"text\": {\"format\": {}} | text.format.type",
                "\"text\": {\"format\": {\"type\": \"xml\"}} | text.format.type",
                "\"text\": {\"format\": {\"type\": \"json_schema\", \"name\": \"n\"}} | text.format.schema",
                "\"text\": {\"format\": {\"type\": \"json_schema\", \"schema\": {}}} | text.format.name",
                "\"text\": {\"format\": {\"type\": \"text\", \"x\": 1}} | text.format.x",
                "\"tool_choice\": \"sometimes\" | tool_choice",
                "\"tool_choice\": {\"type\": \"function\"} | tool_choice.name",
                "\"tool_choice\": {\"type\": \"web_search\"} | tool_choice.type",
                "\"tools\": [{\"type\": \"web_search\"}] | tools[0].type",
                "\"tools\": [{\"type\": \"function\"}] | tools[0].name",
                "\"tools\": [{\"type\": \"function\", \"name\": \"f\", \"parameters\": 5}] | tools[0].parameters",
                "\"tools\": [{\"type\": \"function\", \"name\": \"f\", \"x\": 5}] | tools[0].x"
            })
    void whatIsNotSupportedIsRefusedByItsPath(String members, String field) {
        Refusals.expect(() -> with(members), field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | input[0].role",
                "{\"role\": \"tool\", \"content\": \"x\"} | input[0].role",
                "{\"role\": \"user\"} | input[0].content",
                "{\"role\": \"user\", \"content\": [{\"type\": \"input_image\"}]} | input[0].content[0].type",
                "{\"role\": \"user\", \"content\": [{\"type\": \"input_text\"}]} | input[0].content[0].text",
                "{\"role\": \"user\", \"content\": \"x\", \"audio\": {\"id\": 1}} | input[0].audio",
                "{\"role\": \"system\", \"content\": \"\"} | input",
                "{\"role\": \"assistant\", \"content\": \"x\"} | input",
                "{\"type\": \"computer_call\"} | input[0].type",
                "{\"type\": \"function_call\", \"name\": \"f\", \"arguments\": \"\"} | input[0].call_id",
                "{\"type\": \"function_call\", \"call_id\": \"c\", \"name\": \"f\", \"arguments\": {}} | input[0].arguments",
                "{\"type\": \"function_call_output\", \"output\": \"x\"} | input[0].call_id",
                "{\"type\": \"function_call_output\", \"call_id\": \"c\"} | input[0].output",
                "{\"type\": \"item_reference\"} | input[0].id",
                "{\"type\": \"item_reference\", \"id\": \"msg_1\", \"x\": 1} | input[0].x",
                "{\"type\": \"item_reference\", \"id\": \"nowhere\"} | input",
                "{\"type\": \"item_reference\", \"id\": \"rs_1\"} | input",
                "{\"type\": \"reasoning\", \"id\": \"rs_1\", \"summary\": []} | input",
                "5 | input[0]"
            })
    void anItemThatDoesNotDoIsRefusedByItsPath(String item, String field) {
        Refusals.expect(() -> saying(item), field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"role\": \"user\", \"content\": [{\"type\": \"input_text\", \"text\": \"\", \"x\": 1}]} | input[0].content[0].x",
                "{\"role\": \"user\", \"content\": \"x\", \"x\": 1} | input[0].x",
                "{\"role\": \"assistant\", \"content\": \"x\", \"name\": \"n\"} | input[0].name",
                "{\"type\": \"function_call\", \"call_id\": \"c\", \"name\": \"f\", \"arguments\": \"\", \"parsed_arguments\": {\"a\": 1}}"
                        + " | input[0].parsed_arguments",
                "{\"type\": \"function_call_output\", \"call_id\": \"c\", \"output\": \"x\", \"name\": \"f\"} | input[0].name"
            })
    void whatClientsAddToItemsIsTakenUnlessTheServerIsStrict(String item, String field) {
        String json = "{\"input\": [" + item + ", " + HI + "]}";

        assertThat(read(json).call().content()).isEqualTo("Hi");
        Refusals.expect(() -> read(json, Unused.refused()), field);
    }

    @Test
    void instructionsThatSayNothingAreNone() {
        assertThat(options("\"instructions\": \" \"").getInstructions()).isNull();
        assertThat(saying("{\"role\": \"developer\", \"content\": \"\"}", HI)
                        .call()
                        .prompt()
                        .getContext())
                .isEmpty();
    }

    @Test
    void lastWordsOfTheAssistantsAreWhatTheAnswerBeginsWith() {
        assertThat(saying(HI, "{\"role\": \"assistant\", \"content\": \"Well, \"}")
                        .call()
                        .prompt()
                        .getOptions()
                        .getPrefill())
                .isEqualTo("Well, ");
    }

    @Test
    void parametersThatOnlySomeEnginesTakeGoThereUnderTheNamesOfChatCompletions() {
        assertThat(options("\"top_k\": 3, \"text\": {\"verbosity\": \"low\"}, \"top_logprobs\": 2")
                        .getExtraParameters())
                .isEqualTo("{\"top_k\":3,\"logprobs\":true,\"top_logprobs\":2,\"verbosity\":\"low\"}");
        assertThat(options("\"top_logprobs\": 0").getExtraParameters()).isNull();
    }

    @Test
    void thereMustBeAnInput() {
        Refusals.expect(() -> read("{}"), "input");
        Refusals.expect(() -> saying(), "input");
        Refusals.expect(() -> read("{\"input\": {}}"), "input");
    }
}
