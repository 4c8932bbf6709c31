package dev.parley.llm.model;

import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a model server asks not to be asked again: seconds, with a fraction or a unit that gateways add; or a date, in the
 * forms that HTTP allows and in ISO's. What is none of these says nothing.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#field.retry-after">RFC 9110: Retry-After</a>
 */
final class RetryAfter {

    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}(?:\\.\\d{1,9})?");
    private static final Pattern WITH_UNITS =
            Pattern.compile("(?:(\\d{1,3})h)?(?:(\\d{1,5})m)?(?:(\\d{1,9}(?:\\.\\d{1,9})?)s)?(?:(\\d{1,9})ms)?");
    private static final Pattern EPOCH_SECONDS = Pattern.compile("[1-9]\\d{9}");

    private static final List<DateTimeFormatter> DATES = List.of(
            DateTimeFormatter.RFC_1123_DATE_TIME,
            // Of a century that makes the date one of these years.
            new DateTimeFormatterBuilder()
                    .appendPattern("EEEE, dd-MMM-")
                    .appendValueReduced(ChronoField.YEAR, 2, 2, 2000)
                    .appendPattern(" HH:mm:ss 'GMT'")
                    .toFormatter(Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC),
            DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC),
            DateTimeFormatter.ISO_OFFSET_DATE_TIME);

    private RetryAfter() {}

    /**
     * What the head of an answer says: a date is understood by the server's own clock where it tells that, too.
     *
     * @param now by ours
     */
    static Optional<Duration> of(HttpHeaders headers, Instant now) {
        Optional<Duration> millis = headers.firstValue("retry-after-ms")
                .map(String::strip)
                .filter(value -> NUMBER.matcher(value).matches())
                .map(value -> millis(Double.parseDouble(value)));
        return millis.isPresent()
                ? millis
                : headers.firstValue("retry-after").flatMap(value -> {
                    Instant theirs =
                            headers.firstValue("date").flatMap(RetryAfter::date).orElse(now);
                    return time(value.strip())
                            .or(() -> date(value.strip()).map(date -> positive(Duration.between(theirs, date))));
                });
    }

    private static Optional<Duration> time(String value) {
        if (NUMBER.matcher(value).matches()) {
            return Optional.of(millis(Double.parseDouble(value) * 1000));
        }
        Matcher units = WITH_UNITS.matcher(value);
        if (value.isEmpty() || !units.matches()) {
            return Optional.empty();
        }
        return Optional.of(Duration.ofHours(number(units.group(1)))
                .plusMinutes(number(units.group(2)))
                .plus(millis(units.group(3) == null ? 0 : Double.parseDouble(units.group(3)) * 1000))
                .plusMillis(number(units.group(4))));
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    private static Duration millis(double millis) {
        return Duration.ofMillis((long) Math.ceil(millis));
    }

    private static Duration positive(Duration wait) {
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    private static Optional<Instant> date(String value) {
        if (EPOCH_SECONDS.matcher(value).matches()) {
            return Optional.of(Instant.ofEpochSecond(Long.parseLong(value)));
        }
        for (DateTimeFormatter form : DATES) {
            try {
                return Optional.of(Instant.from(form.parse(value)));
            } catch (DateTimeException e) {
                // In another form, then.
            }
        }
        return Optional.empty();
    }
}
