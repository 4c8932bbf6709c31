package dev.parley.topologies.conversation;

import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.work.WorkKinds;
import java.time.Duration;

/**
 * What bounds a conversation and its turns.
 *
 * @param historyTokens how much of the history goes into a prompt ({@code PARLEY_HISTORY_TOKENS}, 8000), estimated at four
 *     characters a token
 * @param unclaimedTimeout how long a request may wait for a worker ({@code PARLEY_UNCLAIMED_TIMEOUT}, 2 min)
 * @param turnTimeout how long one attempt may take in all ({@code PARLEY_TURN_TIMEOUT}, 10 min)
 * @param cancelTimeout how long a turn that was told to stop waits for what was said by then
 *     ({@code PARLEY_CANCEL_TIMEOUT}, 10 s)
 */
public record ConversationSettings(
        Rules rules, int historyTokens, Duration unclaimedTimeout, Duration turnTimeout, Duration cancelTimeout) {

    public static ConversationSettings from(Settings settings) {
        return new ConversationSettings(
                new Rules(
                        settings.integer("PARLEY_QUEUED_TURNS", 32, 0, 1000),
                        settings.integer("PARLEY_QUEUED_CHARS", 2_000_000, 0, 4_000_000),
                        WorkKinds.from(settings),
                        settings.integer("PARLEY_MAX_MODEL_CALLS", 4, 1, 100),
                        settings.duration("PARLEY_LONGEST_PAUSE", Duration.ofSeconds(20)),
                        WorkspaceKey.defaultWorkspace(settings)),
                settings.integer("PARLEY_HISTORY_TOKENS", 8000, 0, 10_000_000),
                settings.duration("PARLEY_UNCLAIMED_TIMEOUT", Duration.ofMinutes(2)),
                settings.duration("PARLEY_TURN_TIMEOUT", Duration.ofMinutes(10)),
                settings.duration("PARLEY_CANCEL_TIMEOUT", Duration.ofSeconds(10)));
    }
}
