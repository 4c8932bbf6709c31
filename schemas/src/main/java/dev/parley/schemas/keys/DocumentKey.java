package dev.parley.schemas.keys;

import java.nio.charset.StandardCharsets;

/**
 * Names one document of a workspace. Its text, {@code tenant/workspace/path}, is the record key of the topics about
 * documents; their partition goes by {@link #workspaceKey} alone.
 */
public record DocumentKey(WorkspaceKey workspaceKey, String path) {

    /** Of a path, in UTF-8. */
    public static final int MAX_PATH_BYTES = 512;

    public DocumentKey {
        if (!WorkspaceKey.isWorkspaceId(workspaceKey.workspace())) {
            throw new IllegalArgumentException("not a workspace id: '" + workspaceKey.workspace() + "'");
        }
        if (!isPath(path)) {
            throw new IllegalArgumentException("not a path of a document");
        }
    }

    public DocumentKey(String tenant, String workspace, String path) {
        this(new WorkspaceKey(tenant, workspace), path);
    }

    public String tenant() {
        return workspaceKey.tenant();
    }

    public String workspace() {
        return workspaceKey.workspace();
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
        WorkspaceKey workspace = WorkspaceKey.ofDocument(key);
        return new DocumentKey(workspace, workspace.pathOf(key));
    }

    /** The record key: {@code tenant/workspace/path}. */
    @Override
    public String toString() {
        return workspaceKey.document(path);
    }
}
