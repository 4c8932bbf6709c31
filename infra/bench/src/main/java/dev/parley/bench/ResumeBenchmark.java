package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.faults.EventStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * How soon a client that was cut off reads on. Streams of running answers are cut at random frames; after a random pause, in
 * which the answer goes on, the client comes back with its cursor: the time is from connecting to the first frame that it
 * missed. The answers, put together over the cuts, must be exactly what was answered.
 */
final class ResumeBenchmark {

    /**
     * How much.
     *
     * @param streams how many answers run at the same time
     */
    record Plan(int answers, int cuts, int streams, int warmUp, long seed) {}

    /** Long enough that something is missed: the model's answers have a token each 20 ms. */
    private static final int SHORTEST_PAUSE_MILLIS = 60;

    private static final int LONGEST_PAUSE_MILLIS = 300;

    private final Api api;
    private final Plan plan;
    private final Consumer<String> progress;

    ResumeBenchmark(Api api, Plan plan, Consumer<String> progress) {
        this.api = api;
        this.plan = plan;
        this.progress = progress;
    }

    private record Cut(List<Double> resumeMillis, String text, boolean cutShort) {}

    Report run() throws InterruptedException {
        Random random = new Random(plan.seed());
        progress.accept("warming up");
        answers(plan.warmUp(), random);
        progress.accept("cutting");
        List<Cut> answers = answers(plan.answers(), random);
        List<Double> millis =
                answers.stream().flatMap(cut -> cut.resumeMillis().stream()).toList();
        String whole = answers.getFirst().text();
        long exact =
                answers.stream().filter(answer -> answer.text().equals(whole)).count();
        return new Report("resume")
                .with("seed", plan.seed())
                .with("answers", plan.answers())
                .with("cuts an answer", plan.cuts())
                .with("streams", plan.streams())
                .add(Figure.of("reconnect to the first missed frame, p50", "ms", Quantiles.median(millis)))
                .add(Figure.of("reconnect to the first missed frame, p99", "ms", Quantiles.of(millis, 0.99))
                        .atMost(100))
                .add(Figure.of("reconnect to the first missed frame, longest", "ms", Quantiles.of(millis, 1)))
                .add(Figure.of("answers that are exact after their cuts", "%", 100.0 * exact / answers.size())
                        .atLeast(100))
                .counted("cuts, each read on from its cursor", millis.size())
                .add(Api.Answer.lost(answers.stream().filter(Cut::cutShort).count()))
                .counted("answers, put together over their cuts", answers.size());
    }

    private List<Cut> answers(int count, Random random) throws InterruptedException {
        List<Cut> answers = Collections.synchronizedList(new ArrayList<>());
        long[] seeds = random.longs(count).toArray();
        Together.run(plan.streams(), count, index -> answers.add(answer(new Random(seeds[index]))));
        return answers;
    }

    private Cut answer(Random random) throws IOException, InterruptedException {
        String conversation = api.conversation();
        Api.Transcript transcript = new Api.Transcript();
        List<Double> millis = new ArrayList<>();
        EventStream stream = api.events(conversation, Optional.of("0"));
        try {
            Api.Reply reply = api.ask(conversation, "Go.", java.util.Map.of());
            if (!reply.isAccepted()) {
                throw new IllegalStateException("not accepted: " + reply);
            }
            for (int cut = 0; cut < plan.cuts(); cut++) {
                // At any event: before the first token too.
                int frames = 1 + random.nextInt(cut == 0 ? 20 : 8);
                for (int i = 0; i < frames && !transcript.isCompleted(); i++) {
                    transcript.readOne(stream);
                }
                if (transcript.isCompleted()) {
                    break;
                }
                stream.close();
                Thread.sleep(random.nextInt(SHORTEST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS));
                // Before the first token nothing may have been missed: that is a wait for the model, and no resuming.
                boolean running = !transcript.times().isEmpty();
                long back = System.nanoTime();
                stream = api.events(conversation, Optional.of(transcript.cursor()));
                JsonNode first = transcript.readOne(stream);
                if (running && !first.isMissingNode()) {
                    millis.add((System.nanoTime() - back) / 1e6);
                }
            }
            transcript.readOn(stream);
        } finally {
            stream.close();
        }
        return new Cut(millis, transcript.text(), transcript.isCutShort());
    }
}
