package dev.parley.ingest.files;

import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.files.FileReader.Content;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.keys.FileId;
import io.javalin.http.Context;
import java.io.IOException;
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
     * Answers with a content, or that the caller has it. The content takes room until the caller has read it.
     *
     * @throws ProblemException {@code file_not_found} where the tenant has no such file
     */
    public void answer(Context ctx, Request request, String file) throws IOException {
        FileId id = Files.id(file);
        String tag = '"' + id.hash() + '"';
        if (tag.equals(ctx.header("If-None-Match"))) {
            tell(ctx, tag, files.description(request.tenant(), id));
            ctx.status(304);
            return;
        }
        Content content = files.content(request.tenant(), id);
        ByteBuffer bytes = content.bytes();
        request.takeRoom(bytes.remaining());
        tell(ctx, tag, content.description());
        ctx.contentType(contentType(content.description().mediaType()));
        ctx.res().setContentLength(bytes.remaining());
        // Here, and not by whoever serves requests, which would write when the request counts as served.
        ctx.res().getOutputStream().write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        ctx.res().flushBuffer();
    }

    /** What is said of a file that is there. */
    private static void tell(Context ctx, String tag, Description file) {
        ctx.header("ETag", tag);
        ctx.header("Cache-Control", "private, max-age=31536000, immutable");
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Content-Security-Policy", "sandbox; default-src 'none'");
        ctx.header("Content-Disposition", disposition(file));
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
