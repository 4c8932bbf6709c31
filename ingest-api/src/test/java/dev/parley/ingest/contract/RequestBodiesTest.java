package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the bodies that the server takes against those that the OpenAPI document allows. */
class RequestBodiesTest {

    private static final String HERE = "/api/conversations/c";

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();

    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest server;

    @BeforeAll
    static void start() {
        FakeWorld world = new FakeWorld();
        world.conversation("c");
        server = DoorUnderTest.over(world);
        server.post(HERE + "/messages", Map.of("messageId", "m", "content", "Hello"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A request's body. */
    record Asked(String operation, String path, String body) {
        @Override
        public String toString() {
            return operation + " " + (body.length() < 80 ? body : body.substring(0, 80) + "…");
        }
    }

    static Stream<Asked> bodies() {
        String long64 = "k".repeat(64);
        Stream<Asked> created = Stream.of(
                        "{}",
                        "{'id': 'a.B_9:-'}",
                        "{'id': null, 'title': null, 'workspaceId': null, 'metadata': null}",
                        "{'id': 'a/b'}",
                        "{'id': ''}",
                        "{'id': '" + "x".repeat(128) + "'}",
                        "{'id': '" + "x".repeat(129) + "'}",
                        "{'id': 7}",
                        "{'title': '" + "x".repeat(200) + "'}",
                        "{'title': '" + "\uD83D\uDE00".repeat(200) + "'}",
                        "{'title': '" + "x".repeat(201) + "'}",
                        "{'title': ' '}",
                        "{'title': ''}",
                        "{'workspaceId': 'a b'}",
                        "{'metadata': {}}",
                        "{'metadata': []}",
                        "{'metadata': {'': 'x'}}",
                        "{'metadata': {'k': null}}",
                        "{'metadata': {'k': 1}}",
                        "{'metadata': {'k': ''}}",
                        "{'metadata': {'k': 'a\\u0000'}}",
                        "{'metadata': {'" + long64 + "': '" + "x".repeat(512) + "'}}",
                        "{'metadata': {'" + long64 + "k': 'x'}}",
                        "{'metadata': {'k': '" + "x".repeat(513) + "'}}",
                        "{'metadata': {" + pairs(16) + "}}",
                        "{'metadata': {" + pairs(17) + "}}",
                        "{'unknown': 1}",
                        "[]")
                .map(body -> new Asked("createConversation", "/api/conversations", body));
        Stream<Asked> renamed = Stream.of(
                        "{'title': 'x'}", "{}", "{'title': null}", "{'title': 1}", "{'title': 'x', 'id': 'c'}")
                .map(body -> new Asked("renameConversation", HERE, body));
        Stream<Asked> said = Stream.of(
                        "{'content': 'x'}",
                        "{'content': 'x', 'messageId': null, 'onBusy': null, 'intent': null, 'engine': null, 'metadata': null}",
                        "{'content': 'x', 'messageId': 'own', 'onBusy': 'interrupt', 'intent': 'a/b', 'engine': 'c:d'}",
                        "{'content': 'x', 'onBusy': 'enqueue'}",
                        "{'content': 'x', 'onBusy': 'rollback'}",
                        "{'content': 'x', 'onBusy': 'reject'}",
                        "{'content': 'x', 'onBusy': 'ENQUEUE'}",
                        "{'content': 'x', 'intent': 'a b'}",
                        "{'content': 'x', 'engine': '" + "x".repeat(100) + "'}",
                        "{'content': 'x', 'engine': '" + "x".repeat(101) + "'}",
                        "{'content': 'x', 'messageId': 'a/b'}",
                        "{'content': 'x', 'role': 'user'}",
                        "{'content': '\\n\\t'}",
                        "{'content': null}",
                        "{}")
                .map(body -> new Asked("submitMessage", HERE + "/messages", body));
        Stream<Asked> again = Stream.of(
                        "{}",
                        "{'onBusy': 'reject', 'engine': 'e'}",
                        "{'onBusy': null, 'engine': null}",
                        "{'intent': 'i'}",
                        "{'onBusy': 1}")
                .map(body -> new Asked("regenerateMessage", HERE + "/messages/m/regenerate", body));
        Stream<Asked> rated = Stream.of(
                        "{'rating': 'up'}",
                        "{'rating': 'down', 'comment': 'no'}",
                        "{'rating': 1}",
                        "{'rating': 5, 'comment': null}",
                        "{'rating': '3'}",
                        "{'rating': 0}",
                        "{'rating': '6'}",
                        "{'rating': 4.5}",
                        "{'rating': true}",
                        "{'rating': null}",
                        "{'comment': 'x'}",
                        "{'rating': 'up', 'reason': 'x'}")
                .map(body -> new Asked("rateMessage", HERE + "/messages/m/feedback", body));
        Stream<Asked> stopped = Stream.of(
                        "{}", "{'turnId': 't'}", "{'turnId': null}", "{'turnId': 't t'}", "{'all': true}")
                .map(body -> new Asked("cancelTurn", HERE + "/cancel", body));
        return Stream.of(
                        created,
                        renamed,
                        said,
                        again,
                        rated,
                        stopped,
                        completions(),
                        responses(),
                        messages(),
                        chats(),
                        runs())
                .flatMap(any -> any);
    }

    private static Stream<Asked> completions() {
        Stream<String> messages = Stream.of(
                        "[]",
                        "null",
                        "['x']",
                        "[{'role': 'user', 'content': ''}]",
                        "[{'role': 'user', 'content': null}]",
                        "[{'role': 'user', 'content': 'x', 'name': 'n'}]",
                        "[{'role': 'nobody', 'content': 'x'}]",
                        "[{'role': 'user', 'content': [{'type': 'text', 'text': 'x'}]}]",
                        "[{'role': 'user', 'content': [{'type': 'image_url', 'image_url': {'url': 'x'}}]}]",
                        "[{'role': 'user', 'content': [{'type': 'text', 'text': 'x', 'cache_control': {}}]}]",
                        "[{'role': 'developer', 'content': 'x'}, {'role': 'system', 'content': 'x'}]",
                        "[{'role': 'tool', 'tool_call_id': 'call_1', 'content': 'x'}]",
                        "[{'role': 'tool', 'content': 'x'}]",
                        said("'content': 'x', 'reasoning_content': 'hm', 'parsed': {}, 'annotations': []"),
                        said("'content': 'x', 'refusal': null, 'audio': null, 'function_call': null"),
                        said("'content': 'x', 'refusal': 'no'"),
                        said("'content': 'x', 'annotations': [{}]"),
                        said("'content': null, 'refusal': 'no', 'reasoning': 'hm', 'name': 'n'"),
                        said("'content': 'x', 'audio': {'id': 'a'}"),
                        said("'content': 'x', 'function_call': {'name': 'f'}"),
                        said(
                                "'content': [{'type': 'thinking', 'thinking': 'hm'}, {'type': 'refusal', 'refusal': 'no'}]"),
                        said("'content': [{'type': 'refusal'}]"),
                        "[{'role': 'user', 'content': 'x', 'tool_calls': [{}]}]",
                        "[{'role': 'user', 'content': 'x', 'images': ['x']}]",
                        "[{'role': 'user', 'content': 'x', 'images': []}]",
                        "[{'role': 'user', 'content': 'x'}, {'role': 'assistant', 'content': 'y'}]",
                        said("'content': null"),
                        said("'content': null, 'tool_calls': []"),
                        said("'tool_calls': [{'id': 'i', 'function': {'name': 'f', 'arguments': '{}'}}]"),
                        said("'content': null, 'tool_calls': [{'id': 'i', 'type': 'function', 'index': 0,"
                                + " 'function': {'name': 'f', 'arguments': '{}', 'parsed_arguments': {}}}]"),
                        said(
                                "'tool_calls': [{'id': 'i', 'type': 'custom', 'function': {'name': 'f', 'arguments': ''}}]"),
                        said("'tool_calls': [{'id': 'i', 'function': {'name': 'f', 'arguments': {}}}]"))
                .map(list -> "'messages': " + list);
        Stream<String> options = Stream.concat(
                        options(),
                        Stream.of(
                                "'stream': true, 'stream_options': {'include_usage': true}",
                                "'stream': true, 'stream_options': {'include_usage': 1}",
                                "'stream': true, 'stream_options': {'include_obfuscation': true}",
                                "'max_completion_tokens': 1, 'max_tokens': 2",
                                "'max_completion_tokens': 0",
                                "'max_tokens': 1.5",
                                "'presence_penalty': -2, 'frequency_penalty': 2",
                                "'presence_penalty': -3",
                                "'seed': -1",
                                "'seed': 'x'",
                                "'stop': 'x'",
                                "'stop': ['x', 'y']",
                                "'stop': [1]",
                                "'stop': " + "x,".repeat(17).transform(RequestBodiesTest::list),
                                "'reasoning_effort': 'low'",
                                "'tools': [{'type': 'function', 'function': {'name': 'f', 'description': null,"
                                        + " 'parameters': {'type': 'object'}, 'strict': true}}]",
                                "'tools': [{'type': 'function', 'function': {'name': 'f', 'parameters': []}}]",
                                "'tools': [{'type': 'custom', 'custom': {'name': 'f'}}]",
                                "'tools': [{'type': 'function', 'name': 'f'}]",
                                "'tool_choice': 'auto'",
                                "'tool_choice': {'type': 'function', 'function': {'name': 'f'}}",
                                "'response_format': {'type': 'json_object'}",
                                "'n': 1",
                                "'n': 2",
                                "'logprobs': false",
                                "'logprobs': true",
                                "'modalities': ['text']",
                                "'modalities': ['text', 'audio']",
                                "'modalities': ['audio']",
                                "'logit_bias': {}",
                                "'logit_bias': {'1': 2}, 'top_k': 4, 'min_p': 0.1, 'verbosity': 'low'",
                                "'logprobs': true, 'top_logprobs': 2",
                                "'logprobs': true, 'top_logprobs': 21",
                                "'top_logprobs': 2",
                                "'functions': []"))
                .map(option -> "'messages': [{'role': 'user', 'content': 'x'}], " + option);
        return Stream.concat(messages, options)
                .map(fields -> new Asked(
                        "createChatCompletion", "/v1/chat/completions", "{'model': 'default', " + fields + "}"));
    }

    private static String said(String assistant) {
        return "[{'role': 'assistant', " + assistant + "}, {'role': 'user', 'content': 'x'}]";
    }

    private static String list(String commas) {
        return "[" + commas.substring(0, commas.length() - 1).replace("x", "'x'") + "]";
    }

    /** What both of OpenAI's calls take. */
    private static Stream<String> options() {
        return Stream.of(
                "'stream': true",
                "'stream': 'yes'",
                "'temperature': 0, 'top_p': 1, 'parallel_tool_calls': false, 'user': 'u'",
                "'temperature': null, 'top_p': null, 'tools': null, 'tool_choice': null, 'metadata': null",
                "'temperature': 2.5",
                "'top_p': -0.1",
                "'parallel_tool_calls': 'yes'",
                "'user': 1",
                "'metadata': {'k': 'v'}",
                "'metadata': {'k': 1}",
                "'store': false",
                "'store': 'no'",
                "'service_tier': 'auto'",
                "'service_tier': 'flex'",
                "'safety_identifier': 's', 'prompt_cache_key': 'k', 'prompt_cache_retention': '24h'",
                "'unheard_of': true");
    }

    private static Stream<Asked> responses() {
        Stream<String> inputs = Stream.of(
                        "''",
                        "null",
                        "[]",
                        "{}",
                        "[{'role': 'user', 'content': 'x'}]",
                        "[{'type': null, 'role': 'user', 'content': 'x'}]",
                        "[{'type': 'message', 'role': 'user', 'content': [{'type': 'input_text', 'text': 'x'}]}]",
                        "[{'type': 'message', 'role': 'user', 'content': [{'type': 'input_image', 'image_url': 'x'}]}]",
                        "[{'role': 'tool', 'content': 'x'}]",
                        "[{'role': 'user'}]",
                        "[{'role': 'user', 'content': 'x', 'name': 'n'}]",
                        item(
                                "'type': 'message', 'id': 'msg_1', 'status': 'completed', 'role': 'assistant', 'phase': null,"
                                        + " 'content': [{'type': 'output_text', 'text': 'x', 'annotations': [], 'logprobs': []}]"),
                        item("'type': 'function_call', 'id': 'fc', 'status': 'completed', 'call_id': 'c', 'name': 'f',"
                                + " 'arguments': '{}'"),
                        item("'type': 'function_call', 'name': 'f', 'arguments': '{}'"),
                        item("'type': 'function_call_output', 'call_id': 'c', 'output': 'x'"),
                        item(
                                "'type': 'function_call_output', 'call_id': 'c', 'output': [{'type': 'text', 'text': 'x'}]"),
                        item("'type': 'function_call_output', 'output': 'x'"),
                        item("'type': 'reasoning', 'id': 'rs', 'summary': [], 'encrypted_content': null"),
                        item("'type': 'item_reference'"),
                        item("'type': 'web_search_call', 'id': 'x'"))
                .map(input -> "'input': " + input);
        Stream<String> options = Stream.concat(
                        options(),
                        Stream.of(
                                "'model': 'default', 'instructions': 'Be brief.', 'previous_response_id': null",
                                "'model': null",
                                "'conversation': 'c'",
                                "'conversation': {'id': 'c'}",
                                "'conversation': 'a b'",
                                "'conversation': {'id': 'c', 'object': 'conversation'}",
                                "'conversation': {}",
                                "'stream': true, 'stream_options': {'include_obfuscation': false}",
                                "'stream': true, 'stream_options': {'include_usage': true}",
                                "'background': true",
                                "'background': 1",
                                "'max_output_tokens': 16",
                                "'max_output_tokens': 0",
                                "'max_tokens': 16",
                                "'reasoning': {'effort': 'low', 'summary': 'auto'}",
                                "'reasoning': {'summary': 'long'}",
                                "'reasoning': {'effort': 'low', 'generate_summary': 'auto'}",
                                "'text': {}",
                                "'text': {'format': null}",
                                "'text': {'format': {'type': 'text'}}",
                                "'text': {'format': {'type': 'json_object'}}",
                                "'text': {'format': {'type': 'json_schema', 'name': 'n', 'schema': {}, 'strict': true}}",
                                "'text': {'format': {'type': 'json_schema', 'name': 'n'}}",
                                "'text': {'format': {'type': 'grammar'}}",
                                "'text': {'format': {'type': 'text', 'name': 'n'}}",
                                "'text': {'verbosity': 'low'}",
                                "'text': {'verbosity': 'loud'}",
                                "'top_k': 4",
                                "'tools': [{'type': 'function', 'name': 'f', 'parameters': null, 'strict': false}]",
                                "'tools': [{'type': 'web_search'}]",
                                "'tools': [{'type': 'function', 'function': {'name': 'f'}}]",
                                "'tool_choice': 'required'",
                                "'tool_choice': 'any'",
                                "'tool_choice': {'type': 'function', 'name': 'f'}",
                                "'tool_choice': {'type': 'web_search'}",
                                "'truncation': 'disabled'",
                                "'truncation': 'never'",
                                "'top_logprobs': 0",
                                "'top_logprobs': 2",
                                "'top_logprobs': 21",
                                "'include': ['everything']",
                                "'include': ['reasoning.encrypted_content']",
                                "'include': ['message.output_text.logprobs']",
                                "'prompt': {'id': 'p'}"))
                .map(option -> "'input': 'x', " + option);
        return Stream.concat(inputs, options)
                .map(fields -> new Asked("createResponse", "/v1/responses", "{" + fields + "}"));
    }

    private static Stream<Asked> messages() {
        Stream<String> messages = Stream.of(
                        "[]",
                        "null",
                        "['x']",
                        "[{'role': 'user', 'content': ''}]",
                        "[{'role': 'user', 'content': null}]",
                        "[{'role': 'user', 'content': []}]",
                        "[{'role': 'user', 'content': 1}]",
                        "[{'role': 'user'}]",
                        "[{'content': 'x'}]",
                        "[{'role': 'tool', 'content': 'x'}]",
                        "[{'role': 'user', 'content': 'x', 'name': 'n'}]",
                        "[{'role': 'user', 'content': 'x', 'tool_calls': [{}]}]",
                        "[{'role': 'user', 'content': 'x', 'tool_calls': []}]",
                        "[{'role': 'user', 'content': 'x'}, {'role': 'assistant', 'content': 'y'}]",
                        "[{'role': 'user', 'content': 'x'}, {'role': 'system', 'content': 'y'}, {'role': 'user', 'content': 'z'}]",
                        "[{'role': 'user', 'content': 'x'}, {'role': 'system', 'content': [{'type': 'tool_result'}]}]",
                        block("user", "'type': 'text', 'text': 'x', 'cache_control': {'type': 'ephemeral'}"),
                        block("user", "'type': 'text'"),
                        block("user", "'text': 'x'"),
                        block("user", "'type': 'image', 'source': {'type': 'url', 'url': 'x'}"),
                        block("user", "'type': 'document', 'source': {'type': 'text', 'data': 'x'}"),
                        block("user", "'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': {}"),
                        block("user", "'type': 'tool_result', 'tool_use_id': 'c'"),
                        block("user", "'type': 'tool_result', 'tool_use_id': 'c', 'content': null, 'is_error': null"),
                        block("user", "'type': 'tool_result', 'tool_use_id': 'c', 'content': 'x', 'is_error': true"),
                        block("user", "'type': 'tool_result', 'tool_use_id': 'c', 'content': 'x', 'is_error': 'yes'"),
                        block(
                                "user",
                                "'type': 'tool_result', 'tool_use_id': 'c', 'content': [{'type': 'text', 'text': 'x'}]"),
                        block("user", "'type': 'tool_result', 'tool_use_id': 'c', 'content': [{'type': 'image'}]"),
                        block("user", "'type': 'tool_result', 'content': 'x'"),
                        block("user", "'type': 'thinking', 'thinking': 'x', 'signature': 'y'"),
                        block("assistant", "'type': 'text', 'text': 'x', 'citations': null"),
                        block("assistant", "'type': 'thinking', 'thinking': 'x'"),
                        block("assistant", "'type': 'thinking', 'thinking': 'x', 'signature': 1"),
                        block("assistant", "'type': 'redacted_thinking', 'data': 'x'"),
                        block("assistant", "'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': {'a': 1}"),
                        block("assistant", "'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': null"),
                        block("assistant", "'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': '{}'"),
                        block("assistant", "'type': 'tool_use', 'name': 'f', 'input': {}"),
                        block("assistant", "'type': 'tool_result', 'tool_use_id': 'c'"),
                        block("assistant", "'type': 'server_tool_use', 'id': 'c', 'name': 'web_search', 'input': {}"))
                .map(list -> "'messages': " + list);
        Stream<String> options = Stream.of(
                        "'max_tokens': 1, 'stream': false, 'system': null",
                        "'max_tokens': 0",
                        "'max_tokens': '1'",
                        "'system': 'x'",
                        "'system': [{'type': 'text', 'text': 'x', 'cache_control': {}}]",
                        "'system': [{'type': 'image'}]",
                        "'system': {}",
                        "'temperature': 1, 'top_p': 0, 'top_k': 5",
                        "'temperature': 1.5",
                        "'top_k': 0.5",
                        "'stop_sequences': ['x']",
                        "'stop_sequences': 'x'",
                        "'stop_sequences': " + "x,".repeat(17).transform(RequestBodiesTest::list),
                        "'thinking': {'type': 'enabled', 'budget_tokens': 1024}",
                        "'thinking': {'type': 'adaptive', 'display': 'omitted'}",
                        "'thinking': {'type': 'disabled'}",
                        "'thinking': {}",
                        "'thinking': true",
                        "'tools': [{'name': 'f', 'description': null, 'input_schema': {'type': 'object'}, 'strict': true}]",
                        "'tools': [{'type': 'custom', 'name': 'f', 'input_examples': [{}]}]",
                        "'tools': [{'type': 'web_search_20250305', 'name': 'web_search'}]",
                        "'tools': [{'input_schema': {}}]",
                        "'tools': [{'name': 'f', 'input_schema': 'x'}]",
                        "'tool_choice': {'type': 'auto'}",
                        "'tool_choice': {'type': 'any', 'disable_parallel_tool_use': true}",
                        "'tool_choice': {'type': 'tool', 'name': 'f'}",
                        "'tool_choice': {'type': 'tool'}",
                        "'tool_choice': {'type': 'none', 'name': 'f'}",
                        "'tool_choice': {'type': 'function'}",
                        "'tool_choice': 'auto'",
                        "'tool_choice': null",
                        "'output_config': {'effort': 'high'}",
                        "'output_config': {'format': {'type': 'json_schema', 'schema': {}}}",
                        "'output_config': {'format': null, 'effort': null}",
                        "'output_config': {'format': {'type': 'json_schema'}}",
                        "'output_config': {'x': 1}",
                        "'output_format': {'type': 'json_schema', 'schema': {'type': 'object'}}",
                        "'output_format': {'type': 'json_object'}",
                        "'metadata': {'user_id': 'u', 'x': 1}",
                        "'metadata': {'user_id': null}",
                        "'metadata': {'user_id': 1}",
                        "'service_tier': 'standard_only'",
                        "'service_tier': 'priority'",
                        "'cache_control': {'type': 'ephemeral'}, 'context_management': {'edits': []}, 'diagnostics': {}",
                        "'speed': 'standard'",
                        "'speed': 'fast'",
                        "'thread': {'type': 'create'}",
                        "'mcp_servers': []",
                        "'container': 'c'",
                        "'seed': 1")
                .map(option -> "'messages': [{'role': 'user', 'content': 'x'}], " + option);
        return Stream.concat(messages, options)
                .map(fields ->
                        new Asked("createAnthropicMessage", "/v1/messages", "{'model': 'default', " + fields + "}"));
    }

    /** A block that is not the last of what is said. */
    private static String block(String role, String fields) {
        return "[{'role': '" + role + "', 'content': [{" + fields + "}]}, {'role': 'user', 'content': 'x'}]";
    }

    private static String item(String fields) {
        return "[{" + fields + "}, {'role': 'user', 'content': 'x'}]";
    }

    private static Stream<Asked> chats() {
        String user = "{'id': 'm', 'role': 'user', 'parts': [{'type': 'text', 'text': 'x'}]}";
        return Stream.of(
                        "'id': 'new', 'messages': [" + user + "]",
                        "'id': 'new', 'trigger': 'submit-message', 'messageId': null, 'messages': [" + user + "]",
                        "'id': 'new', 'trigger': null, 'messages': [" + user.replace("'id': 'm', ", "") + "]",
                        "'id': 'newer', 'onBusy': 'interrupt', 'intent': 'a/b', 'engine': 'c:d', 'metadata': {'k': 'v'},"
                                + " 'messages': [" + user + "]",
                        "'id': 'newest', 'messages': [{'role': 'system'}, {'role': 'assistant', 'parts':"
                                + " [{'type': 'step-start'}, {'type': 'text', 'text': 'x', 'state': 'done'}],"
                                + " 'metadata': {}}, " + user + "]",
                        "'id': 'tooled', 'messages': [{'id': 'a', 'role': 'assistant', 'parts': [{'type': 'tool-f',"
                                + " 'toolCallId': 'c', 'state': 'output-available', 'input': {}, 'output': 1}]}]",
                        "'id': 'tooled-again', 'messageId': 'a', 'messages': [{'id': 'a', 'role': 'assistant', 'parts':"
                                + " [{'type': 'tool-f', 'toolCallId': 'c', 'state': 'output-error', 'errorText': 'x'}]}]",
                        "'id': 'assisted', 'system': 's', 'tools': {'f': {'parameters': {}, 'x': 1}}, 'callSettings':"
                                + " {'temperature': 1, 'maxRetries': 1}, 'config': {'x': 1}, 'messages': [" + user
                                + "]",
                        "'id': 'single', 'message': " + user,
                        "'id': 'single', 'message': [" + user + "]",
                        "'id': 'new', 'tools': [], 'messages': [" + user + "]",
                        "'id': 'new', 'tools': {'f': {'parameters': 1}}, 'messages': [" + user + "]",
                        "'id': 'new', 'callSettings': {'topP': 2}, 'messages': [" + user + "]",
                        "'id': 'new', 'messages': []",
                        "'id': 'new'",
                        "'messages': [" + user + "]",
                        "'id': 'a b', 'messages': [" + user + "]",
                        "'id': 'new', 'messageId': 'm', 'messages': [" + user + "]",
                        "'id': 'new', 'trigger': 'resume', 'messages': [" + user + "]",
                        "'id': 'new', 'onBusy': 'wait', 'messages': [" + user + "]",
                        "'id': 'new', 'body': {}, 'messages': [" + user + "]",
                        "'id': 'new', 'messages': [{'role': 'tool', 'parts': []}, " + user + "]",
                        "'id': 'new', 'messages': [{'role': 'user', 'parts': [{'type': 'file', 'url': 'x'}]}, " + user
                                + "]",
                        "'id': 'new', 'messages': [{'role': 'user', 'parts': [{'type': 'text'}]}]",
                        "'id': 'new', 'messages': [{'role': 'user', 'parts': [{'text': 'x'}]}]")
                .map(fields -> new Asked("chat", "/api/chat", "{" + fields + "}"));
    }

    private static Stream<Asked> runs() {
        String user = "{'id': 'm', 'role': 'user', 'content': 'x'}";
        String to = "'threadId': 'thread', 'runId': 'r', 'messages': [" + user + "]";
        String more = "'threadId': 'more', 'runId': 'r', 'messages': [" + user + "], ";
        return Stream.of(
                        to,
                        "'threadId': 'parts', 'runId': 'r', 'messages': [{'role': 'reasoning', 'content': 'x'}, {'id': 'm',"
                                + " 'role': 'user', 'content': [{'type': 'text', 'text': 'x'}], 'name': 'n'}]",
                        more + "'state': {'x': 1}, 'parentRunId': 'p', 'protocolVersion': '2.0', 'later': 1",
                        more + "'tools': [], 'context': [], 'resume': [], 'forwardedProps': {}",
                        "'threadId': 'tooled', 'runId': 'r', 'messages': [" + user
                                + "], 'tools': [{'name': 'f', 'description':"
                                + " 'x', 'parameters': {}}], 'context': [{'description': 'x', 'value': 'y'}]",
                        "'threadId': 'own', 'runId': 'r', 'messages': [" + user + "], 'forwardedProps': {'theirs': 1,"
                                + " 'parley': {'onBusy': 'interrupt', 'intent': 'a/b', 'engine': 'c:d', 'metadata': {'k': 'v'}}}",
                        more + "'forwardedProps': {'parley': {'x': 1}}",
                        more + "'forwardedProps': {'parley': {'onBusy': 'wait'}}",
                        more + "'forwardedProps': 1",
                        more + "'resume': [{'interruptId': 'i', 'status': 'resolved'}]",
                        more + "'tools': {}",
                        more + "'tools': [{'description': 'x'}]",
                        more + "'tools': [{'name': 'f', 'parameters': 1}]",
                        more + "'context': [{'description': 'x'}]",
                        "'threadId': 'a b', 'runId': 'r', 'messages': [" + user + "]",
                        "'runId': 'r', 'messages': [" + user + "]",
                        "'threadId': 'thread', 'messages': [" + user + "]",
                        "'threadId': 'thread', 'runId': 'r'",
                        "'threadId': 'thread', 'runId': 'r', 'messages': []",
                        "'threadId': 'thread', 'runId': 'r', 'messages': [{'id': 'm', 'role': 'robot', 'content': 'x'}]")
                .map(fields -> new Asked("runAgent", "/agui", "{" + fields + "}"));
    }

    private static String pairs(int number) {
        return Stream.iterate(1, i -> i + 1)
                .limit(number)
                .map(i -> "'k" + i + "': 'v'")
                .collect(Collectors.joining(","));
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void aBodyIsTakenWhereTheDocumentAllowsIt(Asked asked) throws IOException {
        String body = asked.body().replace('\'', '"');
        String method = asked.operation().equals("renameConversation") ? "PATCH" : "POST";

        Reply reply = server.json(method, asked.path(), body);

        assertThat(reply.status()).isIn(200, 201, 202, 400);
        assertThat(openApi.objectionsToRequest(asked.operation(), DoorUnderTest.MAPPER.readTree(body))
                        .isEmpty())
                .as(reply.text())
                .isEqualTo(reply.status() < 300);
    }
}
