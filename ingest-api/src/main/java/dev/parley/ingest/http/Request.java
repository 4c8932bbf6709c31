package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.Ids;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.WorkspaceKey;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What handlers read of an HTTP request beside its body's fields: checked, or refused by name. */
public final class Request {

    public static final Pattern ID = Ids.FORM;
    public static final String ID_RULE = Ids.RULE;

    private static final Pattern BRACKETS = Pattern.compile("\\[.+]$");
    private static final int MAX_WAIT_SECONDS = 120;
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e](?:[\\x20-\\x7e]{0,253}[\\x21-\\x7e])?");
    private static final Pattern WAIT =
            Pattern.compile("(?:^|[,;])\\s*wait\\s*=\\s*\"?(\\d{1,6})\"?\\s*(?:[,;]|$)", Pattern.CASE_INSENSITIVE);

    private final Context ctx;
    private final Access access;
    private final Admission admission;
    private final boolean strict;
    private final Enclosures enclosures;

    Request(Context ctx, Access access, Admission admission, boolean strict, FileLimits files) {
        this.ctx = ctx;
        this.access = access;
        this.admission = admission;
        this.strict = strict;
        this.enclosures = new Enclosures(files, otherBytes -> admission.keep(ctx, otherBytes));
    }

    /** How much may come of files. */
    public FileLimits files() {
        return enclosures.limits();
    }

    public String tenant() {
        return access.tenant(ctx);
    }

    /** The caller's tenant, for event streams, which take tickets as well. */
    public String streamingTenant() {
        return access.streamingTenant(ctx);
    }

    /** The conversation that the path names; it need not exist. */
    public ConversationKey conversation() {
        return conversation(tenant());
    }

    /** The same, for event streams. */
    public ConversationKey streamingConversation() {
        return conversation(streamingTenant());
    }

    private ConversationKey conversation(String tenant) {
        String id = ctx.pathParam("id");
        if (!ConversationKey.isConversationId(id)) {
            throw new ProblemException(ErrorCode.INVALID_ID, "must be " + ID_RULE, "id");
        }
        return new ConversationKey(tenant, id);
    }

    public WorkspaceKey workspace() {
        String tenant = tenant();
        String workspace = ctx.pathParam("workspace");
        if (!WorkspaceKey.isWorkspaceId(workspace)) {
            throw new ProblemException(ErrorCode.INVALID_ID, "must be " + ID_RULE, "workspace");
        }
        return new WorkspaceKey(tenant, workspace);
    }

    /** The document that the path names; there need not be one. */
    public DocumentKey document() {
        WorkspaceKey workspace = workspace();
        String path = ctx.pathParam("path");
        if (!DocumentKey.isPath(path)) {
            throw new ProblemException(
                    ErrorCode.INVALID_ID,
                    "must be names between slashes, none of them empty, '.' or '..', without control characters, in at"
                            + " most " + DocumentKey.MAX_PATH_BYTES + " bytes of UTF-8",
                    "path");
        }
        return new DocumentKey(workspace, path);
    }

    /** Where what the request names is found, as it was asked for. */
    public String location() {
        return ctx.req().getRequestURI();
    }

    /** An upload of at most so many bytes. The caller is known by then: nobody else's body is read. */
    public byte[] upload(int maxBytes) {
        tenant();
        return admission.body(ctx, maxBytes);
    }

    public MessageId messageId() {
        String messageId = ctx.pathParam("messageId");
        if (!ID.matcher(messageId).matches()) {
            throw new ProblemException(ErrorCode.INVALID_ID, "must be " + ID_RULE, "messageId");
        }
        return new MessageId(messageId);
    }

    /** The JSON body. The caller is known by then: nobody else's body is read. */
    public JsonBody body() {
        return body(Admission.MAX_BODY_BYTES);
    }

    /** The same of a call whose body may bring files within it, and be longer for that. */
    public JsonBody bodyWithFiles() {
        return body(Math.max(Admission.MAX_BODY_BYTES, files().bodyBytes()));
    }

    private JsonBody body(int maxBytes) {
        tenant();
        byte[] bytes = admission.body(ctx, maxBytes);
        if (bytes.length > 0 && !isJson(ctx.contentType())) {
            throw new ProblemException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "the body must be sent as Content-Type: application/json, in UTF-8");
        }
        return read(bytes);
    }

    /** What is no JSON has no files in it, and is told how long it may be before what else is wrong with it. */
    private JsonBody read(byte[] bytes) {
        try {
            return JsonBody.of(bytes, strict ? Unused.refused() : Unused.namedIn(ctx), enclosures);
        } catch (ProblemException e) {
            throw bytes.length > Admission.MAX_BODY_BYTES ? Admission.tooLarge(Admission.MAX_BODY_BYTES) : e;
        }
    }

    private static boolean isJson(@Nullable String type) {
        if (type == null) {
            return false;
        }
        String[] parts = type.toLowerCase(Locale.ROOT).split(";", -1);
        if (!parts[0].strip().equals("application/json")) {
            return false;
        }
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
                return false;
            }
        }
        return true;
    }

    /**
     * Checks how long the body is beside the files within it, which are known when it has been read.
     *
     * @throws ProblemException where that is longer than the bodies of other calls may be
     */
    public void checkRest() {
        enclosures.checkRest();
    }

    /**
     * Takes room for an answer of so many bytes, as for a body, until the request has been served.
     *
     * @throws ProblemException where there is none now
     */
    public void takeRoom(int bytes) {
        admission.takeRoom(ctx, bytes);
    }

    /**
     * Names for the command that this request becomes.
     *
     * @throws ProblemException where its body is longer, beside the files within it, than a command may be
     */
    public Call call() {
        checkRest();
        return new Call("cmd_" + uniqueId(), TraceParent.continueOrStart(ctx.header("traceparent")), enclosures);
    }

    /** Names for a command that no request asks for. */
    public static Call newCall() {
        return new Call("cmd_" + uniqueId(), TraceParent.continueOrStart(null));
    }

    /** The same for one that a frame asks for, with what files it brought. */
    public static Call newCall(JsonBody frame) {
        return new Call("cmd_" + uniqueId(), TraceParent.continueOrStart(null), frame.enclosures());
    }

    /** The {@code Idempotency-Key} header. */
    public Optional<String> idempotencyKey() {
        Optional<String> key = Optional.ofNullable(ctx.header("Idempotency-Key"));
        key.ifPresent(text -> {
            if (!KEY.matcher(text).matches()) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, "must be 1 to 255 visible ASCII characters", "Idempotency-Key");
            }
        });
        return key;
    }

    /** How long the caller would wait for the whole answer ({@code Prefer: wait}, RFC 7240), at most two minutes. */
    private Optional<Duration> waitPreference() {
        String prefer = String.join(",", Collections.list(ctx.req().getHeaders("Prefer")));
        Matcher matcher = WAIT.matcher(prefer);
        return matcher.find()
                ? Optional.of(Duration.ofSeconds(Math.min(MAX_WAIT_SECONDS, Integer.parseInt(matcher.group(1)))))
                : Optional.empty();
    }

    /** The same preference, where one more request may wait; if so, {@link #waited} has to follow. */
    public Optional<Duration> waitIfPossible() {
        return waitPreference().filter(any -> admission.mayWait());
    }

    public void waited() {
        admission.waited();
    }

    /** Waits within {@code served} for as long as that takes, where one more request may wait. */
    public <T> T waiting(Supplier<T> served) {
        return admission.waiting(served);
    }

    /** Where a stream is to go on: what a browser resends by itself comes before what the URL once said. */
    public Optional<String> cursor() {
        return Optional.ofNullable(ctx.header("Last-Event-ID"))
                .filter(id -> !id.isEmpty())
                .or(() -> query("cursor"));
    }

    /**
     * Refuses parameters of the URL that a call does not have, as fields of a body are that nobody reads.
     *
     * @param known names of those that it has; {@code name[*]} for any in brackets
     */
    public static void checkQuery(Context ctx, Set<String> known) {
        ctx.queryParamMap().keySet().stream()
                .filter(name -> !known.contains(name)
                        && !known.contains(BRACKETS.matcher(name).replaceFirst("[*]")))
                .findFirst()
                .ifPresent(name -> {
                    throw new ProblemException(ErrorCode.INVALID_REQUEST, "is not a parameter of this call", name);
                });
    }

    public Optional<String> query(String name) {
        return Optional.ofNullable(ctx.queryParam(name));
    }

    public int query(String name, int otherwise, int min, int max) {
        return query(name, min, max).map(Long::intValue).orElse(otherwise);
    }

    public Optional<Long> query(String name, long min, long max) {
        return query(name).map(text -> {
            try {
                long number = Long.parseLong(text);
                if (min <= number && number <= max) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Said below, together with the range.
            }
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "must be a whole number from " + min + " to " + max, name);
        });
    }

    public static String uniqueId() {
        return UUID.randomUUID().toString().replace("-", "").substring(0, 24);
    }
}
