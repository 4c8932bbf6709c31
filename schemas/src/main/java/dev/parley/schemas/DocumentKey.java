package dev.parley.schemas;

import dev.parley.schemas.settings.Settings;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.apache.kafka.common.utils.Utils;

/**
 * Names one document of a workspace. Its text, {@code tenant/workspace/path}, is the record key of the topics about
 * documents; their partition goes by {@code tenant/workspace} alone, so that a workspace's knowledge is one partition: the
 * one that its turns, whose key that is, are in as well.
 */
public record DocumentKey(String tenant, String workspace, String path) {

    /** Of a path, in UTF-8. */
    public static final int MAX_PATH_BYTES = 512;

    /** The setting of the workspace whose knowledge conversations draw on that name none. */
    public static final String DEFAULT_WORKSPACE = "PARLEY_DEFAULT_WORKSPACE";

    private static final Pattern WORKSPACE = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    public DocumentKey {
        if (!ConversationKey.isTenant(tenant)) {
            throw new IllegalArgumentException("not a tenant id: '" + tenant + "'");
        }
        if (!isWorkspace(workspace)) {
            throw new IllegalArgumentException("not a workspace id: '" + workspace + "'");
        }
        if (!isPath(path)) {
            throw new IllegalArgumentException("not a path of a document");
        }
    }

    /** Whether {@code text} may name a workspace: 1 to 128 of {@code A-Z a-z 0-9 . _ : -}. */
    public static boolean isWorkspace(String text) {
        return WORKSPACE.matcher(text).matches();
    }

    /**
     * The workspace of conversations that name none ({@code default}). The door and the conversation topology both give it,
     * so both read it here.
     */
    public static String defaultWorkspace(Settings settings) {
        String workspace = settings.string(DEFAULT_WORKSPACE, "default");
        if (!isWorkspace(workspace)) {
            settings.problem(DEFAULT_WORKSPACE, "must be 1 to 128 of A-Z a-z 0-9 . _ : -");
        }
        return workspace;
    }

    /**
     * Whether {@code text} may name a document: segments between slashes, none of them empty, {@code .} or {@code ..},
     * without control characters, in at most {@link #MAX_PATH_BYTES} bytes.
     */
    public static boolean isPath(String text) {
        for (String segment : text.split("/", -1)) {
            if (segment.isBlank() || segment.equals(".") || segment.equals("..")) {
                return false;
            }
        }
        return text.codePoints().noneMatch(DocumentKey::isForbidden)
                && text.getBytes(StandardCharsets.UTF_8).length <= MAX_PATH_BYTES;
    }

    private static boolean isForbidden(int codePoint) {
        return Character.isISOControl(codePoint)
                || Character.getType(codePoint) == Character.SURROGATE
                || codePoint == 0xFFFD; // What is left of a name that was not in UTF-8.
    }

    /**
     * Reads a record key.
     *
     * @throws IllegalArgumentException where {@code key} is not {@code tenant/workspace/path}
     */
    public static DocumentKey parse(String key) {
        String[] parts = key.split("/", 3);
        if (parts.length < 3) {
            throw new IllegalArgumentException("not a document's key: '" + key + "'");
        }
        return new DocumentKey(parts[0], parts[1], parts[2]);
    }

    /** The partition, of so many, that the workspace is in: where Kafka's own partitioner puts {@code tenant/workspace}. */
    public int partition(int partitions) {
        byte[] workspaceKey = (tenant + "/" + workspace).getBytes(StandardCharsets.UTF_8);
        return Utils.toPositive(Utils.murmur2(workspaceKey)) % partitions;
    }

    /** The record key: {@code tenant/workspace/path}. */
    @Override
    public String toString() {
        return tenant + "/" + workspace + "/" + path;
    }
}
