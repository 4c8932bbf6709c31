package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.Topic;
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
            case Deleted deleted -> key.split("/", 3).length == 3 ? null : "the key is not tenant/workspace/path";
            case Put(DocumentPassages document) -> objection(key, document);
        };
    }

    private static @Nullable String objection(String key, DocumentPassages document) {
        if (!key.equals(workspace(document) + "/" + document.getPath())) {
            return "the key is not tenant/workspace/path";
        }
        // A slash would let one workspace's key be read as another's.
        if (!ConversationKey.isTenant(document.getTenantId())
                || document.getWorkspaceId().isEmpty()
                || document.getWorkspaceId().contains("/")) {
            return "tenantId or workspaceId is not a valid id";
        }
        for (IndexedPassage passage : document.getPassages()) {
            if (passage.getVector().remaining() % Float.BYTES != 0) {
                return "a vector is not a whole number of floats";
            }
        }
        return null;
    }

    /** The workspace that a document belongs to, as the turns' topic writes its key. */
    static String workspace(DocumentPassages document) {
        return workspace(document.getTenantId(), document.getWorkspaceId());
    }

    static String workspace(String tenantId, String workspaceId) {
        return tenantId + "/" + workspaceId;
    }
}
