package dev.parley.llm.model;

import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * How long a model server asks not to be asked again.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#field.retry-after">RFC 9110: Retry-After</a>
 */
final class RetryAfter {

    private static final String SECONDS = "\\d{1,9}(\\.\\d{1,9})?";

    private RetryAfter() {}

    /**
     * What the head of an answer says: a date is understood by the server's own clock where it tells that, too.
     *
     * @param now by ours
     */
    static Optional<Duration> of(HttpHeaders headers, Instant now) {
        Optional<Duration> millis = headers.firstValue("retry-after-ms")
                .map(String::strip)
                .filter(value -> value.matches(SECONDS))
                .map(value -> Duration.ofMillis((long) Math.ceil(Double.parseDouble(value))));
        return millis.isPresent()
                ? millis
                : headers.firstValue("retry-after").map(String::strip).flatMap(value -> {
                    if (value.matches(SECONDS)) {
                        return Optional.of(Duration.ofMillis((long) Math.ceil(Double.parseDouble(value) * 1000)));
                    }
                    Instant theirs =
                            headers.firstValue("date").flatMap(RetryAfter::date).orElse(now);
                    return date(value)
                            .map(date -> Duration.between(theirs, date))
                            .map(RetryAfter::positive);
                });
    }

    private static Duration positive(Duration wait) {
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    private static Optional<Instant> date(String value) {
        try {
            return Optional.of(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(value.strip())));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
