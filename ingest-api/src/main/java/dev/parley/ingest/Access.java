package dev.parley.ingest;

import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.config.Secret;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Who may call, and as which tenant. */
final class Access {

    /** A page of another site reaches this server by a name of its own: only loopback's names are answered. */
    private static final Pattern LOOPBACK_HOST =
            Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1\\])(:\\d{1,5})?", Pattern.CASE_INSENSITIVE);

    private final List<Known> keys = new ArrayList<>();

    @SuppressWarnings("ArrayRecordComponent") // Compared in constant time, below.
    private record Known(byte[] hash, String tenant) {}

    Access(Map<Secret, String> tenantsByKey) {
        tenantsByKey.forEach((key, tenant) -> keys.add(new Known(hash(key.reveal()), tenant)));
    }

    /** Refuses requests under foreign names, where there are no keys that would protect this server. */
    void checkHost(Context ctx) {
        String host = ctx.header("Host");
        if (keys.isEmpty() && (host == null || !LOOPBACK_HOST.matcher(host).matches())) {
            throw new ProblemException(
                    ErrorCode.FORBIDDEN_HOST,
                    "without PARLEY_API_KEYS this server answers only under the names of this machine's loopback");
        }
    }

    /** The caller's tenant. */
    String tenant(Context ctx) {
        if (keys.isEmpty()) {
            return ConversationKey.DEFAULT_TENANT;
        }
        byte[] presented = hash(presented(ctx));
        String tenant = null;
        for (Known known : keys) {
            if (MessageDigest.isEqual(known.hash(), presented)) {
                tenant = known.tenant();
            }
        }
        if (tenant == null) {
            throw new ProblemException(
                    ErrorCode.UNAUTHORIZED, "a key is needed: send it as 'Authorization: Bearer <key>'");
        }
        return tenant;
    }

    private static String presented(Context ctx) {
        @Nullable String authorization = ctx.header("Authorization");
        if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return authorization.substring(7).strip();
        }
        @Nullable String apiKey = ctx.header("x-api-key");
        return apiKey == null ? "" : apiKey;
    }

    private static byte[] hash(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
