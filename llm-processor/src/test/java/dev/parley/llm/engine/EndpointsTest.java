package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.llm.engine.Endpoints.Choice;
import dev.parley.llm.engine.Fakes.Told;
import dev.parley.llm.model.Model.Outcome;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndpointsTest {

    private final List<CircuitBreaker> breakers = new ArrayList<>();

    private Endpoints endpoints(int count, int concurrency) {
        List<Endpoint> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            CircuitBreaker breaker = CircuitBreaker.ofDefaults("e" + i);
            breakers.add(breaker);
            all.add(new Endpoint(
                    "engine",
                    "http://e" + i + "/v1",
                    new Told("m", sink -> new Outcome.Finished("stop")),
                    concurrency,
                    breaker,
                    new SimpleMeterRegistry()));
        }
        return new Endpoints(all);
    }

    private static Endpoint taken(Choice choice) {
        return ((Choice.Taken) choice).endpoint();
    }

    private static Endpoint choose(Endpoints endpoints, String key) {
        return taken(endpoints.choose(key, Set.of(), false));
    }

    @Test
    void aConversationKeepsItsEndpoint() {
        for (int key = 0; key < 50; key++) {
            String conversation = "t/c" + key;
            assertThat(choose(endpoints(4, 10), conversation).address())
                    .isEqualTo(choose(endpoints(4, 10), conversation).address());
        }
    }

    @Test
    void noEndpointCarriesMuchMoreThanItsShare() {
        Endpoints endpoints = endpoints(4, 1_000);
        for (int i = 0; i < 400; i++) {
            choose(endpoints, "t/one-conversation");

            double average = endpoints.all().stream()
                    .mapToInt(Endpoint::inFlight)
                    .average()
                    .orElseThrow();
            assertThat(endpoints.all())
                    .allSatisfy(endpoint ->
                            assertThat((double) endpoint.inFlight()).isLessThanOrEqualTo(1.25 * average + 2));
        }
    }

    @Test
    void endpointsAtRestDoNotCountAmongThoseThatShare() {
        Endpoints endpoints = endpoints(3, 1_000);
        breakers.getFirst().transitionToOpenState();
        for (int i = 0; i < 400; i++) {
            choose(endpoints, "t/one-conversation");
        }

        assertThat(endpoints.all().stream().map(Endpoint::inFlight).sorted())
                .satisfiesExactly(
                        rests -> assertThat(rests).isZero(),
                        less -> assertThat(less).isBetween(145, 155),
                        more -> assertThat(more).isBetween(245, 255));
    }

    @Test
    void whoIsAloneTakesAllItMay() {
        Endpoints endpoints = endpoints(1, 3);
        for (int i = 0; i < 3; i++) {
            choose(endpoints, "t/c" + i);
        }

        assertThat(endpoints.choose("t/c", Set.of(), false)).isInstanceOf(Choice.Full.class);
    }

    @Test
    void openBreakersAreTurnedAwayFromUnlessForced() {
        Endpoints endpoints = endpoints(2, 3);
        breakers.forEach(CircuitBreaker::transitionToOpenState);

        assertThat(endpoints.choose("t/c", Set.of(), false)).isInstanceOf(Choice.Open.class);
        assertThat(endpoints.all())
                .allSatisfy(endpoint -> assertThat(endpoint.inFlight()).isZero());
        assertThat(endpoints.choose("t/c", Set.of(), true)).isInstanceOf(Choice.Taken.class);
    }

    @Test
    void whatWasTriedIsNotChosenAgain() {
        Endpoints endpoints = endpoints(3, 3);
        Set<Endpoint> tried = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            assertThat(tried.add(taken(endpoints.choose("t/c", tried, false)))).isTrue();
        }

        assertThat(endpoints.choose("t/c", tried, false)).isInstanceOf(Choice.Exhausted.class);
    }
}
