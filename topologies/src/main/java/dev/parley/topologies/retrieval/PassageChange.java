package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.schemas.Topic;
import dev.parley.schemas.keys.WorkspaceKey;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.jspecify.annotations.Nullable;

/** What a record of the passages' topic does to the passages of the document that its key names. */
public sealed interface PassageChange {

    record Put(DocumentPassages document) implements PassageChange {}

    record Deleted() implements PassageChange {}

    /** Longer ones do not fit into an index term. */
    int MAX_KEY_CHARS = 4_096;

    /** The passages' topic read as changes, in which a null value has a meaning. Not for writing. */
    static Topic<String, PassageChange> topic(Topic<String, DocumentPassages> passages) {
        Deserializer<DocumentPassages> deserializer = passages.values().deserializer();
        return new Topic<>(
                passages.spec(),
                passages.keys(),
                Serdes.serdeFrom(
                        (topic, change) -> {
                            throw new UnsupportedOperationException("changes of passages are only read");
                        },
                        (topic, bytes) ->
                                bytes == null ? new Deleted() : new Put(deserializer.deserialize(topic, bytes))));
    }

    /** What is wrong with a change, without quoting content; null where nothing is. */
    static @Nullable String objection(String key, PassageChange change) {
        if (key.length() > MAX_KEY_CHARS) {
            return "the key is longer than " + MAX_KEY_CHARS + " characters";
        }
        return switch (change) {
            case Deleted deleted -> workspace(key) == null ? "the key is not tenant/workspace/path" : null;
            case Put(DocumentPassages document) -> objection(key, document);
        };
    }

    private static @Nullable String objection(String key, DocumentPassages document) {
        WorkspaceKey workspace = workspace(key);
        if (workspace == null
                || !workspace.tenant().equals(document.getTenantId())
                || !workspace.workspace().equals(document.getWorkspaceId())
                || !workspace.pathOf(key).equals(document.getPath())) {
            return "the key is not tenant/workspace/path";
        }
        for (IndexedPassage passage : document.getPassages()) {
            if (passage.getVector().remaining() % Float.BYTES != 0) {
                return "a vector is not a whole number of floats";
            }
        }
        return null;
    }

    private static @Nullable WorkspaceKey workspace(String key) {
        try {
            return WorkspaceKey.ofDocument(key);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The workspace that a document belongs to. */
    static WorkspaceKey workspace(DocumentPassages document) {
        return new WorkspaceKey(document.getTenantId(), document.getWorkspaceId());
    }
}
