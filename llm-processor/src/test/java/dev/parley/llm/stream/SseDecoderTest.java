package dev.parley.llm.stream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.llm.stream.SseDecoder.OversizedEventException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The decoder by the letter of the standard, however the bytes come. */
class SseDecoderTest {

    private static List<SseEvent> decoded(SseDecoder decoder, Iterable<byte[]> pieces) {
        List<SseEvent> events = new ArrayList<>();
        pieces.forEach(piece -> decoder.feed(piece, 0, piece.length, events::add));
        return events;
    }

    /** The events of a stream, which are the same however it is cut. */
    private static List<SseEvent> decoded(byte[] bytes) {
        List<SseEvent> whole = decoded(new SseDecoder(), List.of(bytes));
        Cuts.of(bytes)
                .forEach(pieces -> assertThat(decoded(new SseDecoder(), pieces)).isEqualTo(whole));
        return whole;
    }

    private static List<SseEvent> decoded(String stream) {
        return decoded(stream.getBytes(UTF_8));
    }

    private static List<String> data(String stream) {
        return decoded(stream).stream().map(SseEvent::data).toList();
    }

    private static SseEvent event(String type, String data, String id) {
        return new SseEvent(type, data, id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r", "\r\n"})
    void linesEndInThreeWays(String end) {
        assertThat(data("data: a" + end + end + "data: b" + end + "data: c" + end + end))
                .containsExactly("a", "b\nc");
    }

    @Test
    void waysToEndALineMayMix() {
        assertThat(data("data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\rdata: e\n\n"))
                .containsExactly("a\nb\nc", "d", "e");
    }

    @Test
    void aLoneCarriageReturnEndsItsEventAtOnce() {
        assertThat(decoded(new SseDecoder(), List.of("data: a\r\r".getBytes(UTF_8))))
                .hasSize(1);
    }

    @Test
    void oneByteOrderMarkIsPassedOver() {
        assertThat(data("\uFEFFdata: a\n\n\uFEFFdata: b\n\ndata: \uFEFFc\n\n")).containsExactly("a", "\uFEFFc");
        assertThat(data("\uFEFF\uFEFFdata: a\n\ndata: b\n\n")).containsExactly("b");
    }

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {"data:a|a", "data: a|a", "data:  a| a", "data:a |a ", "data: a:b|a:b", "data|''", "data:|''"},
            delimiter = '|')
    void oneBlankAfterTheColonIsNoPartOfTheValue(String line, String data) {
        assertThat(data(line + "\n\n")).containsExactly(data);
    }

    @Test
    void dataOverSeveralLinesIsJoined() {
        assertThat(data("data: {\ndata:  \"a\":\ndata\ndata: 1}\n\n")).containsExactly("{\n \"a\":\n\n1}");
    }

    @Test
    void commentsAndUnknownFieldsSayNothing() {
        assertThat(decoded(": OPENROUTER PROCESSING\n\n:\n\n:data: x\n\nfoo: bar\n\n Data: y\n\nDATA: z\n\n"))
                .isEmpty();
        assertThat(data("data: a\n: in between\nfoo\ndata: b\n\n")).containsExactly("a\nb");
    }

    @Test
    void anErrorThatIsAFieldOfItsOwnIsAnEvent() {
        assertThat(decoded("data: a\n\nerror: {\"code\":500}\n\ndata: b\n\n"))
                .containsExactly(
                        event("message", "a", ""), event("error", "{\"code\":500}", ""), event("message", "b", ""));
    }

    @Test
    void anEventWithoutDataIsNone() {
        assertThat(decoded("event: ping\n\ndata: a\n\nid: 7\n\nevent: x\nid: 8\n\n"))
                .containsExactly(event("message", "a", ""));
    }

    @Test
    void typeHoldsForOneEventAndTheIdForAllThatFollow() {
        assertThat(decoded("event: a\nevent: b\nid: 1\ndata: x\n\ndata: y\n\nid\ndata: z\n\n"))
                .containsExactly(event("b", "x", "1"), event("message", "y", "1"), event("message", "z", ""));
        assertThat(decoded("id: 1\ndata: x\n\nid: 2\u0000\ndata: y\n\n"))
                .containsExactly(event("message", "x", "1"), event("message", "y", "1"));
    }

    @Test
    void onlyDigitsSayWhenToConnectAgain() {
        SseDecoder decoder = new SseDecoder();
        decoded(decoder, List.of("retry: 12\nretry: 1.5\nretry: -3\nretry: soon\nretry:\n\n".getBytes(UTF_8)));

        assertThat(decoder.retry()).contains(Duration.ofMillis(12));
    }

    @Test
    void charactersOfSeveralBytesMayBeCutAnywhere() {
        String text = "é€\uD83D\uDE00\u2028\u0085\u000B\u001C";

        assertThat(data("data: " + text + "\n\n")).containsExactly(text);
    }

    @Test
    void bytesThatAreNoCharactersAreReplaced() {
        byte[] bytes = "data: a\u00FFb\u00E2\u0082\n\ndata: c\n\n".getBytes(ISO_8859_1);

        assertThat(decoded(bytes).stream().map(SseEvent::data)).containsExactly("a\uFFFDb\uFFFD", "c");
    }

    @Test
    void whatNoBlankLineEndsIsLeft() {
        for (String rest : List.of("data: b", "data: b\n", "data: b\r\n", "event: message\ndata: b")) {
            SseDecoder decoder = new SseDecoder();

            assertThat(decoded(decoder, List.of(("data: a\n\n" + rest).getBytes(UTF_8))))
                    .hasSize(1);
            assertThat(decoder.unfinished()).contains(event("message", "b", ""));
            assertThat(decoder.unfinished()).isEmpty();
        }
        SseDecoder over = new SseDecoder();
        decoded(over, List.of("data: a\n\n: bye\n".getBytes(UTF_8)));
        assertThat(over.unfinished()).isEmpty();
    }

    @Test
    void eventsAndLinesAreBounded() {
        for (String stream :
                List.of("data: 123456789\n\n", "data: 1\n: comment\n", ": 123456789012345", "x".repeat(17))) {
            Cuts.of(stream.getBytes(UTF_8))
                    .forEach(pieces -> assertThatThrownBy(() -> decoded(new SseDecoder(14), pieces))
                            .as(stream)
                            .isInstanceOf(OversizedEventException.class));
        }
        assertThat(decoded(new SseDecoder(14), List.of("data: 12345678\n\ndata: 12345678\n\n".getBytes(UTF_8))))
                .hasSize(2);
    }
}
