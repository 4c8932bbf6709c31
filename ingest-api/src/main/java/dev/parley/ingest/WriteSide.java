package dev.parley.ingest;

import dev.parley.ingest.documents.DocumentLog;
import dev.parley.ingest.documents.KafkaDocumentLog;
import dev.parley.ingest.door.CommandLog;
import dev.parley.ingest.door.KafkaCommandLog;
import dev.parley.ingest.files.FileLog;
import dev.parley.ingest.files.KafkaFileLog;
import dev.parley.ingest.search.KafkaSearches;
import dev.parley.ingest.search.Searches;
import dev.parley.schemas.Topics;
import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.files.KafkaFileReader;
import dev.parley.schemas.routes.ConfigurationTail;
import dev.parley.schemas.routes.Configurations;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;

/** What the front door has on the topics: where its callers' doings go, and the configuration that it reads there itself. */
record WriteSide(
        CommandLog commands, DocumentLog documents, FileSide files, Searches searches, Configurations configurations)
        implements AutoCloseable {

    /** Files are written and read by the front door alike. */
    record FileSide(FileLog log, FileReader reader) implements AutoCloseable {

        @Override
        public void close() {
            log.close();
            reader.close();
        }
    }

    static WriteSide start(KafkaSettings kafka, Topics topics, MeterRegistry meters) {
        ConfigurationTail configurations = new ConfigurationTail(
                topics.configuration(),
                kafka,
                "parley-ingest-configuration",
                meters.counter(
                        "parley.records.skipped",
                        "topic",
                        topics.configuration().name())::increment);
        configurations.start();
        return new WriteSide(
                new KafkaCommandLog(kafka, topics, meters),
                new KafkaDocumentLog(kafka, topics, meters),
                new FileSide(
                        new KafkaFileLog(kafka, topics, meters),
                        new KafkaFileReader(topics.files(), kafka, "parley-ingest-files-reader")),
                new KafkaSearches(kafka, topics, meters),
                configurations);
    }

    /** Whether it is known by now which engines and routes there are. */
    boolean isConfigured() {
        return !(configurations instanceof ConfigurationTail tail) || tail.isCaughtUp();
    }

    @Override
    public void close() {
        commands.close();
        documents.close();
        files.close();
        searches.close();
        if (configurations instanceof ConfigurationTail tail) {
            tail.close();
        }
    }
}
