package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RendezvousTest {

    private static final List<String> PLACES = List.of("http://a/v1", "http://b/v1", "http://c/v1", "http://d/v1");
    private static final int KEYS = 10_000;

    private static String first(int key, List<String> places) {
        return Rendezvous.ranked("t/conversation-" + key, places, Function.identity())
                .getFirst();
    }

    @Test
    void keysAreSpreadEvenly() {
        Map<String, Long> shares = IntStream.range(0, KEYS)
                .boxed()
                .collect(Collectors.groupingBy(key -> first(key, PLACES), Collectors.counting()));

        assertThat(shares)
                .hasSize(4)
                .allSatisfy((place, keys) -> assertThat(keys).isBetween(2_200L, 2_800L));
    }

    @Test
    void onlyTheKeysOfAPlaceThatGoesMoveAndTheyMoveEvenly() {
        List<String> left = PLACES.subList(0, 3);
        Map<String, Integer> moved = new HashMap<>();
        for (int key = 0; key < KEYS; key++) {
            String before = first(key, PLACES);
            String after = first(key, left);
            if (before.equals(PLACES.getLast())) {
                moved.merge(after, 1, Integer::sum);
            } else {
                assertThat(after).isEqualTo(before);
            }
        }

        assertThat(moved)
                .hasSize(3)
                .allSatisfy((place, keys) -> assertThat(keys).isBetween(650, 1_050));
    }

    @Test
    void theOrderOfPlacesDoesNotMatter() {
        for (int key = 0; key < 100; key++) {
            assertThat(first(key, PLACES.reversed())).isEqualTo(first(key, PLACES));
        }
    }
}
