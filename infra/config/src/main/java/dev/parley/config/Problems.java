package dev.parley.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what is wrong with one file, so that all of it is said together. */
final class Problems {

    /** Nobody mends more at once, and what is said must stay bounded. */
    private static final int MAX_SAID = 500;

    private final List<Problem> found = new ArrayList<>();
    private int unsaid;

    void add(int line, String key, String what) {
        if (found.size() < MAX_SAID) {
            found.add(new Problem(line, key, what));
        } else {
            unsaid++;
        }
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    /** In the order of the file. */
    List<Problem> inOrder() {
        List<Problem> all = new ArrayList<>(found);
        all.sort(Comparator.comparingInt(problem -> problem.line() == 0 ? Integer.MAX_VALUE : problem.line()));
        if (unsaid > 0) {
            all.add(new Problem(0, "", "and " + unsaid + " more"));
        }
        return all;
    }
}
