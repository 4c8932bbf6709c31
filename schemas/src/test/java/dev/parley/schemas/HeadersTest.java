package dev.parley.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.CancelTurn;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.Test;

class HeadersTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void aRecordIsACloudEventInBinaryMode() {
        Headers headers = CloudEventHeaders.of("id-1", new CancelTurn(null), "/parley/test", NOW, null);

        assertThat(CloudEventHeaders.text(headers, "ce_specversion")).isEqualTo("1.0");
        assertThat(CloudEventHeaders.text(headers, "ce_id")).isEqualTo("id-1");
        assertThat(CloudEventHeaders.text(headers, "ce_type")).isEqualTo("dev.parley.chat.v1.CancelTurn");
        assertThat(CloudEventHeaders.text(headers, "ce_source")).isEqualTo("/parley/test");
        assertThat(CloudEventHeaders.text(headers, "ce_time")).isEqualTo("2026-01-02T03:04:05Z");
        assertThat(CloudEventHeaders.text(headers, "content-type")).isEqualTo("application/avro");
        assertThat(CloudEventHeaders.text(headers, "traceparent")).isNull();
    }

    @Test
    void theTraceOfTheCauseIsCarriedOn() {
        Headers cause = CloudEventHeaders.of("id-1", new CancelTurn(null), "/parley/test", NOW, null);
        String trace = TraceParent.continueOrStart(null);
        cause.add(CloudEventHeaders.TRACEPARENT, trace.getBytes(StandardCharsets.UTF_8));

        Headers headers = CloudEventHeaders.of("id-2", new CancelTurn(null), "/parley/test", NOW, cause);

        assertThat(CloudEventHeaders.text(headers, "traceparent")).isEqualTo(trace);
    }

    @Test
    void aCallersTraceIsTakenOverOnlyWhenWellFormed() {
        String good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

        assertThat(TraceParent.continueOrStart(good)).isEqualTo(good);
        assertThat(TraceParent.continueOrStart("00-nonsense")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
        assertThat(TraceParent.continueOrStart("00-00000000000000000000000000000000-00f067aa0ba902b7-01"))
                .isNotEqualTo("00-00000000000000000000000000000000-00f067aa0ba902b7-01");
    }

    @Test
    void aDeadLetterKeepsTheBytesAndSaysWhereAndWhy() {
        byte[] key = {1, 2};
        byte[] value = {3, (byte) 0xff};
        ConsumerRecord<byte[], byte[]> poison = new ConsumerRecord<>("chat.commands.v1", 4, 77, key, value);
        poison.headers().add("ce_id", "x".getBytes(StandardCharsets.UTF_8));
        Topic<byte[], byte[]> deadLetters = new Topic<>(
                new TopicSpec(
                        "dead",
                        1,
                        true,
                        (short) 1,
                        new TopicSpec.Retention.Forever(),
                        Optional.empty(),
                        new TopicUse("", "", List.of(), List.of())),
                Serdes.ByteArray(),
                Serdes.ByteArray());

        ProducerRecord<byte[], byte[]> letter =
                DeadLetter.of(deadLetters, poison, ErrorCode.UNDECODABLE_RECORD, "conversation", "bad magic", NOW);

        assertThat(letter.key()).isEqualTo(key);
        assertThat(letter.value()).isEqualTo(value);
        assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.TOPIC)).isEqualTo("chat.commands.v1");
        assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.PARTITION))
                .isEqualTo("4");
        assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.OFFSET)).isEqualTo("77");
        assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.CODE)).isEqualTo("undecodable_record");
        assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.CAUSE)).isEqualTo("bad magic");
        assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.STAGE)).isEqualTo("conversation");
        assertThat(CloudEventHeaders.text(letter.headers(), "orig.ce_id")).isEqualTo("x");
    }

    @Test
    void aChecksumGrowsPieceByPiece() {
        TextChecksum pieces = new TextChecksum();
        pieces.add("héllo ");
        pieces.add("\uD83D\uDE00");

        assertThat(pieces.bytes()).isEqualTo(11);
        assertThat(pieces.crc32c())
                .isEqualTo(TextChecksum.of("héllo \uD83D\uDE00").crc32c());
        // The check value of CRC-32C, RFC 3720 appendix B.4 and the usual "123456789".
        assertThat(TextChecksum.of("123456789").crc32c()).isEqualTo(0xE3069283L);
    }

    @Test
    void everyErrorCodeReadsBackFromItsWireName() {
        for (ErrorCode code : ErrorCode.values()) {
            assertThat(ErrorCode.ofWire(code.wire())).contains(code);
        }
        assertThat(ErrorCode.ofWire("no_such_code")).isEmpty();
    }
}
