package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The fields of one request that mean nothing here, though clients send them: what an SDK adds to messages, or settings that
 * nobody has a use for. By default they are taken, and named in a header of the answer, so that nobody is left to believe that
 * they did something; a strict server refuses the request.
 */
public final class Unused {

    /** Names what was not used, such as {@code messages[].name}. */
    public static final String HEADER = "x-parley-unused";

    private static final int MAX_NAMES = 32;
    private static final String MORE = "...";
    private static final Pattern INDEX = Pattern.compile("\\[\\d+]");
    private static final Pattern PRINTABLE = Pattern.compile("[A-Za-z0-9_.\\[\\]$:/-]{1,128}");

    private final Consumer<String> found;

    private Unused(Consumer<String> found) {
        this.found = found;
    }

    /** For what has no answer with headers. */
    public static Unused passedOver() {
        return new Unused(path -> {});
    }

    public static Unused refused() {
        return new Unused(path -> {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "means nothing here, and this server is set to be strict", path);
        });
    }

    static Unused namedIn(Context ctx) {
        Set<String> named = new TreeSet<>();
        return new Unused(path -> {
            String name = INDEX.matcher(path).replaceAll("[]");
            boolean fits = named.size() < MAX_NAMES && PRINTABLE.matcher(name).matches();
            if (named.add(fits ? name : MORE)) {
                ctx.header(HEADER, String.join(", ", named));
            }
        });
    }

    /** Takes the field at {@code path}, or throws. */
    void add(String path) {
        found.accept(path);
    }
}
