package dev.parley.ingest.files;

import dev.parley.chat.v1.FilePiece;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.log.KafkaAppends;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.keys.FileId;
import dev.parley.schemas.keys.FileKey;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * The topic of files. A file is cut into pieces that brokers, and the tools beside them, take as they are installed: the usual
 * bound of a record is 1 MiB. Its producer is neither the commands' nor the documents', so that a large file holds up no question.
 */
public final class KafkaFileLog implements FileLog {

    static final int PIECE_BYTES = 512 * 1024;

    private final Topics topics;
    private final KafkaAppends appends;

    public KafkaFileLog(KafkaSettings kafka, Topics topics, MeterRegistry meters) {
        this.topics = topics;
        this.appends = new KafkaAppends(kafka, "parley-ingest-files", "file", meters);
    }

    @Override
    public Description append(String tenant, NewFile file, Call call) {
        int bytes = file.content().remaining();
        int count = Math.max(1, Math.ceilDiv(bytes, PIECE_BYTES));
        long first = 0;
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS); // As exact as records are.
        for (int index = 0; index < count; index++) {
            int from = index * PIECE_BYTES;
            FilePiece piece = new FilePiece(
                    tenant,
                    file.hash(),
                    file.mediaType(),
                    file.name().orElse(null),
                    index,
                    count,
                    (long) bytes,
                    file.content().slice(file.content().position() + from, Math.min(PIECE_BYTES, bytes - from)));
            long offset = append(new FileKey(tenant, file.hash()), piece, now, call);
            first = index == 0 ? offset : first;
        }
        return new Description(new FileId(file.hash(), first), file.mediaType(), file.name(), bytes, now);
    }

    private long append(FileKey key, FilePiece piece, Instant now, Call call) {
        String topic = topics.files().name();
        Headers headers = KafkaAppends.traced(
                CloudEventHeaders.of(
                        call.commandId() + "/" + piece.getHash() + "/" + piece.getIndex(),
                        piece,
                        KafkaAppends.SOURCE,
                        now,
                        null),
                call);
        return appends.place(
                producer -> new ProducerRecord<>(
                        topic,
                        key.partition(producer.partitionsFor(topic).size()),
                        now.toEpochMilli(),
                        key.bytes(),
                        topics.files().values().serializer().serialize(topic, piece),
                        headers),
                "repeat it");
    }

    @Override
    public void close() {
        appends.close();
    }
}
