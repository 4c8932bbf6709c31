package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.files.FileContents;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.sinks.json.NativeJson;
import io.javalin.http.Context;
import java.util.Optional;

/** Calls about images and files that come with messages. */
final class FileCalls {

    private final Files files;
    private final FileContents contents;

    FileCalls(Files files) {
        this.files = files;
        this.contents = new FileContents(files);
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

    /** The content. */
    void get(Context ctx, Request request) {
        contents.answer(ctx, request.tenant(), ctx.pathParam("file"));
    }
}
