package dev.parley.topologies;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataflowPageTest {

    @ParameterizedTest
    @ValueSource(strings = {"conversation", "routing", "assembly"})
    void thePageShowsTheFlowAsItIs(String topology) throws IOException {
        String golden = Files.readString(Path.of("src/test/resources/golden", topology + ".txt"));

        assertThat(Files.readString(Path.of("..", "docs", "dataflow.md"))).contains(golden.strip());
    }
}
