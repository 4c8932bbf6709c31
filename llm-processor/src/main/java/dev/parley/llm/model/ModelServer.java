package dev.parley.llm.model;

import dev.parley.schemas.settings.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Where a model server is and what to ask it for.
 *
 * @param baseUrl up to and including the version, such as {@code http://127.0.0.1:8000/v1}
 * @param model empty: the first that the server lists
 * @param firstTokenTimeout how long it may take until the first token, reasoning and tool calls included
 * @param idleTimeout how long the stream may be without another after that
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

    /** {@code failed} without the key, which some servers repeat in what they say about it. */
    Model.Outcome.Failed withoutKey(Model.Outcome.Failed failed) {
        return apiKey.map(key -> new Model.Outcome.Failed(
                        failed.code(), failed.detail().replace(key.reveal(), "***"), failed.retryAfter()))
                .orElse(failed);
    }
}
