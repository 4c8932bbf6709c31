package dev.parley.llm.model;

import dev.parley.schemas.config.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Where a model server is and what to ask it for.
 *
 * @param baseUrl up to and including the version, such as {@code http://127.0.0.1:8000/v1}
 * @param model empty: the first that the server lists
 * @param firstTokenTimeout how long the answer's beginning may take
 * @param idleTimeout how long the stream may be silent after that
 */
public record ModelServer(
        URI baseUrl,
        Optional<String> model,
        Optional<Secret> apiKey,
        Duration firstTokenTimeout,
        Duration idleTimeout) {

    /** The base URL for people and records to read: without a user's name and password. */
    public String address() {
        String userInfo = baseUrl.getRawUserInfo();
        return userInfo == null ? baseUrl.toString() : baseUrl.toString().replace(userInfo + "@", "");
    }
}
