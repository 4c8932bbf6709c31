package dev.parley.ingest.files;

import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.files.FilesUnavailableException;
import dev.parley.schemas.keys.FileId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A log of files in memory, in one partition. */
public final class FakeFiles implements FileLog, FileReader {

    /** A file as it reached the log. */
    public record Appended(String tenant, NewFile file) {}

    private final List<Appended> log = new ArrayList<>();
    private boolean kafkaAway;
    private int reads;

    public synchronized List<Appended> log() {
        return List.copyOf(log);
    }

    /** How often the log was looked at. */
    public synchronized int reads() {
        return reads;
    }

    public synchronized void kafkaAway() {
        kafkaAway = true;
    }

    @Override
    public synchronized Description append(String tenant, NewFile file, Call call) {
        if (kafkaAway) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "Kafka did not confirm the request in time");
        }
        log.add(new Appended(tenant, file));
        return described(new FileId(file.hash(), log.size() - 1L), file);
    }

    @Override
    public synchronized Optional<Description> description(String tenant, FileId id) {
        looked();
        return find(tenant, id).map(file -> described(id, file));
    }

    private static Description described(FileId id, NewFile file) {
        return new Description(id, file.mediaType(), file.name(), file.content().remaining(), Instant.EPOCH);
    }

    @Override
    public synchronized Optional<Content> content(String tenant, FileId id) {
        looked();
        return find(tenant, id)
                .map(file -> new Content(described(id, file), file.content().duplicate()));
    }

    private void looked() {
        if (kafkaAway) {
            throw new FilesUnavailableException("away");
        }
        reads++;
    }

    private Optional<NewFile> find(String tenant, FileId id) {
        return log.stream()
                .filter(each ->
                        each.tenant().equals(tenant) && each.file().hash().equals(id.hash()))
                .map(Appended::file)
                .findFirst();
    }

    @Override
    public void close() {}
}
