package dev.parley.ingest.files;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.keys.FileId;
import io.javalin.http.Context;
import java.io.ByteArrayInputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Hands out what is in files. Whatever it is, nothing in it runs: a browser shows pictures in their place and lets the rest be
 * saved, each in a sandbox and as what it was declared to be. A content never changes, and is one tenant's.
 */
public final class FileContents {

    private final Files files;

    public FileContents(Files files) {
        this.files = files;
    }

    /**
     * Answers with a content, or that the caller has it.
     *
     * @throws ProblemException {@code file_not_found} where the tenant has no such file
     */
    public void answer(Context ctx, String tenant, String file) {
        FileId id = Files.id(file);
        String tag = '"' + id.hash() + '"';
        Description known = files.description(tenant, id);
        ctx.header("ETag", tag);
        ctx.header("Cache-Control", "private, max-age=31536000, immutable");
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Content-Security-Policy", "sandbox; default-src 'none'");
        ctx.header("Content-Disposition", disposition(known));
        if (tag.equals(ctx.header("If-None-Match"))) {
            ctx.status(304);
            return;
        }
        ByteBuffer content = files.content(tenant, id);
        ctx.contentType(contentType(known.mediaType()));
        ctx.result(new ByteArrayInputStream(
                content.array(), content.arrayOffset() + content.position(), content.remaining()));
    }

    private static String contentType(String mediaType) {
        return mediaType.startsWith("text/") ? mediaType + "; charset=utf-8" : mediaType;
    }

    /** By RFC 6266, with the name as RFC 8187 encodes it. */
    private static String disposition(Description file) {
        String kind = FileTypes.mayBeShown(file.mediaType()) ? "inline" : "attachment";
        return file.name()
                .map(name -> kind + "; filename*=UTF-8''"
                        + URLEncoder.encode(name, StandardCharsets.UTF_8)
                                .replace("+", "%20")
                                .replace("*", "%2A"))
                .orElse(kind);
    }
}
