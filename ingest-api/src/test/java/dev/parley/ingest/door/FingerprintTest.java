package dev.parley.ingest.door;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FingerprintTest {

    private static GenerationOptions.Builder options() {
        return GenerationOptions.newBuilder()
                .setInstructions("Be brief.")
                .setTools(List.of(new ToolDefinition("look", null, "{}", true)))
                .setMaxOutputTokens(7)
                .setTemperature(0.5)
                .setStop(List.of("x"));
    }

    private static PromptMessage.Builder asking() {
        return PromptMessage.newBuilder()
                .setRole(Role.ASSISTANT)
                .setContent("")
                .setToolCalls(List.of(new ToolCall("call_1", "look", "{}")));
    }

    private static String print(PromptMessage asking, GenerationOptions options) {
        PromptMessage result = PromptMessage.newBuilder()
                .setRole(Role.TOOL)
                .setContent("42")
                .setToolCallId("call_1")
                .build();
        Handling handling = new Handling(OnBusy.ENQUEUE, Optional.of("chat"), Optional.empty(), Map.of("k", "v"));
        return Fingerprint.of(new Question(
                "Why?",
                handling,
                Optional.of(new CallerPrompt(Role.USER, null, List.of(asking, result), options)),
                Optional.empty()));
    }

    /** The texts are what 0.1's first release makes of the same requests. */
    @Test
    void aRepeatIsKnownForOneAfterAnUpgrade() {
        assertThat(print(asking().build(), options().build()))
                .isEqualTo("140e530461e56e8815da5259f4da6dd8f2cbe424c86a662fa6fac6fcc1a74d04");
        Handling handling = new Handling(OnBusy.REJECT, Optional.empty(), Optional.empty(), Map.of());
        assertThat(Fingerprint.of(new Question("Why?", handling, Optional.empty(), Optional.empty())))
                .isEqualTo("c77e434351d02d33fd76a9064e3bae59eacebffda73fa1c2cc6c499584bfab69");
    }

    @Test
    void whereAMessageComesCountsWhereItIsSaid() {
        Handling handling = new Handling(OnBusy.REJECT, Optional.empty(), Optional.empty(), Map.of());

        assertThat(Stream.of(
                                Optional.<BranchPoint>empty(),
                                Optional.of(new BranchPoint((String) null)),
                                Optional.of(new BranchPoint("a")),
                                Optional.of(new BranchPoint("b")))
                        .map(after -> Fingerprint.of(new Question("Why?", handling, Optional.empty(), after))))
                .doesNotHaveDuplicates();
    }

    @Test
    void theNameOfALimitIsNothingThatIsAskedFor() {
        assertThat(print(
                        asking().build(), options().setMaxCompletionTokens(true).build()))
                .isEqualTo(print(asking().build(), options().build()));
    }

    @Test
    void whatCameLaterCountsWhereItIsSaid() {
        assertThat(List.of(
                        print(asking().build(), options().build()),
                        print(asking().build(), options().setPrefill("A").build()),
                        print(asking().build(), options().setPrefill("B").build()),
                        print(
                                asking().build(),
                                options().setExtraParameters("{\"top_k\":1}").build()),
                        print(
                                asking().setExtras(new ProviderExtras("engine", "model", "{}"))
                                        .build(),
                                options().build())))
                .doesNotHaveDuplicates();
    }
}
