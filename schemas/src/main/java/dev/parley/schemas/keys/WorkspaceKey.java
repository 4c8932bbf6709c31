package dev.parley.schemas.keys;

import dev.parley.schemas.settings.Settings;
import java.nio.charset.StandardCharsets;

/**
 * Names one workspace of one tenant. Its text, {@code tenant/workspace}, is the record key of the topics of turns and of
 * searches; the topics about documents are partitioned by it, so that a workspace's knowledge is in one partition with the
 * questions that draw on it.
 */
public record WorkspaceKey(String tenant, String workspace) {

    /** The setting of the workspace whose knowledge conversations draw on that name none. */
    public static final String DEFAULT_WORKSPACE = "PARLEY_DEFAULT_WORKSPACE";

    /** Documents may come from elsewhere: of a workspace no more is asked here than that its key is no other's as well. */
    public WorkspaceKey {
        if (!ConversationKey.isTenant(tenant)) {
            throw new IllegalArgumentException("not a tenant id: '" + tenant + "'");
        }
        if (workspace.isEmpty() || workspace.indexOf('/') >= 0) {
            throw new IllegalArgumentException("not a workspace id: '" + workspace + "'");
        }
    }

    /** Whether {@code text} may name a workspace: {@link Ids#RULE}. */
    public static boolean isWorkspaceId(String text) {
        return Ids.isId(text);
    }

    /**
     * The workspace of conversations that name none ({@code default}). The door and the conversation topology both give it,
     * so both read it here.
     */
    public static String defaultWorkspace(Settings settings) {
        String workspace = settings.string(DEFAULT_WORKSPACE, "default");
        if (!isWorkspaceId(workspace)) {
            settings.problem(DEFAULT_WORKSPACE, "must be " + Ids.RULE);
        }
        return workspace;
    }

    /**
     * Reads a record key.
     *
     * @throws IllegalArgumentException where {@code key} is not {@code tenant/workspace}
     */
    public static WorkspaceKey parse(String key) {
        int slash = key.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("not a workspace's key: '" + key + "'");
        }
        return new WorkspaceKey(key.substring(0, slash), key.substring(slash + 1));
    }

    /**
     * The workspace of the document with this record key, whatever its path.
     *
     * @throws IllegalArgumentException where {@code key} is not {@code tenant/workspace/path}
     */
    public static WorkspaceKey ofDocument(String key) {
        int path = key.indexOf('/', key.indexOf('/') + 1);
        if (path < 0) {
            throw new IllegalArgumentException("not a document's key: '" + key + "'");
        }
        return parse(key.substring(0, path));
    }

    /** The record key of the document at {@code path}. */
    public String document(String path) {
        return this + "/" + path;
    }

    /** The path in the record key of one of the workspace's documents. */
    public String pathOf(String documentKey) {
        return documentKey.substring(document("").length());
    }

    /** The partition, of so many, that it is in: where Kafka's own partitioner puts its text. */
    public int partition(int partitions) {
        return Partitions.of(toString().getBytes(StandardCharsets.UTF_8), partitions);
    }

    /** The record key: {@code tenant/workspace}. */
    @Override
    public String toString() {
        return tenant + "/" + workspace;
    }
}
