package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.serde.TrustedRecords;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PromptTest {

    private static final PromptMessage OURS = message(Role.SYSTEM, "Ours.");
    private static final PromptMessage THEIRS = message(Role.SYSTEM, "Theirs.");
    private static final PromptMessage QUESTION = message(Role.USER, "Why?");

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private static PromptMessage message(Role role, String content) {
        return new PromptMessage(role, content, List.of(), null, null);
    }

    private static CallerPrompt sent(@Nullable String instructions, PromptMessage... context) {
        return new CallerPrompt(
                Role.USER,
                null,
                List.of(context),
                GenerationOptions.newBuilder().setInstructions(instructions).build());
    }

    private static List<PromptMessage> prompt(@Nullable CallerPrompt prompt, PromptMessage... history) {
        return prompt(List.of(), prompt, history);
    }

    private static List<PromptMessage> prompt(
            List<Passage> passages, @Nullable CallerPrompt prompt, PromptMessage... history) {
        return Prompt.of(
                TurnRequest.newBuilder()
                        .setTenantId("t")
                        .setConversationId("c")
                        .setWorkspaceId("w")
                        .setTurnId("turn")
                        .setGenerationId("turn.1")
                        .setAssistantMessageId("answer")
                        .setAttempt(1)
                        .setCause("initial")
                        .setTime(Instant.EPOCH)
                        .setContent("Why?")
                        .setHistory(List.of(history))
                        .setPrompt(prompt)
                        .setConfiguration("")
                        .setClassifyAttempt(1)
                        .build(),
                "Ours.",
                passages,
                Prompt.Bounds.NONE);
    }

    private static PromptMessage showing(Role role, String content) {
        return new PromptMessage(
                role,
                content,
                List.of(),
                null,
                null,
                List.of(Attachment.newBuilder()
                        .setMediaType("image/png")
                        .setHash("a".repeat(64))
                        .build()));
    }

    /** A picture is as long as a page, so that a history full of them gives way. */
    @Test
    void picturesStayWithTheirMessagesAndTakeRoom() {
        CallerPrompt shown = CallerPrompt.newBuilder(sent(null, showing(Role.USER, "Earlier")))
                .setAttachments(showing(Role.USER, "").getAttachments())
                .build();
        PromptMessage before = showing(Role.USER, "Before?");

        assertThat(prompt(shown, before, message(Role.ASSISTANT, "That.")))
                .containsExactly(
                        OURS,
                        before,
                        message(Role.ASSISTANT, "That."),
                        showing(Role.USER, "Earlier"),
                        showing(Role.USER, "Why?"));
        assertThat(Exchanges.newest(List.of(before, message(Role.ASSISTANT, "That.")), 3_000, false))
                .isEmpty();
        assertThat(Exchanges.newest(List.of(before, message(Role.ASSISTANT, "That.")), 5_000, false))
                .hasSize(2);
    }

    @Test
    void aPlainQuestionComesAfterOurSystemPromptAndTheHistory() {
        PromptMessage before = message(Role.USER, "Before?");
        PromptMessage answer = message(Role.ASSISTANT, "That.");

        assertThat(prompt(null)).containsExactly(OURS, QUESTION);
        assertThat(prompt(null, before, answer)).containsExactly(OURS, before, answer, QUESTION);
    }

    @Test
    void whatIsSentAlongComesBetweenHistoryAndQuestion() {
        PromptMessage before = message(Role.USER, "Before?");
        PromptMessage along = message(Role.USER, "Along.");

        assertThat(prompt(sent(null, along), before)).containsExactly(OURS, before, along, QUESTION);
    }

    @Test
    void passagesComeNumberedAfterTheSystemPrompt() {
        List<Passage> passages = List.of(
                new Passage(new Source("a#0", "Guide › Cats", null, 1.0), "Cats purr."),
                new Passage(new Source("b#3", "Notes", null, 0.5), "Dogs bark."));

        PromptMessage system = prompt(passages, null).getFirst();

        assertThat(system.getRole()).isEqualTo(Role.SYSTEM);
        assertThat(system.getContent())
                .startsWith("Ours.\n\n")
                .endsWith("\n\n[1] Guide › Cats: Cats purr.\n\n[2] Notes: Dogs bark.");
        assertThat(prompt(passages, null, THEIRS))
                .as("beside a system prompt that was brought earlier")
                .hasSize(3)
                .contains(THEIRS, QUESTION)
                .first()
                .satisfies(first -> assertThat(first.getContent()).contains("[2] Notes"));
    }

    @Test
    void aSystemPromptOfTheCallersReplacesOurs() {
        assertThat(prompt(sent(null, THEIRS))).containsExactly(THEIRS, QUESTION);
        assertThat(prompt(null, THEIRS)).as("sent along earlier").containsExactly(THEIRS, QUESTION);
    }

    @Test
    void instructionsReplaceOursForThisTurnAndStandFirst() {
        PromptMessage instructions = message(Role.SYSTEM, "Now.");

        assertThat(prompt(sent("Now."))).containsExactly(instructions, QUESTION);
        assertThat(prompt(sent("Now.", THEIRS))).containsExactly(instructions, THEIRS, QUESTION);
        assertThat(prompt(sent("Now."), THEIRS)).containsExactly(instructions, THEIRS, QUESTION);
    }

    @Test
    void aToolsAnswerIsTheLastMessage() {
        PromptMessage asked =
                new PromptMessage(Role.ASSISTANT, "", List.of(new ToolCall("call_1", "look", "{}")), null, null);
        CallerPrompt answer = new CallerPrompt(
                Role.TOOL, "call_1", List.of(), GenerationOptions.newBuilder().build());

        assertThat(prompt(answer, asked))
                .containsExactly(OURS, asked, new PromptMessage(Role.TOOL, "Why?", List.of(), "call_1", null));
    }

    @Test
    void aCallThatNobodyAnsweredIsLeftOut() {
        ToolCall open = new ToolCall("call_1", "look", "{}");
        ToolCall closed = new ToolCall("call_2", "look", "{}");
        PromptMessage result = new PromptMessage(Role.TOOL, "Seen.", List.of(), "call_2", null);
        PromptMessage onlyOpen = new PromptMessage(Role.ASSISTANT, "", List.of(open), null, null);
        PromptMessage speaking = new PromptMessage(Role.ASSISTANT, "Let me see.", List.of(open), null, null);
        PromptMessage both = new PromptMessage(Role.ASSISTANT, "", List.of(open, closed), null, null);

        assertThat(prompt(null, onlyOpen)).containsExactly(OURS, QUESTION);
        assertThat(prompt(null, speaking)).containsExactly(OURS, message(Role.ASSISTANT, "Let me see."), QUESTION);
        assertThat(prompt(null, both, result))
                .containsExactly(
                        OURS, new PromptMessage(Role.ASSISTANT, "", List.of(closed), null, null), result, QUESTION);
    }
}
