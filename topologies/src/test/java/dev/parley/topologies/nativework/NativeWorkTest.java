package dev.parley.topologies.nativework;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.topologies.nativework.NativeWork.ProcessEndsException;
import dev.parley.topologies.nativework.NativeWork.Section;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NativeWorkTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    private final NativeWork work = new NativeWork();

    @Test
    void isFinishedAtOnceWhereNothingIsUnderWay() throws Exception {
        work.begin("a run").close();

        assertThat(work.finish(LONG)).isEmpty();
    }

    @Test
    void waitsForAllThatIsUnderWay() throws Exception {
        Section load = work.begin("a load");
        Section run = work.begin("a run");
        CompletableFuture<List<String>> left = finishing(LONG);

        load.close();
        assertThat(left).isNotDone();
        run.close();

        assertThat(left.get(1, TimeUnit.MINUTES)).isEmpty();
    }

    @Test
    void namesWhatDoesNotEnd() throws Exception {
        work.begin("a load");
        work.begin("a run").close();
        work.begin("a store");

        assertThat(work.finish(Duration.ofMillis(1))).containsExactly("a load", "a store");
    }

    @Test
    void beginsNothingOnceTheProcessEnds() throws Exception {
        Section load = work.begin("a load");
        CompletableFuture<List<String>> left = finishing(LONG);

        assertThatThrownBy(() -> work.begin("a run"))
                .isInstanceOf(ProcessEndsException.class)
                .hasMessageContaining("a run");
        load.close();
        assertThat(left.get(1, TimeUnit.MINUTES)).isEmpty();
    }

    @Test
    void aSectionEndsOnce() throws Exception {
        Section first = work.begin("a run");
        work.begin("a run");
        first.close();
        first.close();

        assertThat(work.finish(Duration.ofMillis(1))).containsExactly("a run");
    }

    /** Returns once the gate is closed and the waiting has begun. */
    private CompletableFuture<List<String>> finishing(Duration limit) {
        CompletableFuture<List<String>> left = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                left.complete(work.finish(limit));
            } catch (InterruptedException e) {
                left.completeExceptionally(e);
            }
        });
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        return left;
    }
}
