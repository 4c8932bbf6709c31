package dev.parley.ingest.documents;

import dev.parley.chat.v1.Document;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.log.KafkaAppends;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The documents' topic. Its producer is not the commands', so that a folder of large documents holds up no question.
 *
 * <p>Which partition a workspace is in goes by how many the topic has, not by how many the settings say: so do the turns,
 * which have to meet their knowledge there.
 */
public final class KafkaDocumentLog implements DocumentLog {

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Topics topics;
    private final KafkaAppends appends;
    private final Admin admin;
    private volatile int partitions;

    public KafkaDocumentLog(KafkaSettings kafka, Topics topics, MeterRegistry meters) {
        this.topics = topics;
        this.appends = new KafkaAppends(kafka, "parley-ingest-documents", "document", meters);
        this.admin = Admin.create(kafka.client(
                "parley-ingest-documents-end",
                Map.of("request.timeout.ms", (int) PATIENCE.toMillis(), "default.api.timeout.ms", (int)
                        PATIENCE.toMillis())));
    }

    @Override
    public void append(DocumentKey key, @Nullable Document document, Call call) {
        Instant now = Instant.now();
        Headers headers = document == null
                ? CloudEventHeaders.ofDeletion(
                        call.commandId(), Document.getClassSchema(), KafkaAppends.SOURCE, now, null)
                : CloudEventHeaders.of(call.commandId(), document, KafkaAppends.SOURCE, now, null);
        String topic = topics.documents().name();
        appends.append(
                producer -> new ProducerRecord<>(
                        topic,
                        key.workspaceKey()
                                .partition(producer.partitionsFor(topic).size()),
                        now.toEpochMilli(),
                        key.toString().getBytes(StandardCharsets.UTF_8),
                        topics.documents().values().serializer().serialize(topic, document),
                        KafkaAppends.traced(headers, call)),
                "repeat it");
    }

    @Override
    public Place end(DocumentKey any) {
        String topic = topics.documents().name();
        try {
            if (partitions == 0) {
                // Provisioning refuses to change it.
                partitions = Objects.requireNonNull(admin.describeTopics(List.of(topic))
                                .allTopicNames()
                                .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                                .get(topic))
                        .partitions()
                        .size();
            }
            TopicPartition partition =
                    new TopicPartition(topic, any.workspaceKey().partition(partitions));
            long offset = admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                    .partitionResult(partition)
                    .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .offset();
            return new Place(partition.partition(), offset);
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "Kafka does not answer");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
    }

    @Override
    public void close() {
        appends.close();
        admin.close(Duration.ofSeconds(1));
    }
}
