package dev.parley.bench;

import dev.parley.schemas.settings.Settings;
import dev.parley.topologies.TopologySettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Utils;
import picocli.CommandLine.Command;

/** How well passages are found, with the model and the bounds that this environment gives to the topologies. */
@Command(
        name = "retrieval",
        description = "How well passages are found, by words, by meaning and by both.",
        mixinStandardHelpOptions = true)
final class RetrievalCommand extends Measurement {

    @Override
    Report measure(Consumer<String> progress) throws IOException {
        Settings settings = Settings.of(System.getenv());
        TopologySettings topologies = TopologySettings.from(settings);
        settings.check();
        Path folder = Files.createTempDirectory("parley-bench-");
        try {
            return new RetrievalBenchmark(
                            topologies.indexing().embedder(),
                            topologies.routing().minSimilarity(),
                            progress)
                    .run(folder);
        } finally {
            Utils.delete(folder.toFile());
        }
    }
}
