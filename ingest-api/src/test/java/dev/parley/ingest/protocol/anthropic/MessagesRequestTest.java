package dev.parley.ingest.protocol.anthropic;

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
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON is written with single quotes here. */
class MessagesRequestTest {

    private static final Models MODELS = Models.of(Optional.of("m"));
    private static final String HI = "{'role': 'user', 'content': 'Hi'}";
    private static final String ID = "msg_0123456789abcdef01234567";

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private static MessagesRequest read(String json) {
        return read(json, Unused.passedOver());
    }

    private static MessagesRequest read(String json, Unused unused) {
        return MessagesRequest.of(
                JsonBody.of(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), unused), MODELS);
    }

    /** A request with these members beside its model and message. */
    private static String with(String members) {
        return "{'model': 'm', 'max_tokens': 9, 'messages': [" + HI + "], " + members + "}";
    }

    private static String saying(String... messages) {
        return "{'model': 'm', 'messages': [" + String.join(", ", messages) + "]}";
    }

    private static String user(String... blocks) {
        return "{'role': 'user', 'content': [" + String.join(", ", blocks) + "]}";
    }

    private static String assistant(String... blocks) {
        return "{'role': 'assistant', 'content': [" + String.join(", ", blocks) + "]}";
    }

    private static String text(String text) {
        return "{'type': 'text', 'text': '" + text + "'}";
    }

    private static PromptMessage said(Role role, String text) {
        return new PromptMessage(role, text, List.of(), null, null);
    }

    private static PromptMessage result(String id, String text) {
        return new PromptMessage(Role.TOOL, text, List.of(), id, null);
    }

    private static List<PromptMessage> context(String json) {
        return read(json).call().prompt().getContext();
    }

    private static GenerationOptions options(String members) {
        return read(with(members)).call().prompt().getOptions();
    }

    @Test
    void theLeastIsAModelAndAMessage() {
        MessagesRequest request = read(saying(HI));

        assertThat(request.stream()).isFalse();
        assertThat(request.signatures()).isEmpty();
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
    void instructionsAreATextOrParagraphs() {
        assertThat(context(with("'system': 'Be brief.'"))).containsExactly(said(Role.SYSTEM, "Be brief."));
        assertThat(context(with("'system': [" + text("Be brief.") + ", " + text("Be kind.") + "]")))
                .containsExactly(said(Role.SYSTEM, "Be brief.\n\nBe kind."));
        assertThat(context(with("'system': ' '"))).isEmpty();
        assertThat(context(with("'system': []"))).isEmpty();
        assertThat(context(with("'system': null"))).isEmpty();
        assertThat(context(saying(HI, "{'role': 'system', 'content': [" + text("Now be kind.") + "]}", HI)))
                .containsExactly(said(Role.USER, "Hi"), said(Role.SYSTEM, "Now be kind."));
    }

    @Test
    void resultsOfToolsAreMessagesOfTheirOwn() {
        ModelCall call = read(saying(
                        HI,
                        assistant(
                                text("Let me "),
                                text("look."),
                                "{'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {'q': [1]}, 'caller': {'type': 'direct'}}",
                                "{'type': 'tool_use', 'id': 'c2', 'name': 'g', 'input': {}}"),
                        user(
                                "{'type': 'tool_result', 'tool_use_id': 'c2', 'content': 'two'}",
                                "{'type': 'tool_result', 'tool_use_id': 'c1', 'content': [" + text("o") + ", "
                                        + text("ne") + "]}",
                                text("And?"),
                                text("Go on."))))
                .call();

        assertThat(call.prompt().getContext())
                .containsExactly(
                        said(Role.USER, "Hi"),
                        new PromptMessage(
                                Role.ASSISTANT,
                                "Let me look.",
                                List.of(new ToolCall("c1", "f", "{\"q\":[1]}"), new ToolCall("c2", "g", "{}")),
                                null,
                                null),
                        result("c2", "two"),
                        result("c1", "o\n\nne"));
        assertThat(call.content()).isEqualTo("And?\n\nGo on.");
        assertThat(call.prompt().getRole()).isEqualTo(Role.USER);
    }

    @Test
    void aResultMayBeWhatIsAsked() {
        ModelCall call = read(saying(
                        HI,
                        assistant("{'type': 'tool_use', 'id': 'c1', 'name': 'f'}"),
                        user("{'type': 'tool_result', 'tool_use_id': 'c1'}")))
                .call();

        assertThat(call.content()).isEmpty();
        assertThat(call.prompt().getRole()).isEqualTo(Role.TOOL);
        assertThat(call.prompt().getToolCallId()).isEqualTo("c1");
    }

    @Test
    void aFailureOfAToolIsToldInWords() {
        assertThat(context(saying(
                        user(
                                "{'type': 'tool_result', 'tool_use_id': 'a', 'content': 'no place', 'is_error': true}",
                                "{'type': 'tool_result', 'tool_use_id': 'b', 'content': 'Error: no', 'is_error': true}",
                                "{'type': 'tool_result', 'tool_use_id': 'c', 'content': 'fine', 'is_error': false}"),
                        HI)))
                .containsExactly(result("a", "Error: no place"), result("b", "Error: no"), result("c", "fine"));
    }

    /** As agents send them that keep each block as a message. */
    @Test
    void whatTheAssistantSaysInSeveralMessagesIsOne() {
        String json = saying(
                HI,
                assistant("{'type': 'thinking', 'thinking': 'Hm.', 'signature': '" + ID + "'}"),
                assistant(text("Let me look.")),
                "{'role': 'assistant', 'content': 'Now.'}",
                assistant("{'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {}}"),
                user("{'type': 'tool_result', 'tool_use_id': 'c1', 'content': '42'}"));

        assertThat(context(json))
                .containsExactly(
                        said(Role.USER, "Hi"),
                        new PromptMessage(
                                Role.ASSISTANT,
                                "Let me look.\n\nNow.",
                                List.of(new ToolCall("c1", "f", "{}")),
                                null,
                                null));
        assertThat(read(json).signatures()).containsExactly(Optional.of(new AnswerId(ID)));
    }

    @Test
    void thoughtsNameTheAnswerThatTheyBelongTo() {
        MessagesRequest request = read(saying(
                HI,
                assistant("{'type': 'redacted_thinking', 'data': '" + ID + "'}", text("One.")),
                HI,
                assistant("{'type': 'thinking', 'thinking': 'Hm.', 'signature': 'EqQBCkYIBxgC'}", text("Two.")),
                HI,
                assistant("{'type': 'thinking', 'thinking': 'Hm.', 'signature': ''}", text("Three.")),
                user("{'type': 'thinking', 'thinking': 'Hm.', 'signature': '" + ID + "'}", text("In short: x"))));

        assertThat(request.signatures())
                .containsExactly(Optional.of(new AnswerId(ID)), Optional.empty(), Optional.empty());
        assertThat(request.call().prompt().getContext())
                .filteredOn(message -> message.getRole() == Role.ASSISTANT)
                .extracting(PromptMessage::getContent)
                .containsExactly("One.", "Two.", "Three.");
        assertThat(request.call().content()).isEqualTo("In short: x");
    }

    @Test
    void lastWordsOfTheAssistantsAreWhatTheAnswerBeginsWith() {
        ModelCall call =
                read(saying(HI, "{'role': 'assistant', 'content': 'Well, '}")).call();

        assertThat(call.content()).isEqualTo("Hi");
        assertThat(call.prompt().getOptions().getPrefill()).isEqualTo("Well, ");
        Refusals.expect(() -> read(saying("{'role': 'assistant', 'content': 'x'}")), "messages[0].role");
        Refusals.expect(
                () -> read(saying(HI, assistant("{'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': {}}"))),
                "messages[1].role");
    }

    @Test
    void optionsAreTakenIntoTheLogsWords() {
        GenerationOptions options = options("'temperature': 1, 'top_p': 0.5, 'top_k': 40, 'stop_sequences': ['a', 'b'],"
                + " 'metadata': {'user_id': 'u'}, 'thinking': {'type': 'enabled', 'budget_tokens': 2048},"
                + " 'service_tier': 'auto', 'output_config': {'effort': 'high', 'format': {'type': 'json_schema',"
                + " 'schema': {'type': 'object'}}}, 'tool_choice': {'type': 'tool', 'name': 'f',"
                + " 'disable_parallel_tool_use': true}, 'tools': [{'name': 'f', 'description': 'd',"
                + " 'input_schema': {'type': 'object'}, 'strict': true}, {'type': 'custom', 'name': 'g'}]");

        assertThat(options)
                .isEqualTo(GenerationOptions.newBuilder()
                        .setMaxOutputTokens(9)
                        .setTemperature(1.0)
                        .setTopP(0.5)
                        .setStop(List.of("a", "b"))
                        .setUser("u")
                        .setExtraParameters("{\"top_k\":40,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048}}")
                        .setReasoningEffort("high")
                        .setResponseFormat("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
                                + "\"schema\":{\"type\":\"object\"}}}")
                        .setToolChoice("{\"type\":\"function\",\"function\":{\"name\":\"f\"}}")
                        .setParallelToolCalls(false)
                        .setTools(List.of(
                                new ToolDefinition("f", "d", "{\"type\":\"object\"}", true),
                                new ToolDefinition("g", null, null, null)))
                        .build());
    }

    @ParameterizedTest
    @CsvSource({"auto, auto", "any, required", "none, none"})
    void choicesOfToolsAreToldInTheLogsWords(String theirs, String ours) {
        assertThat(options("'tool_choice': {'type': '" + theirs + "'}").getToolChoice())
                .isEqualTo("\"" + ours + "\"");
    }

    @Test
    void theOutputsFormatHasAnOlderPlace() {
        assertThat(options("'output_format': {'type': 'json_schema', 'schema': {}}")
                        .getResponseFormat())
                .isEqualTo("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"schema\":{}}}");
    }

    /** What SDKs and agents add, and what a strict server says to it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'cache_control': {'type': 'ephemeral'} | cache_control",
                "'context_management': {'edits': []} | context_management",
                "'diagnostics': {'previous_message_id': null} | diagnostics",
                "'metadata': {'user_id': 'u', 'tag': 't'} | metadata.tag",
                "'system': [{'type': 'text', 'text': 'x', 'cache_control': {'type': 'ephemeral'}}] | system[0].cache_control",
                "'tools': [{'name': 'f', 'input_schema': {}, 'cache_control': {'type': 'ephemeral'}}] | tools[0].cache_control",
                "'tools': [{'name': 'f', 'defer_loading': true}] | tools[0].defer_loading"
            })
    void whatIsAboutTheProvidersSideIsTakenUnlessTheServerIsStrict(String members, String field) {
        assertThat(read(with(members)).call().content()).isEqualTo("Hi");
        Refusals.expect(() -> read(with(members), Unused.refused()), field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'role': 'user', 'content': 'x', 'name': 'n'} | messages[0].name",
                "{'role': 'assistant', 'content': 'x', 'id': 'msg_1'} | messages[0].id",
                "{'role': 'user', 'content': [{'type': 'text', 'text': 'x', 'cache_control': {'type': 'ephemeral'}}]}"
                        + " | messages[0].content[0].cache_control",
                "{'role': 'assistant', 'content': [{'type': 'text', 'text': 'x', 'citations': [{}]}]}"
                        + " | messages[0].content[0].citations",
                "{'role': 'assistant', 'content': [{'type': 'thinking', 'thinking': 'x', 'signature': 'foreign'}]}"
                        + " | messages[0].content[0].signature",
                "{'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'c', 'cache_control': {'type': 'x'}}]}"
                        + " | messages[0].content[0].cache_control"
            })
    void whatClientsAddToMessagesIsTakenUnlessTheServerIsStrict(String message, String field) {
        assertThat(context(saying(message, HI))).hasSize(1);
        Refusals.expect(() -> read(saying(message, HI), Unused.refused()), field);
    }

    /** An answer that is sent back as this server told it has nothing in it that means nothing. */
    @Test
    void anAnswerSentBackAsItCameIsWhollyUsed() {
        String json = saying(
                HI,
                assistant(
                        "{'type': 'thinking', 'thinking': 'Hm.', 'signature': '" + ID + "'}",
                        "{'type': 'text', 'text': 'x', 'citations': null}",
                        "{'type': 'redacted_thinking', 'data': '" + ID + "'}",
                        "{'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': {}, 'caller': {'type': 'direct'}}"),
                user("{'type': 'tool_result', 'tool_use_id': 'c', 'content': 'y', 'is_error': false}"));

        assertThat(read(json, Unused.refused()).signatures()).containsExactly(Optional.of(new AnswerId(ID)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'messages': [] | messages",
                "'messages': 'x' | messages",
                "'messages': [1] | messages[0]",
                "'messages': [{'content': 'x'}] | messages[0].role",
                "'messages': [{'role': 'tool', 'content': 'x'}] | messages[0].role",
                "'messages': [{'role': 'user'}] | messages[0].content",
                "'messages': [{'role': 'user', 'content': 1}] | messages[0].content",
                "'messages': [{'role': 'user', 'content': [{'text': 'x'}]}] | messages[0].content[0].type",
                "'messages': [{'role': 'user', 'content': [{'type': 'text'}]}] | messages[0].content[0].text",
                "'messages': [{'role': 'user', 'content': [{'type': 'image', 'source': {}}]}] | messages[0].content[0].type",
                "'messages': [{'role': 'user', 'content': [{'type': 'document', 'source': {}}]}] | messages[0].content[0].type",
                "'messages': [{'role': 'user', 'content': [{'type': 'tool_use', 'id': 'c', 'name': 'f'}]}]"
                        + " | messages[0].content[0].type",
                "'messages': [{'role': 'assistant', 'content': [{'type': 'server_tool_use', 'id': 'c'}]}]"
                        + " | messages[0].content[0].type",
                "'messages': [{'role': 'assistant', 'content': [{'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': 1}]}]"
                        + " | messages[0].content[0].input",
                "'messages': [{'role': 'user', 'content': [{'type': 'tool_result', 'content': 'x'}]}]"
                        + " | messages[0].content[0].tool_use_id",
                "'messages': [{'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'c',"
                        + " 'content': [{'type': 'image'}]}]}] | messages[0].content[0].content[0].type",
                "'messages': [{'role': 'user', 'content': 'x', 'tool_calls': [{}]}] | messages[0].tool_calls"
            })
    void whatIsNotWellFormedIsRefusedByItsPath(String members, String field) {
        Refusals.expect(() -> read("{'model': 'm', " + members + "}"), field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'max_tokens': 0 | max_tokens",
                "'max_tokens': 1.5 | max_tokens",
                "'temperature': 1.1 | temperature",
                "'top_k': -1 | top_k",
                "'stop_sequences': 'x' | stop_sequences",
                "'system': 1 | system",
                "'system': [{'type': 'image'}] | system[0].type",
                "'thinking': {'budget_tokens': 1} | thinking.type",
                "'tool_choice': 'auto' | tool_choice",
                "'tool_choice': {'type': 'required'} | tool_choice.type",
                "'tool_choice': {'type': 'tool'} | tool_choice.name",
                "'tool_choice': {'type': 'auto', 'name': 'f'} | tool_choice.name",
                "'tools': [{'input_schema': {}}] | tools[0].name",
                "'tools': [{'name': 'f', 'input_schema': []}] | tools[0].input_schema",
                "'tools': [{'type': 'web_search_20250305', 'name': 'web_search'}] | tools[0].type",
                "'output_config': {'format': {'type': 'json_schema'}} | output_config.format.schema",
                "'output_config': {'format': {'type': 'text', 'schema': {}}} | output_config.format.type",
                "'output_config': {'verbosity': 'low'} | output_config.verbosity",
                "'service_tier': 'priority' | service_tier",
                "'speed': 'fast' | speed",
                "'thread': {'type': 'create'} | thread",
                "'mcp_servers': [{'url': 'x'}] | mcp_servers",
                "'container': 'c' | container",
                "'temperatur': 1 | temperatur",
                "'stream': 'yes' | stream"
            })
    void whatIsNotSupportedIsRefusedByItsName(String members, String field) {
        Refusals.expect(() -> read("{'model': 'm', 'messages': [" + HI + "], " + members + "}"), field);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{'messages': [{'role': 'user', 'content': 'x'}]}", "{'model': 'claude-none', 'messages': []}"})
    void aModelHasToBeThere(String json) {
        Refusals.expect(() -> read(json), "model");
    }

    @Test
    void tokensAreEstimatedFromAllThatIsSaid() {
        assertThat(read(saying("{'role': 'user', 'content': ''}")).estimatedTokens())
                .isEqualTo(1);
        assertThat(read(saying("{'role': 'user', 'content': '" + "x".repeat(40) + "'}"))
                        .estimatedTokens())
                .isEqualTo(10);
        assertThat(read("{'model': 'm', 'system': '" + "s".repeat(40) + "', 'tools': [{'name': '" + "n".repeat(10)
                                + "', 'description': '" + "d".repeat(30) + "', 'input_schema': {}}], 'messages': ["
                                + assistant("{'type': 'tool_use', 'id': 'c', 'name': 'abcd', 'input': {'a': 1}}") + ", "
                                + user("{'type': 'tool_result', 'tool_use_id': 'c', 'content': '12345'}")
                                + ", {'role': 'assistant', 'content': 'So'}]}")
                        .estimatedTokens())
                .isEqualTo((40 + 10 + 30 + 2 + 4 + 7 + 5 + 2) / 4);
    }
}
