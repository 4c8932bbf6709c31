package dev.parley.schemas.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import java.util.List;
import org.junit.jupiter.api.Test;

class AcceptsTest {

    private static final Attachment IMAGE = Attachment.newBuilder()
            .setMediaType("image/png")
            .setHash("a".repeat(64))
            .build();
    private static final Attachment PDF =
            Attachment.newBuilder(IMAGE).setMediaType("application/pdf").build();
    private static final Attachment FAR_IMAGE = Attachment.newBuilder()
            .setMediaType("image/*")
            .setUri("https://example.com/a.png")
            .build();
    private static final Attachment FAR_PDF =
            Attachment.newBuilder(FAR_IMAGE).setMediaType("application/pdf").build();

    private static Accepts of(EngineKind kind, String... accepts) {
        return Accepts.of(EngineConfiguration.newBuilder()
                .setName("eyes")
                .setKind(kind)
                .setAccepts(List.of(accepts))
                .build());
    }

    @Test
    void anEngineTakesWhatItsConfigurationSays() {
        assertThat(of(EngineKind.OPENAI).refusal("eyes", List.of())).isEmpty();
        assertThat(of(EngineKind.OPENAI, "images").refusal("eyes", List.of(IMAGE, FAR_IMAGE)))
                .isEmpty();
        assertThat(of(EngineKind.ANTHROPIC, "images", "files").refusal("eyes", List.of(IMAGE, PDF, FAR_PDF)))
                .isEmpty();
        assertThat(of(EngineKind.SCRIPTED).refusal("eyes", List.of(IMAGE, PDF))).isEmpty();
    }

    @Test
    void aRefusalNamesEngineTypeAndSetting() {
        assertThat(of(EngineKind.OPENAI, "images").refusal("eyes", List.of(IMAGE, PDF)))
                .hasValueSatisfying(text ->
                        assertThat(text).contains("'eyes'", "no files", "application/pdf", "engines.eyes.accepts"));
        assertThat(of(EngineKind.EXTRACTIVE, "images").refusal("eyes", List.of(IMAGE)))
                .hasValueSatisfying(text -> assertThat(text).contains("no images"));
        assertThat(of(EngineKind.UNKNOWN, "images").refusal("eyes", List.of(IMAGE)))
                .isPresent();
    }

    /** Chat completions know a file by its content alone. */
    @Test
    void aReferenceToAFileIsNotForEveryKind() {
        assertThat(of(EngineKind.OPENAI, "images", "files").refusal("eyes", List.of(FAR_PDF)))
                .hasValueSatisfying(text -> assertThat(text).contains("reference", "application/pdf"));
    }
}
