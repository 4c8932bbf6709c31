package dev.parley.ingest.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is served of the web page. */
class PageFilesTest {

    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest door;

    @BeforeAll
    static void start() {
        door = DoorUnderTest.start();
    }

    @AfterAll
    static void stop() {
        door.close();
    }

    @Test
    void thePageIsServedAndRevalidated() {
        Reply page = door.get("/");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).startsWith("text/html");
        assertThat(page.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(page.text()).contains("<title>Parley</title>");

        Reply script = door.get("/js/main.js");
        assertThat(script.header("Content-Type")).contains("javascript");
        assertThat(script.header("ETag") + script.header("Last-Modified")).isNotBlank();
        Reply unchanged = script.header("ETag").isEmpty()
                ? door.get("/js/main.js", "If-Modified-Since", script.header("Last-Modified"))
                : door.get("/js/main.js", "If-None-Match", script.header("ETag"));
        assertThat(unchanged.status()).isEqualTo(304);
    }

    @Test
    void nothingBesideThePageIsServed() {
        for (String path : new String[] {"/js/", "/js", "/web/index.html", "/dev/parley/ingest/Door.class"}) {
            assertThat(door.get(path).status()).as(path).isBetween(400, 499);
        }
    }
}
