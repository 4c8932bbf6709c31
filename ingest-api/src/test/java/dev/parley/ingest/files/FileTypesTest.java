package dev.parley.ingest.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.files.FileTypes.Look;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What files are taken for, and what is refused. */
class FileTypesTest {

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            quoteCharacter = '"',
            value = {
                "image/png, \u0089PNG\\r\\n\u001a\\nrest, image/png",
                "image/PNG; x=y, \u0089PNG\\r\\n\u001a\\nrest, image/png",
                "image/jpg, \u00ff\u00d8\u00ff\u00e0rest, image/jpeg",
                "image/gif, GIF89arest, image/gif",
                "image/gif, GIF87arest, image/gif",
                "image/webp, RIFF1234WEBPrest, image/webp",
                "application/pdf, %PDF-1.7rest, application/pdf",
                "-, %PDF-1.7rest, application/pdf",
                "image/*, GIF89arest, image/gif",
                "application/octet-stream, GIF89arest, image/gif",
                "application/octet-stream, words, text/plain",
                "-, words, text/plain",
                "text/csv, \"a,b\", text/csv",
                "text/html, <b>x</b>, text/html",
                "application/json, {}, application/json"
            })
    void aFileIsWhatItIsSaidToBeWhereItIs(String declared, String content, String type) {
        byte[] unescaped = bytes(content.replace("\\r", "\r").replace("\\n", "\n"));

        assertThat(FileTypes.look(Optional.ofNullable(declared), unescaped)).isEqualTo(new Look.Is(type));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "image/jpeg, GIF89arest, declared to be image/jpeg",
                "text/plain, GIF89arest, declared to be text/plain",
                "application/pdf, words, is text",
                "image/*, %PDF-1.7rest, application/pdf",
                "image/svg+xml, <svg/>, not image/svg+xml",
                "image/bmp, BMrest, not image/bmp",
                "audio/wav, RIFF1234WAVE, not audio/wav",
                "video/mp4, ftyp, not video/mp4",
                "application/zip, PK, not application/zip",
                "nonsense, words, a type that is none",
                "text/plain, \u00ff\u00fe\u0000a, something else",
                "-, \u00ff\u00fe\u0000a, must be a PNG"
            })
    void whatDiffersOrIsNotTakenIsRefusedByName(String declared, String content, String why) {
        assertThat(FileTypes.look(Optional.ofNullable(declared), bytes(content)))
                .isInstanceOfSatisfying(
                        Look.Refused.class,
                        refused -> assertThat(refused.rule()).contains(why));
    }

    @Test
    void nothingIsNoFile() {
        assertThat(FileTypes.look(Optional.of("text/plain"), new byte[0])).isInstanceOf(Look.Refused.class);
    }

    @Test
    void onlyPicturesAreShownInTheirPlace() {
        assertThat(FileTypes.mayBeShown("image/png")).isTrue();
        assertThat(FileTypes.mayBeShown("image/webp")).isTrue();
        assertThat(FileTypes.mayBeShown("text/html")).isFalse();
        assertThat(FileTypes.mayBeShown("application/pdf")).isFalse();
        assertThat(FileTypes.mayBeShown("image/svg+xml")).isFalse();
    }
}
