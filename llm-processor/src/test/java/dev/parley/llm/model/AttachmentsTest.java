package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.llm.Orders;
import dev.parley.llm.model.History.Part;
import dev.parley.schemas.files.Shown;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Images and files as the two protocols of model servers have them. */
class AttachmentsTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static final Attachment PNG = Attachment.newBuilder()
            .setMediaType("image/png")
            .setUri("data:image/png;base64,aGVsbG8=")
            .setAt(4)
            .setDetail("low")
            .build();
    private static final Attachment FAR = Attachment.newBuilder()
            .setMediaType("image/*")
            .setUri("https://example.com/a.png")
            .setAt(4)
            .build();
    private static final Attachment PDF = Attachment.newBuilder()
            .setMediaType("application/pdf")
            .setName("paper.pdf")
            .setUri("data:application/pdf;base64,JVBERi0=")
            .build();
    private static final Attachment CSV = Attachment.newBuilder()
            .setMediaType("text/csv")
            .setUri("data:text/csv;base64,YSxiCg==")
            .build();

    private static GenerationRequest request(PromptMessage... messages) {
        return Orders.of("eyes", List.of(messages)).build();
    }

    private static PromptMessage user(String text, Attachment... attachments) {
        return new PromptMessage(Role.USER, text, List.of(), null, null, List.of(attachments));
    }

    private static JsonNode openAi(PromptMessage... messages) {
        return ChatCompletionRequest.of(request(messages), "m", new LearnedDialect(Dialects.USUAL))
                .json()
                .path("messages");
    }

    private static JsonNode anthropic(PromptMessage... messages) {
        return MessagesRequest.of(request(messages), "m", List.of()).json().path("messages");
    }

    private static JsonNode json(String text) throws JsonProcessingException {
        return MAPPER.readTree(text.replace('\'', '"'));
    }

    @Test
    void chatCompletionsHaveTextsAndPicturesInTheirOrder() throws JsonProcessingException {
        assertThat(openAi(user("See: and say", PNG, FAR)).at("/0/content")).isEqualTo(json("""
                [{'type': 'text', 'text': 'See:'},
                 {'type': 'image_url', 'image_url': {'url': 'data:image/png;base64,aGVsbG8=', 'detail': 'low'}},
                 {'type': 'image_url', 'image_url': {'url': 'https://example.com/a.png'}},
                 {'type': 'text', 'text': ' and say'}]"""));
    }

    @Test
    void chatCompletionsHaveFilesByNameAndContent() throws JsonProcessingException {
        assertThat(openAi(user("", PDF, CSV)).at("/0/content")).isEqualTo(json("""
                [{'type': 'file', 'file': {'filename': 'paper.pdf', 'file_data': 'data:application/pdf;base64,JVBERi0='}},
                 {'type': 'file', 'file': {'filename': 'file', 'file_data': 'data:text/csv;base64,YSxiCg=='}}]"""));
    }

    @Test
    void anthropicHasImagesAndDocuments() throws JsonProcessingException {
        assertThat(anthropic(user("See:", PDF, CSV, PNG, FAR)).at("/0/content")).isEqualTo(json("""
                [{'type': 'document', 'title': 'paper.pdf',
                  'source': {'type': 'base64', 'media_type': 'application/pdf', 'data': 'JVBERi0='}},
                 {'type': 'document', 'source': {'type': 'text', 'media_type': 'text/plain', 'data': 'a,b\\n'}},
                 {'type': 'text', 'text': 'See:'},
                 {'type': 'image', 'source': {'type': 'base64', 'media_type': 'image/png', 'data': 'aGVsbG8='}},
                 {'type': 'image', 'source': {'type': 'url', 'url': 'https://example.com/a.png'}}]"""));
    }

    /** A question whose turn failed is joined with the next: what was shown with either stays at its place. */
    @Test
    void questionsThatAreJoinedKeepWhatTheyShow() {
        List<Part> parts = History.of(List.of(user("See:", PNG), user("", FAR), user("And?", PNG)), false, "m");

        assertThat(parts).hasSize(1);
        Part.User user = (Part.User) parts.getFirst();
        assertThat(user.text()).isEqualTo("See:\n\nAnd?");
        assertThat(user.attachments()).extracting(Attachment::getAt).containsExactly(4, 4, 10);
    }

    /** Whatever a place is, each piece is told once and all text is there. */
    @Test
    void aPlaceBeyondTheTextIsItsEnd() {
        Attachment far = Attachment.newBuilder(PNG).setAt(1_000).build();
        Attachment back = Attachment.newBuilder(PNG).setAt(1).build();

        assertThat(new Part.User("Hello", List.of(far, back)).pieces())
                .containsExactly(new Shown.Words("Hello"), new Shown.File(far), new Shown.File(back));
    }
}
