package dev.parley.faults;

import dev.parley.faults.History.Ending;
import dev.parley.faults.Trial.Question;
import dev.parley.stack.scripted.Api;
import dev.parley.stack.scripted.Rudeness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A model server that plays the quirks of real ones, drawn for each call under the trial's seed. A turn may complete or fail,
 * as its calls come to; the checker knows of each call whether it said all of its text, and lets no other text pass.
 */
final class RudeModelFaults {

    private static final Duration PACE = Duration.ofMillis(20);

    /** The budget of a turn, which its attempts, their retries and what is found out from refusals share. */
    private static final int MOST_CALLS = 4;

    private static final int SHORT_WORDS = 40;
    private static final int LONG_WORDS = 200;

    /** A rude model may be silent to all that ask it, but not for long. */
    private static final Duration FOR_A_BUSY_ONE = Duration.ofSeconds(10);

    private RudeModelFaults() {}

    /** First with workers killed under it, then in peace: there, an answer that was sent whole is the last that is asked for. */
    static void modelRude(Trial trial) {
        Rudeness rudeness = new Rudeness(trial.chance().between(0, Integer.MAX_VALUE - 1));
        List<String> conversations = new ArrayList<>();
        int count = trial.chance().between(4, 6);
        for (int i = 0; i < count; i++) {
            String conversation = trial.conversation();
            conversations.add(conversation);
            Follower _ = trial.follow(conversation);
        }
        List<String> stormy = new ArrayList<>();
        int kills = trial.chance().between(1, 2);
        for (int i = 0; i < kills; i++) {
            stormy.addAll(ask(trial, rudeness, conversations));
            kill(trial);
            stormy.addAll(ask(trial, rudeness, conversations));
        }
        stormy.forEach(turn -> trial.await(
                "the end of a turn with a rude model", Duration.ofMinutes(2), () -> trial.hasBeenSeenToEnd(turn)));
        List<String> asks = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            for (String conversation : conversations) {
                Question question = question(trial, rudeness, conversation, SHORT_WORDS);
                asks.add(question.ask());
                var _ = trial.sendUntilAcknowledged(question, trial.chance().between(0, 1));
            }
        }
        trial.atRest(() -> asks.forEach(ask -> {
            int calls = trial.model().callsOf(ask);
            trial.count("calls of a rude model in peace", calls);
            trial.expect(calls <= MOST_CALLS, ask + " was asked " + calls + " times");
            trial.model()
                    .wasted(ask)
                    .forEach(quirks ->
                            trial.fail("scenario", ask + " was asked again after a whole answer with " + quirks));
        }));
    }

    /** A question each, whose answer takes its time. */
    private static List<String> ask(Trial trial, Rudeness rudeness, List<String> conversations) {
        List<String> turns = new ArrayList<>();
        for (String conversation : conversations) {
            Question question = question(trial, rudeness, conversation, LONG_WORDS);
            turns.add(trial.sendUntilAcknowledged(question, trial.chance().between(0, 1))
                    .turnId());
        }
        return turns;
    }

    private static Question question(Trial trial, Rudeness rudeness, String conversation, int mostWords) {
        int words = trial.chance().between(3, mostWords);
        String ask = trial.name("rude");
        trial.count("questions to a rude model");
        return new Question(
                conversation,
                "key-" + ask,
                ask,
                trial.model()
                        .ask(
                                ask,
                                call -> Model.words(ask, call, words)
                                        .pacedAt(PACE)
                                        .with(rudeness.next(Api.CHAT_COMPLETIONS, false))),
                Set.of(Ending.COMPLETED, Ending.FAILED),
                Set.of());
    }

    private static void kill(Trial trial) {
        JavaProcess worker;
        try {
            worker = ProcessFaults.busyWorker(trial, FOR_A_BUSY_ONE);
        } catch (Trial.TimedOutException e) {
            return; // All turns were over before there was anything to kill.
        }
        worker.kill();
        trial.count("kills -9 of a worker that generated");
        trial.chance().pauseMillis(0, 2_000);
        worker.start();
    }
}
