package dev.parley.faults.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Many runs of {@link World}, each under a seed of its own. {@code -Dparley.simulation.seeds=100000} runs more of them,
 * {@code -Dparley.simulation.seed=N} one of them again, every step printed.
 */
class SimulationTest {

    private static final int SEEDS = Integer.getInteger("parley.simulation.seeds", 2000);
    private static final long FIRST_SEED = Long.getLong("parley.simulation.first", 1);

    /** A planted fault must show within so many runs in which it was really there. */
    private static final int MAX_PLANTED = 60;

    private static final int MAX_STEPS_PRINTED = 4000;
    private static final Logger PARLEY = (Logger) LoggerFactory.getLogger("dev.parley");
    private static final Logger METERS = (Logger) LoggerFactory.getLogger("io.micrometer");
    private static final Level LEVEL = PARLEY.getEffectiveLevel();

    /** That workers are lost is the point here, and no news; nor is it that all runs have the same meters. */
    @BeforeAll
    static void quieten() {
        PARLEY.setLevel(Level.ERROR);
        METERS.setLevel(Level.ERROR);
    }

    @AfterAll
    static void speak() {
        PARLEY.setLevel(LEVEL);
        METERS.setLevel(null);
    }

    @Test
    void whateverGoesWrongTheInvariantsHold() {
        Long only = Long.getLong("parley.simulation.seed");
        if (only != null) {
            again(only, Plant.NONE).forEach(System.out::println);
            new World(only, Plant.NONE, false).run();
            return;
        }
        long began = System.nanoTime();
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            try {
                new World(seed, Plant.NONE, false).run();
            } catch (RuntimeException | AssertionError e) {
                List<String> steps = again(seed, Plant.NONE);
                steps.subList(Math.max(0, steps.size() - MAX_STEPS_PRINTED), steps.size())
                        .forEach(System.out::println);
                fail(
                        "seed " + seed + " (again: -Dtest=SimulationTest -Dparley.simulation.seed=" + seed + "): "
                                + e.getMessage(),
                        e);
            }
        }
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        System.out.printf(
                "%d seeds in %.1f s, %.0f a minute%n",
                SEEDS, took.toMillis() / 1e3, SEEDS * 60e3 / Math.max(1, took.toMillis()));
    }

    private static List<String> again(long seed, Plant plant) {
        World world = new World(seed, plant, true);
        try {
            world.run();
        } catch (RuntimeException | AssertionError e) {
            world.trace("FAILS: " + e);
        }
        return world.steps();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aPlantedFaultIsCaught(Plant plant) {
        int planted = 0;
        for (long seed = 1; planted < MAX_PLANTED; seed++) {
            World world = new World(seed, plant, false);
            try {
                world.run();
                planted += world.planted() ? 1 : 0;
            } catch (Violation e) {
                assertThat(world.planted())
                        .as("seed %d: %s", seed, e.getMessage())
                        .isTrue();
                return;
            }
        }
        fail(plant + " was there " + planted + " times, and nobody saw it");
    }

    @Test
    void aSeedDecidesEverything() {
        for (long seed = 1; seed <= 10; seed++) {
            assertThat(again(seed, Plant.NONE)).isEqualTo(again(seed, Plant.NONE));
        }
    }
}
