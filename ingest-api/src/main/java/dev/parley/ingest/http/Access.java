package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.settings.Secret;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may call, and as which tenant.
 *
 * <p>Without keys whoever can reach this machine's loopback may, and so may any web page that a browser here has open: what
 * keeps those out is the name they call this server by, and the origin that browsers put on requests that change something.
 */
public final class Access {

    private static final String LOOPBACK = "(localhost|127(\\.\\d{1,3}){3}|\\[::1\\])(:\\d{1,5})?";

    /** A page of another site reaches this server by a name of its own: only loopback's names are answered. */
    private static final Pattern LOOPBACK_HOST = Pattern.compile(LOOPBACK, Pattern.CASE_INSENSITIVE);

    private static final Pattern LOOPBACK_ORIGIN = Pattern.compile("https?://" + LOOPBACK, Pattern.CASE_INSENSITIVE);

    private static final Set<String> SAFE_METHODS = Set.of("GET", "HEAD", "OPTIONS");

    private final List<Known> keys = new ArrayList<>();
    private final Tickets tickets;
    private final Set<String> friendlyOrigins;

    @SuppressWarnings("ArrayRecordComponent") // Compared in constant time, below.
    private record Known(byte[] hash, String tenant) {}

    /**
     * The rules of one server.
     *
     * @param friendlyOrigins of web pages of other sites that may call it, as {@code https://host:port}
     */
    public Access(Map<Secret, String> tenantsByKey, Tickets tickets, Collection<String> friendlyOrigins) {
        this.tickets = tickets;
        this.friendlyOrigins = Set.copyOf(friendlyOrigins);
        tenantsByKey.forEach((key, tenant) -> keys.add(new Known(hash(key.reveal()), tenant)));
    }

    /** Refuses what comes from web pages of other sites, where there are no keys that would. */
    public void checkOrigin(Context ctx) {
        if (!keys.isEmpty()) {
            return;
        }
        @Nullable String host = ctx.header("Host");
        if (host == null || !LOOPBACK_HOST.matcher(host).matches()) {
            throw new ProblemException(
                    ErrorCode.FORBIDDEN_HOST,
                    "without PARLEY_API_KEYS this server answers only under the names of this machine's loopback");
        }
        if (!SAFE_METHODS.contains(ctx.req().getMethod()) && isForeign(ctx)) {
            throw new ProblemException(
                    ErrorCode.FORBIDDEN_HOST,
                    "without PARLEY_API_KEYS this server takes no changes from web pages of other sites,"
                            + " unless PARLEY_CORS_ORIGINS names them");
        }
    }

    /** The same for web sockets, which browsers open for any page, and which take changes though they begin with a GET. */
    public void checkUpgrade(Context ctx) {
        checkOrigin(ctx);
        if (keys.isEmpty() && isForeign(ctx)) {
            throw new ProblemException(
                    ErrorCode.FORBIDDEN_HOST,
                    "without PARLEY_API_KEYS this server takes no web sockets from pages of other sites,"
                            + " unless PARLEY_CORS_ORIGINS names them");
        }
    }

    private boolean isForeign(Context ctx) {
        @Nullable String origin = ctx.header("Origin");
        return origin != null && !LOOPBACK_ORIGIN.matcher(origin).matches() && !friendlyOrigins.contains(origin);
    }

    /** The tenant of a caller that may have had no way to send a key: a ticket on the URL will do, once. */
    public String streamingTenant(Context ctx) {
        @Nullable String ticket = ctx.queryParam("ticket");
        if (keys.isEmpty() || ticket == null) {
            return tenant(ctx);
        }
        return tickets.redeem(ticket)
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.UNAUTHORIZED,
                        "the ticket is unknown, was used already, or has expired: get another one by POST /api/tickets",
                        "ticket"));
    }

    /** The caller's tenant. */
    String tenant(Context ctx) {
        if (keys.isEmpty()) {
            return ConversationKey.DEFAULT_TENANT;
        }
        byte[] presented = hash(presented(ctx));
        @Nullable String tenant = null;
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
        return apiKey == null ? "" : apiKey.strip();
    }

    private static byte[] hash(String key) {
        return Sha256.digest().digest(key.getBytes(StandardCharsets.UTF_8));
    }
}
