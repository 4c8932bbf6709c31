package dev.parley.topologies.routing;

import dev.parley.chat.v1.Document;
import dev.parley.schemas.Topic;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;

/** What a record of the documents' topic does to the document that its key names. */
sealed interface DocumentChange {

    record Put(Document document) implements DocumentChange {}

    record Deleted() implements DocumentChange {}

    /** The documents' topic read as changes, in which a null value has a meaning. Not for writing. */
    static Topic<String, DocumentChange> topic(Topic<String, Document> documents) {
        Deserializer<Document> deserializer = documents.values().deserializer();
        return new Topic<>(
                documents.spec(),
                documents.keys(),
                Serdes.serdeFrom(
                        (topic, change) -> {
                            throw new UnsupportedOperationException("changes of documents are only read");
                        },
                        (topic, bytes) ->
                                bytes == null ? new Deleted() : new Put(deserializer.deserialize(topic, bytes))));
    }
}
