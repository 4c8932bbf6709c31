package dev.parley.ingest.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Runs the tests of the page's pure parts, which are written in its own language. */
class WebPageTest {

    @Test
    void thePagesOwnTestsPass() throws IOException, InterruptedException {
        Process node = new ProcessBuilder("node", "--test", "src/test/js/")
                .redirectErrorStream(true)
                .start();
        String printed = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(node.waitFor()).as(printed).isZero();
        assertThat(printed).containsPattern("pass [1-9]").contains("fail 0");
    }
}
