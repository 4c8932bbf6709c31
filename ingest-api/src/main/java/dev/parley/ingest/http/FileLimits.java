package dev.parley.ingest.http;

/**
 * How much callers may bring of files.
 *
 * @param fileBytes of one
 * @param perMessage how many
 * @param perRequest how many in all messages of a request, which may have a whole chat
 * @param bodyBytes of the body of a request that may bring some within it, as base64 has them
 */
public record FileLimits(int fileBytes, int perMessage, int perRequest, int bodyBytes) {

    private static final int MIB = 1024 * 1024;

    public static final FileLimits USUAL = new FileLimits(10 * MIB, 16, 500, 32 * MIB);
}
