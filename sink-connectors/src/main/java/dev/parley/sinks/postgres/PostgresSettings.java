package dev.parley.sinks.postgres;

import dev.parley.schemas.settings.Secret;
import dev.parley.schemas.settings.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The database of the read model.
 *
 * @param jdbcUrl without user and password
 * @param schema in which the tables lie ({@code PARLEY_DATABASE_SCHEMA}, {@code parley})
 * @param connections that one process keeps at most ({@code PARLEY_DATABASE_CONNECTIONS}, 8)
 */
public record PostgresSettings(
        String jdbcUrl, Optional<String> user, Optional<Secret> password, String schema, int connections) {

    public static final String URL = "DATABASE_URL";

    /** Reads {@code DATABASE_URL}: {@code postgresql://user:password@host:port/database?parameters} or a JDBC URL. */
    public static PostgresSettings from(Settings settings) {
        String url = settings.string(URL).orElse("");
        String schema = settings.string("PARLEY_DATABASE_SCHEMA", "parley");
        if (!schema.matches("[a-z_][a-z0-9_]{0,62}")) {
            settings.problem("PARLEY_DATABASE_SCHEMA", "must be a plain lower-case name");
        }
        int connections = settings.integer("PARLEY_DATABASE_CONNECTIONS", 8, 2, 1000);
        if (url.startsWith("jdbc:postgresql:")) {
            return new PostgresSettings(url, Optional.empty(), Optional.empty(), schema, connections);
        }
        if (!url.startsWith("postgresql://") && !url.startsWith("postgres://")) {
            settings.problem(URL, "is missing or no Postgres URL: postgresql://user:password@host:port/database");
            return new PostgresSettings("jdbc:postgresql:", Optional.empty(), Optional.empty(), schema, connections);
        }
        try {
            URI uri = new URI(url);
            String userInfo = uri.getRawUserInfo();
            String[] parts = userInfo == null ? new String[0] : userInfo.split(":", 2);
            return new PostgresSettings(
                    "jdbc:postgresql://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort())
                            + uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()),
                    parts.length > 0 ? Optional.of(decoded(parts[0])) : Optional.empty(),
                    parts.length > 1 ? Optional.of(new Secret(decoded(parts[1]))) : Optional.empty(),
                    schema,
                    connections);
        } catch (URISyntaxException e) {
            settings.problem(URL, "is not a URL: postgresql://user:password@host:port/database");
            return new PostgresSettings("jdbc:postgresql:", Optional.empty(), Optional.empty(), schema, connections);
        }
    }

    /** The same with the tables elsewhere. */
    PostgresSettings in(String other) {
        return new PostgresSettings(jdbcUrl, user, password, other, connections);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** Hides the URL's parameters, since a password may be among them. */
    @Override
    public String toString() {
        int parameters = jdbcUrl.indexOf('?');
        return "PostgresSettings[" + (parameters < 0 ? jdbcUrl : jdbcUrl.substring(0, parameters)) + ", schema "
                + schema + "]";
    }
}
