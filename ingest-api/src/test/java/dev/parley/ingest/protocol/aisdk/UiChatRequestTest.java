package dev.parley.ingest.protocol.aisdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.ShownPath.Shown;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Results;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Words;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.serde.TrustedRecords;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UiChatRequestTest {

    static {
        TrustedRecords.trust();
    }

    private static final String HI =
            "{\"id\": \"m1\", \"role\": \"user\", \"parts\": [{\"type\": \"text\", \"text\": \"Hi\"}]}";

    private static UiChatRequest read(String json) {
        JsonBody body = JsonBody.of(json.getBytes(StandardCharsets.UTF_8));
        UiChatRequest request = UiChatRequest.of(body, body);
        body.pass("id");
        body.done();
        return request;
    }

    private static List<PromptMessage> earlier(UiChatRequest request) {
        return request.earlier().orElseThrow().stream().map(Shown::message).toList();
    }

    private static UiChatRequest saying(String... messages) {
        return read("{\"messages\": [" + String.join(", ", messages) + "]}");
    }

    @Test
    void theLastMessageIsWhatIsSaid() {
        UiChatRequest request = read("{\"id\": \"c\", \"trigger\": \"submit-message\", \"messageId\": null,"
                + " \"messages\": [" + HI + "]}");

        assertThat(request.regenerate()).isFalse();
        assertThat(request.last()).contains(new Words("m1", "Hi"));
        assertThat(earlier(request)).isEmpty();
        assertThat(request.handling().onBusy()).isEqualTo(OnBusy.ENQUEUE);
        assertThat(request.handling().metadata()).isEmpty();
    }

    @Test
    void earlierMessagesAreTheirTexts() {
        UiChatRequest request = saying(
                "{\"id\": \"0\", \"role\": \"system\", \"parts\": [{\"type\": \"text\", \"text\": \"Be brief.\"}]}",
                "{\"id\": \"1\", \"role\": \"user\", \"metadata\": {\"x\": 1}, \"parts\": []}",
                "{\"id\": \"2\", \"role\": \"assistant\", \"parts\": [{\"type\": \"step-start\"},"
                        + " {\"type\": \"reasoning\", \"text\": \"Hm.\"}, {\"type\": \"text\", \"text\": \"We\","
                        + " \"state\": \"done\"}, {\"type\": \"tool-look\", \"input\": {}},"
                        + " {\"type\": \"text\", \"text\": \"ll.\"}, {\"type\": \"source-url\", \"url\": \"x\"}]}",
                HI);

        assertThat(earlier(request))
                .containsExactly(
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null),
                        new PromptMessage(Role.USER, "", List.of(), null, null),
                        new PromptMessage(Role.ASSISTANT, "Well.", List.of(), null, null));
        assertThat(request.last()).contains(new Words("m1", "Hi"));
    }

    private static String id(UiChatRequest request) {
        return ((Words) request.last().orElseThrow()).id();
    }

    /** An answer that called two tools, which have come back, and before that another one. */
    private static final String CALLED =
            "{\"id\": \"a1\", \"role\": \"assistant\", \"parts\": [{\"type\": \"step-start\"},"
                    + " {\"type\": \"text\", \"text\": \"First.\"}, {\"type\": \"dynamic-tool\", \"toolName\": \"look\","
                    + " \"toolCallId\": \"c0\", \"state\": \"output-available\", \"input\": {\"q\": 0}, \"output\": \"zero\"},"
                    + " {\"type\": \"step-start\"}, {\"type\": \"tool-look\", \"toolCallId\": \"c1\","
                    + " \"state\": \"output-available\", \"input\": {\"q\": 1}, \"output\": {\"found\": 1}},"
                    + " {\"type\": \"tool-look\", \"toolCallId\": \"c2\", \"state\": \"output-error\", \"input\": {\"q\": 2},"
                    + " \"errorText\": \"away\"}]}";

    @Test
    void whatCameOfToolsIsWhatIsSaid() {
        UiChatRequest request = read(
                "{\"trigger\": \"submit-message\", \"messageId\": \"a1\", \"messages\": [" + HI + ", " + CALLED + "]}");

        assertThat(request.last())
                .contains(new Results(
                        "a1",
                        List.of(
                                new PromptMessage(Role.TOOL, "{\"found\":1}", List.of(), "c1", null),
                                new PromptMessage(Role.TOOL, "away", List.of(), "c2", null))));
        assertThat(earlier(request))
                .containsExactly(
                        new PromptMessage(Role.USER, "Hi", List.of(), null, null),
                        new PromptMessage(
                                Role.ASSISTANT, "First.", List.of(new ToolCall("c0", "look", "{\"q\":0}")), null, null),
                        new PromptMessage(Role.TOOL, "zero", List.of(), "c0", null),
                        new PromptMessage(
                                Role.ASSISTANT,
                                "",
                                List.of(
                                        new ToolCall("c1", "look", "{\"q\":1}"),
                                        new ToolCall("c2", "look", "{\"q\":2}")),
                                null,
                                null));
    }

    @Test
    void anEarlierAnswerKeepsItsToolsAndTheirResults() {
        assertThat(earlier(saying(HI, CALLED, HI))).hasSize(6);
    }

    @Test
    void whatAssistantUiSendsBesideIsTaken() {
        UiChatRequest request = read(
                "{\"messages\": [" + HI + "], \"system\": \"Be brief.\", \"config\": {\"modelName\": \"m\"},"
                        + " \"runConfig\": {\"custom\": {}}, \"callSettings\": {\"temperature\": 0.5, \"maxTokens\": 9, \"topK\": 4,"
                        + " \"maxRetries\": 2}, \"tools\": {\"look\": {\"description\": \"Looks.\","
                        + " \"parameters\": {\"type\": \"object\"}, \"providerOptions\": {\"x\": {}}}}, \"metadata\": null}");

        assertThat(request.options())
                .contains(GenerationOptions.newBuilder()
                        .setInstructions("Be brief.")
                        .setTemperature(0.5)
                        .setMaxOutputTokens(9)
                        .setExtraParameters("{\"top_k\":4}")
                        .setTools(List.of(new ToolDefinition("look", "Looks.", "{\"type\":\"object\"}", null)))
                        .build());
        assertThat(read("{\"messages\": [" + HI + "], \"system\": \"\", \"tools\": {}, \"callSettings\": {}}")
                        .options())
                .isEmpty();
    }

    @Test
    void blankInstructionsAreNone() {
        assertThat(earlier(saying("{\"role\": \"system\", \"parts\": [{\"type\": \"text\", \"text\": \" \"}]}", HI)))
                .isEmpty();
    }

    @Test
    void aMessageWithoutAnIdGetsOne() {
        String nameless = "{\"role\": \"user\", \"parts\": [{\"type\": \"text\", \"text\": \"Hi\"}]}";

        assertThat(id(saying(nameless))).isNotBlank().isNotEqualTo(id(saying(nameless)));
    }

    @Test
    void whatThisServerUnderstandsBesideIsTaken() {
        UiChatRequest request = read("{\"messages\": [" + HI + "], \"onBusy\": \"interrupt\", \"intent\": \"chat\","
                + " \"engine\": \"openai\", \"metadata\": {\"k\": \"v\"}}");

        assertThat(request.handling().onBusy()).isEqualTo(OnBusy.INTERRUPT);
        assertThat(request.handling().intent()).contains("chat");
        assertThat(request.handling().engine()).contains("openai");
        assertThat(request.handling().metadata()).isEqualTo(Map.of("k", "v"));
    }

    @Test
    void aRegenerationNeedsNoMoreThanWhichAnswer() {
        UiChatRequest latest = read("{\"trigger\": \"regenerate-message\"}");
        assertThat(latest.regenerate()).isTrue();
        assertThat(latest.messageId()).isEmpty();
        assertThat(latest.last()).isEmpty();
        assertThat(latest.earlier()).isEmpty();

        assertThat(read("{\"trigger\": \"regenerate-message\", \"messageId\": \"a1\"}")
                        .messageId())
                .contains("a1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "u1, a1, u2 |  | u2",
                "u1, a1, u2, a2 |  | u2",
                "u1, a1, u2, a2 | a1 | u1",
                "u1, a1, u2, a2 | u2 | u2"
            })
    void aRegenerationIsOfTheQuestionBeforeTheAnswer(String messages, @Nullable String messageId, String question) {
        String parts = Arrays.stream(messages.split(", "))
                .map(id -> "{\"id\": \"" + id + "\", \"role\": \"" + (id.startsWith("u") ? "user" : "assistant")
                        + "\", \"parts\": [{\"type\": \"text\", \"text\": \"of " + id + "\"}]}")
                .collect(Collectors.joining(", "));

        UiChatRequest request = read("{\"trigger\": \"regenerate-message\", "
                + (messageId == null ? "" : "\"messageId\": \"" + messageId + "\", ") + "\"messages\": [" + parts
                + "]}");

        assertThat(request.regenerate()).isTrue();
        assertThat(request.last()).contains(new Words(question, "of " + question));
        assertThat(earlier(request)).hasSize(question.equals("u1") ? 0 : 2);
    }

    @Test
    void aSingleMessageSaysNothingOfWhatIsShown() {
        UiChatRequest request = read("{\"message\": " + HI + "}");

        assertThat(request.last()).contains(new Words("m1", "Hi"));
        assertThat(request.earlier()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | messages",
                "{\"messages\": []} | messages",
                "{\"messages\": {}} | messages",
                "{\"messages\": [5]} | messages[0]",
                "{\"trigger\": \"resume-stream\"} | trigger",
                "{\"trigger\": \"regenerate-message\", \"messageId\": \"a b\"} | messageId",
                "{\"trigger\": \"regenerate-message\", \"messages\": \"whatever\"} | messages",
                "{\"trigger\": \"regenerate-message\", \"messages\": [{\"role\": \"assistant\", \"parts\": []}]} | messages",
                "{\"messageId\": \"m1\", \"messages\": [{\"role\": \"user\", \"parts\": []}]} | messageId",
                "{\"messages\": [{\"role\": \"assistant\", \"parts\": [{\"type\": \"tool-f\", \"toolCallId\": \"c\","
                        + " \"state\": \"input-available\", \"input\": {}}]}]} | messages[0].role",
                "{\"tools\": {\"f\": 5}, \"messages\": []} | tools.f",
                "{\"tools\": [], \"messages\": []} | tools",
                "{\"callSettings\": {\"temperature\": 3}, \"messages\": []} | callSettings.temperature",
                "{\"messages\": [{\"role\": \"assistant\", \"parts\": []}]} | messages[0].role",
                "{\"messages\": [{\"parts\": []}]} | messages[0].role",
                "{\"messages\": [{\"role\": \"user\", \"parts\": []}]} | messages[0].parts",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]} | messages[0].parts",
                "{\"messages\": [{\"role\": \"user\", \"parts\": [{\"type\": \"text\", \"text\": \"  \"}]}]} | messages[0].parts",
                "{\"messages\": [{\"role\": \"user\", \"parts\": [{}]}]} | messages[0].parts[0].type",
                "{\"messages\": [{\"role\": \"user\", \"parts\": [{\"type\": \"text\"}]}]} | messages[0].parts[0].text",
                "{\"messages\": [{\"role\": \"user\", \"parts\": [{\"type\": \"file\"}]}]} | messages[0].parts[0].type",
                "{\"messages\": [{\"role\": \"tool\", \"parts\": []}, {\"role\": \"user\"}]} | messages[0].role",
                "{\"messages\": [{\"role\": \"user\", \"parts\": [{\"type\": \"text\", \"text\": \"x\"}]}], \"onBusy\": \"x\"} | onBusy",
                "{\"messages\": [{\"role\": \"user\", \"parts\": [{\"type\": \"text\", \"text\": \"x\"}]}], \"more\": 1} | more"
            })
    void whatDoesNotDoIsRefusedByItsPath(String json, String field) {
        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> read(json));

        assertThat(problem).isNotNull();
        assertThat(problem.field()).as(problem.getMessage()).contains(field);
    }

    @Test
    void aMessageIsBoundedInBytes() {
        ProblemException problem = catchThrowableOfType(
                ProblemException.class, () -> saying(HI.replace("Hi", "é".repeat(Question.MAX_CONTENT_BYTES / 2 + 1))));

        assertThat(problem).isNotNull();
        assertThat(problem.code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE);
        assertThat(problem.field()).contains("messages[0].parts");
        assertThat(saying(HI.replace("Hi", "x".repeat(Question.MAX_CONTENT_BYTES)))
                        .last())
                .isPresent();
    }
}
