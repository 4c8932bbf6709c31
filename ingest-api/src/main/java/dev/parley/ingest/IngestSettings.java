package dev.parley.ingest;

import dev.parley.ingest.documents.Documents;
import dev.parley.ingest.http.Cors;
import dev.parley.ingest.http.FileLimits;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.Secret;
import dev.parley.schemas.settings.Settings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The front door.
 *
 * @param host to listen on ({@code PARLEY_HTTP_HOST}, 127.0.0.1); any other than loopback only with keys
 * @param port ({@code PARLEY_HTTP_PORT}, 8080); 0 for a free one
 * @param tenantsByKey who may call ({@code PARLEY_API_KEYS}, {@code [tenant=]key,…}); empty: anyone on this machine
 * @param maxRequests served at the same time, event streams not counted ({@code PARLEY_MAX_REQUESTS}, 2,000); half of
 *     them may wait for an answer
 * @param maxBodyBytes of all requests being served ({@code PARLEY_MAX_REQUEST_BYTES}, 128 MiB)
 * @param corsOrigins of web pages of other sites that may call ({@code PARLEY_CORS_ORIGINS}, {@code https://host:port,…},
 *     or {@code *} for any, which needs keys); empty: none
 * @param defaultWorkspace whose knowledge conversations draw on that name none ({@code PARLEY_DEFAULT_WORKSPACE},
 *     {@code default})
 * @param clients what they may ask for, and how
 */
public record IngestSettings(
        String host,
        int port,
        Map<Secret, String> tenantsByKey,
        int maxRequests,
        int maxBodyBytes,
        List<String> corsOrigins,
        String defaultWorkspace,
        Clients clients) {

    /**
     * What clients may ask for, and how it is taken.
     *
     * @param model name of the model behind the connected model server ({@code PARLEY_LLM_MODEL}); callers of a model API may
     *     ask for it
     * @param strict whether fields that clients send and that mean nothing here are refused, rather than taken and named
     *     in the answer ({@code PARLEY_STRICT_REQUESTS}, false)
     * @param stopAfter how long after its last reader has left an answer of {@code /api/chat} or {@code /agui} is stopped
     *     ({@code PARLEY_CHAT_STOP_AFTER}, {@code never}); empty: it goes on
     * @param files that come with messages: how long one may be ({@code PARLEY_MAX_FILE_BYTES}, 10 MiB), how many a message may
     *     have ({@code PARLEY_MAX_ATTACHMENTS}, 16) and all messages of a request together
     *     ({@code PARLEY_MAX_REQUEST_ATTACHMENTS}, 500), and how long the body of a request that has some within it
     *     ({@code PARLEY_MAX_INLINE_BYTES}, 32 MiB); none more than what it is part of
     */
    public record Clients(Optional<String> model, boolean strict, Optional<Duration> stopAfter, FileLimits files) {}

    private static final String ORIGINS = "PARLEY_CORS_ORIGINS";
    private static final Pattern ORIGIN = Pattern.compile("https?://[A-Za-z0-9.-]+(:\\d{1,5})?|\\*");

    private static final String HOST = "PARLEY_HTTP_HOST";
    private static final String KEYS = "PARLEY_API_KEYS";
    private static final int MIN_KEY_CHARS = 8;
    private static final String STOP_AFTER = "PARLEY_CHAT_STOP_AFTER";
    private static final String NEVER = "never";
    private static final String MAX_REQUEST_BYTES = "PARLEY_MAX_REQUEST_BYTES";
    private static final String MAX_ATTACHMENTS = "PARLEY_MAX_ATTACHMENTS";
    private static final String MAX_REQUEST_ATTACHMENTS = "PARLEY_MAX_REQUEST_ATTACHMENTS";
    private static final int MOST_FILE_BYTES = 512 * 1024 * 1024;
    private static final int MOST_INLINE_BYTES = 1024 * 1024 * 1024;
    private static final int MOST_ATTACHMENTS = 1_000;
    private static final int MOST_REQUEST_ATTACHMENTS = 10_000;

    public static IngestSettings from(Settings settings) {
        String host = settings.string(HOST, "127.0.0.1");
        Map<Secret, String> keys = keys(settings);
        if (keys.isEmpty() && !isLoopback(host)) {
            settings.problem(
                    HOST,
                    "is " + host + ", which others can reach: set PARLEY_API_KEYS as well, or leave it at 127.0.0.1");
        }
        int maxBodyBytes =
                settings.integer(MAX_REQUEST_BYTES, 128 * 1024 * 1024, Documents.MAX_UPLOAD_BYTES, Integer.MAX_VALUE);
        return new IngestSettings(
                host,
                settings.port("PARLEY_HTTP_PORT", 8080),
                keys,
                settings.integer("PARLEY_MAX_REQUESTS", 2000, 1, 1_000_000),
                maxBodyBytes,
                origins(settings, keys.isEmpty()),
                WorkspaceKey.defaultWorkspace(settings),
                new Clients(
                        settings.string("PARLEY_LLM_MODEL"),
                        settings.flag("PARLEY_STRICT_REQUESTS", false),
                        stopAfter(settings),
                        files(settings, maxBodyBytes)));
    }

    private static FileLimits files(Settings settings, int maxBodyBytes) {
        FileLimits usual = FileLimits.USUAL;
        int perMessage = settings.integer(MAX_ATTACHMENTS, usual.perMessage(), 0, MOST_ATTACHMENTS);
        int perRequest = settings.integer(
                MAX_REQUEST_ATTACHMENTS, Math.max(usual.perRequest(), perMessage), 0, MOST_REQUEST_ATTACHMENTS);
        if (perMessage > perRequest) {
            settings.problem(MAX_ATTACHMENTS, "must not be more than " + MAX_REQUEST_ATTACHMENTS);
        }
        return new FileLimits(
                bytesWithin(maxBodyBytes, settings, "PARLEY_MAX_FILE_BYTES", usual.fileBytes(), MOST_FILE_BYTES),
                perMessage,
                perRequest,
                bytesWithin(maxBodyBytes, settings, "PARLEY_MAX_INLINE_BYTES", usual.bodyBytes(), MOST_INLINE_BYTES));
    }

    /** More than what all bodies may have would never be let in. */
    private static int bytesWithin(int all, Settings settings, String key, int usual, int most) {
        int bytes = settings.integer(key, Math.min(usual, all), 1, most);
        if (bytes > all) {
            settings.problem(key, "must not be more than " + MAX_REQUEST_BYTES);
        }
        return bytes;
    }

    private static Optional<Duration> stopAfter(Settings settings) {
        return settings.string(STOP_AFTER)
                .filter(text -> !text.equals(NEVER))
                .map(text -> settings.duration(STOP_AFTER, Duration.ZERO));
    }

    private static List<String> origins(Settings settings, boolean open) {
        List<String> origins = settings.list(ORIGINS);
        for (String origin : origins) {
            if (!ORIGIN.matcher(origin).matches()) {
                settings.problem(ORIGINS, "holds '" + origin + "', which is not like https://app.example.com");
            } else if (origin.equals(Cors.ANY_ORIGIN) && open) {
                settings.problem(
                        ORIGINS,
                        "is *, which would let any web page in: set PARLEY_API_KEYS as well, or name the pages");
            }
        }
        return origins;
    }

    private static Map<Secret, String> keys(Settings settings) {
        Map<Secret, String> keys = new LinkedHashMap<>();
        for (String entry : settings.list(KEYS)) {
            int equals = entry.indexOf('=');
            String tenant = equals < 0 ? ConversationKey.DEFAULT_TENANT : entry.substring(0, equals);
            String key = entry.substring(equals + 1);
            if (!ConversationKey.isTenant(tenant)) {
                settings.problem(
                        KEYS,
                        "names a tenant that is not 1 to 64 of A-Z a-z 0-9 . _ - (before a key that itself has a '=',"
                                + " write default=)");
            } else if (key.length() < MIN_KEY_CHARS) {
                settings.problem(KEYS, "holds a key of less than " + MIN_KEY_CHARS + " characters");
            } else if (!tenant.equals(keys.getOrDefault(new Secret(key), tenant))) {
                settings.problem(KEYS, "gives one key to two tenants");
            } else {
                keys.put(new Secret(key), tenant);
            }
        }
        return keys;
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
