package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.files.FileContents;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.MultipartForm;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.keys.FileId;
import io.javalin.http.Context;
import java.util.Optional;
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
        Optional<String> name = file.fileName().filter(given -> !given.isBlank());
        FileId id = files.keep(request.tenant(), file.bytes(), file.mediaType(), name, request.call());
        Json.answer(ctx, 200, view(files.description(request.tenant(), id)));
    }

    void get(Context ctx, Request request) {
        FileId id = FileId.of(ctx.pathParam("file"))
                .orElseThrow(() -> new ProblemException(ErrorCode.FILE_NOT_FOUND, "there is no file with this id"));
        Json.answer(ctx, 200, view(files.description(request.tenant(), id)));
    }

    void content(Context ctx, Request request) {
        contents.answer(ctx, request.tenant(), ctx.pathParam("file"));
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
