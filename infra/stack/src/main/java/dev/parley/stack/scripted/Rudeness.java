package dev.parley.stack.scripted;

import dev.parley.stack.scripted.Quirk.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Draws quirks for one request after the other, under a seed. Most requests get one, some get another on top of it, and a
 * fifth of them none. What cannot be told from the text alone is not drawn, nor are calls where no tools are offered.
 * Thread-safe; which request is the first is the callers' doing.
 */
public final class Rudeness {

    private static final int PLAIN_PERCENT = 20;
    private static final int MILD_PERCENT = 65;
    private static final int FRAMED_PERCENT = 30;

    private final Random random;

    public Rudeness(long seed) {
        // Mixed, since neighbouring seeds of a Random begin with nearly the same numbers.
        this.random = new Random(new SplittableRandom(seed).nextLong());
    }

    /** The quirks of the next request. */
    public List<Quirk> next(ModelRequest request) {
        return next(request.api(), !request.tools().isEmpty());
    }

    /**
     * The quirks of the next request.
     *
     * @param tools whether the request offers tools
     */
    public synchronized List<Quirk> next(Api api, boolean tools) {
        List<Quirk> drawn = new ArrayList<>();
        if (random.nextInt(100) < PLAIN_PERCENT) {
            return drawn;
        }
        boolean mild = random.nextInt(100) < MILD_PERCENT;
        drawn.add(one(Quirk.catalogue().stream()
                .filter(quirk -> quirk.apis().contains(api)
                        && quirk.result() != Result.ELSEWHERE
                        && (tools || !quirk.calls())
                        && isMild(quirk) == mild)
                .toList()));
        if (random.nextInt(100) < FRAMED_PERCENT) {
            drawn.add(one(Quirk.catalogue().stream()
                    .filter(quirk -> quirk instanceof FramingQuirk
                            && quirk.apis().contains(api)
                            && quirk.result() == Result.WHOLE)
                    .toList()));
        }
        return List.copyOf(drawn);
    }

    private Quirk one(List<Quirk> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static boolean isMild(Quirk quirk) {
        return switch (quirk.result()) {
            case WHOLE, EITHER -> true;
            case ELSEWHERE, FAILED, REFUSED, BROKEN, SILENT -> false;
        };
    }
}
