package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.files.FileContents;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.files.Named;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.sinks.json.NativeJson;
import io.javalin.http.Context;
import java.io.IOException;
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
        Named name = new Named(request.query("name"), "name");
        Description kept = files.keep(request.tenant(), content, declared, name, request.call());
        ctx.header("Location", NativeJson.FILES + kept.id().text());
        ObjectNode view = Json.object().put("id", kept.id().text()).put("mediaType", kept.mediaType());
        kept.name().ifPresent(called -> view.put("name", called));
        Json.answer(
                ctx,
                201,
                view.put("bytes", kept.bytes())
                        .put("url", NativeJson.FILES + kept.id().text()));
    }

    /** The content. */
    void get(Context ctx, Request request) throws IOException {
        contents.answer(ctx, request, ctx.pathParam("file"));
    }
}
