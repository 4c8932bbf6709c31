package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.keys.FileId;
import dev.parley.sinks.json.NativeJson;
import io.javalin.http.Context;
import java.io.ByteArrayInputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Calls about images and files that come with messages. */
final class FileCalls {

    private final Files files;

    FileCalls(Files files) {
        this.files = files;
    }

    /** Keeps the body. The same content, type and name again is the same file. */
    void keep(Context ctx, Request request) {
        Optional<String> declared = Optional.ofNullable(ctx.contentType());
        byte[] content = request.upload(request.files().fileBytes());
        Description kept = files.keep(request.tenant(), content, declared, request.query("name"), request.call());
        ctx.header("Location", NativeJson.FILES + kept.id().text());
        ObjectNode view = Json.object().put("id", kept.id().text()).put("mediaType", kept.mediaType());
        kept.name().ifPresent(name -> view.put("name", name));
        Json.answer(
                ctx,
                201,
                view.put("bytes", kept.bytes())
                        .put("url", NativeJson.FILES + kept.id().text()));
    }

    /**
     * The content. Whatever it is, nothing in it runs: a browser shows pictures in their place and lets the rest be saved, each in a
     * sandbox and as what it was declared to be. It never changes, and is one tenant's.
     */
    void get(Context ctx, Request request) {
        FileId id = FileId.of(ctx.pathParam("file"))
                .orElseThrow(() -> new ProblemException(ErrorCode.FILE_NOT_FOUND, "there is no file with this id"));
        String tenant = request.tenant();
        String tag = '"' + id.hash() + '"';
        Description file = files.description(tenant, id);
        ctx.header("ETag", tag);
        ctx.header("Cache-Control", "private, max-age=31536000, immutable");
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Content-Security-Policy", "sandbox; default-src 'none'");
        ctx.header("Content-Disposition", disposition(file));
        if (tag.equals(ctx.header("If-None-Match"))) {
            ctx.status(304);
            return;
        }
        ByteBuffer content = files.content(tenant, id);
        ctx.contentType(contentType(file.mediaType()));
        ctx.result(new ByteArrayInputStream(
                content.array(), content.arrayOffset() + content.position(), content.remaining()));
    }

    private static String contentType(String mediaType) {
        return mediaType.startsWith("text/") ? mediaType + "; charset=utf-8" : mediaType;
    }

    /** By RFC 6266, with the name as RFC 8187 encodes it. */
    private static String disposition(Description file) {
        String kind = Files.mayBeShown(file.mediaType()) ? "inline" : "attachment";
        return file.name()
                .map(name -> kind + "; filename*=UTF-8''"
                        + URLEncoder.encode(name, StandardCharsets.UTF_8)
                                .replace("+", "%20")
                                .replace("*", "%2A"))
                .orElse(kind);
    }
}
