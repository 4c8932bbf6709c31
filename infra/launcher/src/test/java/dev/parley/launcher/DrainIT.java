package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A front door that is told to end, as its proxy sees it. */
class DrainIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    @Test
    void isUnreadyFirstAndTakesRequestsUntilItsProxyHasSeenThat() throws Exception {
        int port = RoleProcess.freePort();
        try (ParleyUnderTest parley = ParleyUnderTest.startWithout(EnumSet.of(RoleName.INGEST));
                RoleProcess front = RoleProcess.start(
                        parley,
                        "ingest",
                        folder.resolve("front.log"),
                        Map.of("PARLEY_HTTP_PORT", Integer.toString(port), "PARLEY_DRAIN", "5s"))) {
            ApiClient api = new ApiClient("http://127.0.0.1:" + port);
            await().atMost(PATIENCE).until(front::isReady);

            front.askToEnd();

            await().atMost(PATIENCE).until(() -> api.get("/health/ready").status() == 503);
            assertThat(api.get("/health/ready").body().path("roles").toString()).contains("is about to end");
            assertThat(api.get("/health/live").status()).isEqualTo(200);
            String conversation = api.conversation();
            assertThat(api.ask(conversation, Map.of("content", "Still there?"))
                            .path("turnId")
                            .asText())
                    .isNotEmpty();
            assertThat(front.awaitEnd()).isEqualTo(128 + 15);
        }
    }
}
