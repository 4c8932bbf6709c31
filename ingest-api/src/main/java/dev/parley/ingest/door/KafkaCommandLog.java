package dev.parley.ingest.door;

import dev.parley.chat.v1.Command;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.log.KafkaAppends;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/** The commands' topic. */
public final class KafkaCommandLog implements CommandLog {

    private final Topics topics;
    private final KafkaAppends appends;

    public KafkaCommandLog(KafkaSettings kafka, Topics topics, MeterRegistry meters) {
        this.topics = topics;
        this.appends = new KafkaAppends(kafka, "parley-ingest", "command", meters);
    }

    @Override
    public void append(ConversationKey conversation, Command.Body command, Call call) {
        Instant now = Instant.now();
        Headers headers = KafkaAppends.traced(
                CloudEventHeaders.of(call.commandId(), command, KafkaAppends.SOURCE, now, null), call);
        appends.append(
                any -> new ProducerRecord<>(
                        topics.commands().name(),
                        null,
                        now.toEpochMilli(),
                        conversation.toString().getBytes(StandardCharsets.UTF_8),
                        topics.commands()
                                .values()
                                .serializer()
                                .serialize(
                                        topics.commands().name(),
                                        new Command(
                                                call.commandId(),
                                                conversation.tenant(),
                                                conversation.conversation(),
                                                now,
                                                command)),
                        headers),
                "repeat it with the same Idempotency-Key");
    }

    @Override
    public void close() {
        appends.close();
    }
}
