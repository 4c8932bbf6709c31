package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** What readers of requests do not take. */
public final class Refusals {

    private Refusals() {}

    /** Has {@code reading} be refused for its field {@code field}. */
    public static void expect(Runnable reading, String field) {
        ProblemException problem = catchThrowableOfType(ProblemException.class, reading::run);
        assertThat(problem).isNotNull();
        assertThat(problem.field()).as(problem.getMessage()).contains(field);
    }
}
