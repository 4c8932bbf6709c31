package dev.parley.llm.work;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.llm.Orders;
import dev.parley.llm.work.PromptFiles.Given;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.files.FilesUnavailableException;
import dev.parley.schemas.keys.FileId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What becomes of the files of a prompt before a model server is asked. */
class PromptFilesTest {

    private static final String HASH = "a".repeat(64);

    private final Shelf shelf = new Shelf();

    /** Files of tenants, by tenant and hash. */
    private static final class Shelf implements FileReader {
        private final Map<String, String> contents = new HashMap<>();
        private boolean away;
        private int reads;

        @Override
        public Optional<Description> description(String tenant, FileId id) {
            throw new UnsupportedOperationException("nobody asks for less than the whole");
        }

        @Override
        public Optional<Content> content(String tenant, FileId id) {
            if (away) {
                throw new FilesUnavailableException("away");
            }
            reads++;
            return Optional.ofNullable(contents.get(tenant + "/" + id.hash()))
                    .map(text -> new Content(
                            new Description(id, "image/png", Optional.empty(), text.length(), Instant.EPOCH),
                            ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
        }

        @Override
        public void close() {}
    }

    private static Attachment file(long bytes) {
        return Attachment.newBuilder()
                .setMediaType("image/png")
                .setHash(HASH)
                .setOffset(7L)
                .setBytes(bytes)
                .build();
    }

    private static GenerationRequest order(Attachment... attachments) {
        return Orders.of(
                        "eyes",
                        List.of(
                                new PromptMessage(Role.USER, "Look", List.of(), null, null, List.of(attachments)),
                                new PromptMessage(Role.ASSISTANT, "I do.", List.of(), null, null)))
                .build();
    }

    private static ErrorCode code(Given given) {
        return ((Given.Missing) given).failure().code();
    }

    @Test
    void aContentStandsInItsUrlAndIsReadOnce() {
        shelf.contents.put("t/" + HASH, "hello");
        Attachment far = Attachment.newBuilder()
                .setMediaType("image/*")
                .setUri("https://example.com/a.png")
                .build();

        try (Given.Whole given = (Given.Whole) new PromptFiles(shelf, 100, 1_000).given(order(file(5), far, file(5)))) {
            assertThat(given.order().getMessages().getFirst().getAttachments())
                    .extracting(Attachment::getUri)
                    .containsExactly(
                            "data:image/png;base64,aGVsbG8=",
                            "https://example.com/a.png",
                            "data:image/png;base64,aGVsbG8=");
        }
        assertThat(shelf.reads).isOne();
    }

    @Test
    void anotherTenantsFileDoesNotExist() {
        shelf.contents.put("other/" + HASH, "secret");

        assertThat(code(new PromptFiles(shelf, 100, 1_000).given(order(file(6)))))
                .isEqualTo(ErrorCode.FILE_NOT_FOUND);
    }

    @Test
    void whatCannotBeReadNowIsTriedAgain() {
        shelf.away = true;

        Given given = new PromptFiles(shelf, 100, 1_000).given(order(file(6)));

        assertThat(code(given)).isEqualTo(ErrorCode.UNAVAILABLE);
        assertThat(((Given.Missing) given).failure().isRetryable()).isTrue();
    }

    @Test
    void aPromptWithTooMuchIsRefusedBeforeAnythingIsRead() {
        assertThat(code(new PromptFiles(shelf, 100, 1_000).given(order(file(60), file(60)))))
                .isEqualTo(ErrorCode.ATTACHMENTS_TOO_LARGE);
        assertThat(shelf.reads).isZero();
    }

    /** Else a conversation in which much was shown could never go on. */
    @Test
    void whatWasShownEarlierGivesWayAndIsNamed() {
        shelf.contents.put("t/" + HASH, "hello");
        PromptMessage earlier = new PromptMessage(
                Role.USER,
                "Look",
                List.of(),
                null,
                null,
                List.of(Attachment.newBuilder(file(60)).setName("cat.png").build()));
        PromptMessage later = new PromptMessage(Role.USER, "And now", List.of(), null, null, List.of(file(60)));
        GenerationRequest order = GenerationRequest.newBuilder(order())
                .setMessages(List.of(earlier, later))
                .build();

        try (Given.Whole given = (Given.Whole) new PromptFiles(shelf, 100, 1_000).given(order)) {
            assertThat(given.order().getMessages().getFirst().getContent())
                    .isEqualTo("Look\n\n[image/png cat.png: shown here, and left out since]");
            assertThat(given.order().getMessages().getFirst().getAttachments()).isEmpty();
            assertThat(given.order().getMessages().getLast().getAttachments())
                    .extracting(Attachment::getUri)
                    .containsExactly("data:image/png;base64,aGVsbG8=");
        }
    }

    @Test
    void allPromptsTogetherAreBoundedAndGiveBackWhatTheyTook() {
        shelf.contents.put("t/" + HASH, "hello");
        PromptFiles files = new PromptFiles(shelf, 5_000, 4_096);

        try (Given.Whole first = (Given.Whole) files.given(order(file(3_000)))) {
            assertThat(first.order()).isNotNull();
            assertThat(code(files.given(order(file(3_000))))).isEqualTo(ErrorCode.OVERLOADED);
        }
        shelf.away = true;
        assertThat(code(files.given(order(file(3_000))))).isEqualTo(ErrorCode.UNAVAILABLE);
        shelf.away = false;
        try (Given.Whole again = (Given.Whole) files.given(order(file(3_000)))) {
            assertThat(again.order()).isNotNull();
        }
    }
}
