package dev.parley.topologies;

import dev.parley.schemas.settings.Settings;
import dev.parley.topologies.assembly.AssemblySettings;
import dev.parley.topologies.conversation.ConversationSettings;
import dev.parley.topologies.indexing.IndexingSettings;
import dev.parley.topologies.preparing.RoutingSettings;
import java.nio.file.Path;

/**
 * How the Streams applications run.
 *
 * @param stateDir where their stores lie ({@code PARLEY_STATE_DIR}, {@code .parley/streams}); losing it costs a restore
 *     from the changelogs, nothing else
 * @param threads of each application ({@code PARLEY_STREAM_THREADS}, 1)
 */
public record TopologySettings(
        Path stateDir,
        int threads,
        ConversationSettings conversation,
        RoutingSettings routing,
        AssemblySettings assembly,
        IndexingSettings indexing) {

    public static TopologySettings from(Settings settings) {
        return new TopologySettings(
                Path.of(settings.string("PARLEY_STATE_DIR", ".parley/streams")),
                settings.integer("PARLEY_STREAM_THREADS", 1, 1, 64),
                ConversationSettings.from(settings),
                RoutingSettings.from(settings),
                AssemblySettings.from(settings),
                IndexingSettings.from(settings));
    }
}
