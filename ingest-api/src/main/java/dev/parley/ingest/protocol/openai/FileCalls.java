package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.files.FileContents;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.files.Named;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.MultipartForm;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.FileReader.Description;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.Set;

/**
 * Files of OpenAI's API, for {@code file_id} of parts: the same as those of {@code /api/files}. They are contents on a log, which has
 * no list of them and gives none back, so there is neither a list nor a deletion.
 */
final class FileCalls {

    /** What a form says beside the file. */
    private static final int ROOM_FOR_THE_REST = 16 * 1024;

    private static final String FILE = "file";
    private static final String PURPOSE = "purpose";

    /** What files are for here, whatever was said when one was sent: to be shown to a model. */
    private static final String SHOWN = "user_data";

    private static final Set<String> PURPOSES = Set.of(SHOWN, "vision", "assistants");

    private static final String NO_NAME = "file";

    private final Files files;
    private final FileContents contents;

    FileCalls(Files files) {
        this.files = files;
        this.contents = new FileContents(files);
    }

    void create(Context ctx, Request request) {
        int most = request.files().fileBytes();
        MultipartForm form = MultipartForm.read(ctx.contentType(), request.upload(most + ROOM_FOR_THE_REST));
        form.only(Set.of(FILE, PURPOSE));
        if (!PURPOSES.contains(form.required(PURPOSE).text())) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "must be user_data, vision or assistants: files are shown to models here, and nothing else",
                    PURPOSE);
        }
        MultipartForm.Field file = form.required(FILE);
        if (file.content().remaining() > most) {
            throw new ProblemException(ErrorCode.PAYLOAD_TOO_LARGE, "must be of at most " + most + " bytes", FILE);
        }
        Named name = new Named(file.fileName().filter(given -> !given.isBlank()), FILE);
        Json.answer(ctx, 200, view(files.keep(request.tenant(), file.bytes(), file.mediaType(), name, request.call())));
    }

    void get(Context ctx, Request request) {
        Json.answer(ctx, 200, view(files.description(request.tenant(), Files.id(ctx.pathParam("file")))));
    }

    void content(Context ctx, Request request) throws IOException {
        contents.answer(ctx, request, ctx.pathParam("file"));
    }

    private static ObjectNode view(Description file) {
        return Json.object()
                .put("id", file.id().text())
                .put("object", "file")
                .put("bytes", file.bytes())
                .put("created_at", file.keptAt().getEpochSecond())
                .put("filename", file.name().orElse(NO_NAME))
                .put("purpose", SHOWN)
                .put("status", "processed");
    }
}
