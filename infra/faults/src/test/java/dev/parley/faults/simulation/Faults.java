package dev.parley.faults.simulation;

import java.util.random.RandomGenerator;

/**
 * How likely what goes wrong is, each in a thousand steps of whom it concerns. Drawn anew for each run, many of them 0: what
 * hides behind one fault shows where that one is absent.
 */
record Faults(
        int crashPerMille,
        int killPerMille,
        int stallPerMille,
        int cutPerMille,
        int restartPerMille,
        int archiveOutagePerMille,
        int clockJumpPerMille) {

    static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0, 0);

    static Faults of(RandomGenerator random) {
        return new Faults(
                sometimes(random, 40),
                sometimes(random, 30),
                sometimes(random, 30),
                sometimes(random, 250),
                sometimes(random, 30),
                sometimes(random, 60),
                sometimes(random, 30));
    }

    private static int sometimes(RandomGenerator random, int atMost) {
        return random.nextInt(3) == 0 ? 0 : random.nextInt(atMost + 1);
    }
}
