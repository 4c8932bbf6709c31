package dev.parley.launcher;

import dev.parley.stack.scripted.Script;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The page in a real browser, against the whole pipeline. The tests themselves are in {@code infra/clients/test}. */
class WebPageIT {

    private static final Duration LIMIT = Duration.ofMinutes(5);

    /** Slow enough that a reader can do something in mid-answer, on a busy machine too. */
    private static final int WORDS = 160;

    private static final Duration PACE = Duration.ofMillis(30);

    @Test
    void readersGetEveryWordWhateverTheyDo() {
        String model = "scripted-%dx%dms".formatted(WORDS, PACE.toMillis());
        try (ParleyUnderTest parley = ParleyUnderTest.startWithModel(model)) {
            NodeTests.pass(
                    LIMIT,
                    Map.of(
                            "PARLEY_URL",
                            parley.url(),
                            "PARLEY_ANSWER",
                            Script.numbered(WORDS, PACE).fullText()),
                    "test/page.test.mjs");
        }
    }

    @Test
    void hostileTextIsOnlyTextAndSourcesLeadToTheirDocuments() {
        try (ParleyUnderTest parley = ParleyUnderTest.start()) {
            parley.model().answerWith(request -> Script.text(request.lastUserText()));

            NodeTests.pass(LIMIT, Map.of("PARLEY_URL", parley.url()), "test/hostile.test.mjs", "test/sources.test.mjs");
        }
    }
}
