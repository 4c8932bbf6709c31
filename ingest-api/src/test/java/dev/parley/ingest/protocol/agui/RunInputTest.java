package dev.parley.ingest.protocol.agui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.door.ShownPath.Shown;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunInputTest {

    private static final String HI = "{'id': 'm', 'role': 'user', 'content': 'Hi'}";
    private static final String CALLS =
            "{'id': 'a', 'role': 'assistant', 'toolCalls': [{'id': 'c1', 'type': 'function',"
                    + " 'function': {'name': 'look', 'arguments': '{}'}}, {'id': 'c2', 'type': 'function', 'function':"
                    + " {'name': 'see', 'arguments': '[1]'}}]}";

    private static RunInput read(String fields) {
        String json = "{'runId': 'r', " + fields + "}";
        return RunInput.of(JsonBody.of(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
    }

    private static PromptMessage said(Role role, String content) {
        return new PromptMessage(role, content, List.of(), null, null);
    }

    @Test
    void theLastMessageIsWhatIsSaid() {
        RunInput input = read("'messages': [{'id': 's', 'role': 'developer', 'content': 'Be brief.'},"
                + "{'id': 'e', 'role': 'system', 'content': ' '},"
                + "{'id': 'q', 'role': 'user', 'content': [{'type': 'text', 'text': 'A'}, {'type': 'text', 'text': 'B'}]},"
                + "{'id': 't', 'role': 'reasoning', 'content': 'hm'},"
                + "{'id': 'x', 'role': 'activity', 'activityType': 'y', 'content': {}},"
                + "{'id': 'a', 'role': 'assistant', 'content': 'C', 'metadata': {'parley': {}}}, " + HI
                + ", {'id': 't2', 'role': 'reasoning', 'content': 'hm'}]");

        assertThat(input.asked().id()).isEqualTo("m");
        assertThat(input.asked().said()).containsExactly(said(Role.USER, "Hi"));
        assertThat(input.asked().earlier())
                .extracting(Shown::message)
                .containsExactly(said(Role.SYSTEM, "Be brief."), said(Role.USER, "AB"), said(Role.ASSISTANT, "C"));
        assertThat(input.asked().earlier().getLast().messageId()).isEqualTo("a");
        assertThat(input.options()).isEmpty();
        assertThat(input.handling().onBusy()).isEqualTo(OnBusy.ENQUEUE);
    }

    @Test
    void resultsOfToolsAreSaidTogether() {
        RunInput input = read("'messages': [" + HI + ", " + CALLS
                + ", {'id': 't1', 'role': 'tool', 'toolCallId': 'c2', 'content': [{'type': 'text', 'text': 'two'}]},"
                + " {'id': 't2', 'role': 'tool', 'toolCallId': 'c1', 'content': '', 'error': 'broken'}]");

        assertThat(input.asked().before()).containsExactly(new PromptMessage(Role.TOOL, "two", List.of(), "c2", null));
        assertThat(input.asked().message()).isEqualTo(new PromptMessage(Role.TOOL, "broken", List.of(), "c1", null));
        assertThat(input.asked().earlier())
                .extracting(Shown::message)
                .containsExactly(
                        said(Role.USER, "Hi"),
                        new PromptMessage(
                                Role.ASSISTANT,
                                "",
                                List.of(new ToolCall("c1", "look", "{}"), new ToolCall("c2", "see", "[1]")),
                                null,
                                null));
    }

    @Test
    void callsThatHaveNotComeBackAreOfNoUse() {
        assertThat(read("'messages': [" + HI + ", " + CALLS + ", {'id': 'n', 'role': 'user', 'content': 'Never mind'}]")
                        .asked()
                        .earlier())
                .extracting(Shown::message)
                .containsExactly(said(Role.USER, "Hi"));
    }

    @Test
    void whatThePageBringsIsThisRunsAlone() {
        RunInput input = read("'threadId': 't', 'state': {}, 'parentRunId': 'p', 'protocolVersion': '1.0', 'later': 1,"
                + " 'resume': [], 'messages': [" + HI + "], 'tools': [{'name': 'look', 'description': 'Looks',"
                + " 'parameters': {'type': 'object'}, 'metadata': {}}, {'name': 'bare', 'description': ''}],"
                + " 'context': [{'description': 'Place', 'value': 'Bern'}, {'description': '', 'value': 'Rain'},"
                + " {'description': '', 'value': ' '}],"
                + " 'forwardedProps': {'theirs': 1, 'parley': {'onBusy': 'reject', 'engine': 'e', 'intent': 'i'}}");

        assertThat(input.options())
                .contains(GenerationOptions.newBuilder()
                        .setInstructions("Place: Bern\n\nRain")
                        .setTools(List.of(
                                new ToolDefinition("look", "Looks", "{\"type\":\"object\"}", null),
                                new ToolDefinition("bare", "", null, null)))
                        .build());
        assertThat(input.handling().onBusy()).isEqualTo(OnBusy.REJECT);
        assertThat(input.handling().engine()).contains("e");
        assertThat(input.handling().intent()).contains("i");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'messages': [] | messages",
                "'x': 1 | messages",
                "'messages': [{'id': 't', 'role': 'reasoning', 'content': 'x'}] | messages",
                "'messages': [{'id': 'a', 'role': 'assistant', 'content': 'x'}] | messages[0].role",
                "'messages': [{'id': 'a', 'role': 'system', 'content': 'x'}] | messages[0].role",
                "'messages': [{'id': 'a', 'role': 'robot', 'content': 'x'}] | messages[0].role",
                "'messages': [{'id': 'a', 'content': 'x'}] | messages[0].role",
                "'messages': [{'role': 'user', 'content': 'x'}] | messages[0].id",
                "'messages': [{'id': 'm', 'role': 'user', 'content': ' '}] | messages[0].content",
                "'messages': [{'id': 'm', 'role': 'user'}] | messages[0].content",
                "'messages': [{'id': 'm', 'role': 'user', 'content': 1}] | messages[0].content",
                "'messages': [{'id': 'm', 'role': 'user', 'content': [{'type': 'image'}]}] | messages[0].content[0].type",
                "'messages': [{'id': 'm', 'role': 'tool', 'content': 'x'}] | messages[0].toolCallId",
                "'messages': 'x' | messages",
                "'messages': [{'id': 'm', 'role': 'user', 'content': 'x'}], 'resume': [{'interruptId': 'i'}] | resume",
                "'messages': [{'id': 'm', 'role': 'user', 'content': 'x'}], 'tools': [{}] | tools[0].name",
                "'messages': [{'id': 'm', 'role': 'user', 'content': 'x'}], 'tools': {} | tools",
                "'messages': [{'id': 'm', 'role': 'user', 'content': 'x'}], 'context': [{'description': 'x'}] |"
                        + " context[0].value",
                "'messages': [{'id': 'm', 'role': 'user', 'content': 'x'}], 'forwardedProps': {'parley': {'x': 1}} |"
                        + " forwardedProps.parley.x"
            })
    void whatCannotBeIsRefusedByName(String fields, String field) {
        assertThatThrownBy(() -> read(fields))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.field()).contains(field));
    }
}
