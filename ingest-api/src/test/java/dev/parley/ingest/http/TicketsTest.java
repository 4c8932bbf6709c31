package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.settings.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TicketsTest {

    private static final List<Secret> KEYS = List.of(new Secret("key-one-1"), new Secret("key-two-2"));

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Tickets tickets = new Tickets(KEYS, () -> now);

    @Test
    void aTicketServesItsTenantOnce() {
        Tickets.Ticket one = tickets.issue("acme");
        Tickets.Ticket two = tickets.issue("a.b_c-d");

        assertThat(tickets.redeem(two.text())).contains("a.b_c-d");
        assertThat(tickets.redeem(one.text())).contains("acme");
        assertThat(tickets.redeem(one.text())).isEmpty();
        assertThat(tickets.redeem(two.text())).isEmpty();
    }

    @Test
    void noTwoTicketsAreAlike() {
        assertThat(tickets.issue("acme").text())
                .isNotEqualTo(tickets.issue("acme").text());
    }

    @Test
    void aTicketServesUntilItExpires() {
        Tickets.Ticket used = tickets.issue("acme");
        Tickets.Ticket unused = tickets.issue("acme");
        assertThat(used.expiresAt()).isEqualTo(now.plus(Tickets.LIFETIME));

        now = used.expiresAt();
        assertThat(tickets.redeem(used.text())).contains("acme");
        assertThat(tickets.redeem(used.text())).isEmpty();

        now = now.plusMillis(1);
        assertThat(tickets.redeem(used.text())).isEmpty();
        assertThat(tickets.redeem(unused.text())).isEmpty();
        now = now.plus(Duration.ofDays(1));
        assertThat(tickets.redeem(used.text())).isEmpty();
    }

    @Test
    void aNodeWithTheSameKeysTakesItInWhateverOrderTheyAre() {
        Tickets another = new Tickets(KEYS.reversed(), () -> now);

        assertThat(another.redeem(tickets.issue("acme").text())).contains("acme");
    }

    @Test
    void aServerWithOtherKeysDoesNot() {
        for (List<Secret> keys : List.of(
                List.<Secret>of(),
                List.of(new Secret("key-one-1")),
                List.of(new Secret("key-one-1k"), new Secret("ey-two-2")),
                List.of(new Secret("key-one-1\u0000key-two-2x")))) {
            assertThat(new Tickets(keys, () -> now).redeem(tickets.issue("acme").text()))
                    .isEmpty();
        }
    }

    @Test
    void whatIsForgedIsNoTicket() {
        String ticket = tickets.issue("acme").text();
        String[] parts = ticket.split("\\.", -1);
        String other = Base64.getUrlEncoder().withoutPadding().encodeToString("other".getBytes(StandardCharsets.UTF_8));
        String later = Long.toString(Long.parseLong(parts[1]) + 1);

        for (String forged : List.of(
                String.join(".", other, parts[1], parts[2], parts[3]),
                String.join(".", parts[0], later, parts[2], parts[3]),
                String.join(".", parts[0], parts[1], "AAAAAAAAAAAAAAAA", parts[3]),
                String.join(".", parts[0], parts[1], parts[2], "A" + parts[3]),
                String.join(".", parts[0], parts[1], parts[2]),
                String.join(".", parts[0], parts[1], parts[2], parts[3], parts[3]),
                ticket + ".",
                "." + ticket,
                ticket + "=",
                ticket + " ")) {
            assertThat(tickets.redeem(forged)).as(forged).isEmpty();
        }
        for (int i = 0; i < ticket.length(); i++) {
            char changed = ticket.charAt(i) == 'A' ? 'B' : 'A';
            String forged = ticket.substring(0, i) + changed + ticket.substring(i + 1);
            assertThat(tickets.redeem(forged)).as(forged).isEmpty();
        }
        assertThat(tickets.redeem(ticket)).contains("acme");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "...", "a", "a.b.c.d", "\u0000.1.\uD83D.x", "ticket", "null", "1.2.3.4.5.6"})
    void garbageIsNoTicket(String garbage) {
        assertThat(tickets.redeem(garbage)).isEmpty();
        assertThat(tickets.redeem(garbage.repeat(1000))).isEmpty();
    }
}
