package dev.parley.faults.simulation;

import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.Usage;
import dev.parley.topologies.assembly.AssemblyProcessor;
import dev.parley.topologies.assembly.AssemblySettings;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The assembly topology under at least once: its reports go out as they please, its stores come back from a crash at
 * different moments, and everything since the last commit is read again.
 */
final class AssemblyTask implements Actor {

    private final World world;
    private final Deque<Record<String, GenerationReport>> unsent = new ArrayDeque<>();
    private final SimulatedProcessor<GenerationReport> processor;
    private int nextChunk;
    private int nextControl;
    private int committedChunk;
    private int committedControl;

    AssemblyTask(World world, AssemblySettings settings) {
        this.world = world;
        this.processor = new SimulatedProcessor<>(
                AssemblyProcessor.STORES,
                () -> AssemblyProcessor.create(settings, world::wallClock, world::nanos, World.METERS),
                unsent::add);
    }

    @Override
    public boolean step() {
        if (world.strikes(world.faults().crashPerMille())) {
            crash();
            return true;
        }
        boolean worked = processOne();
        if (!worked) {
            return commit();
        }
        switch (world.random().nextInt(6)) {
            case 0 -> commit();
            case 1, 2, 3 -> send(unsent.size());
            default -> {}
        }
        return true;
    }

    private boolean processOne() {
        boolean chunk = nextChunk < world.chunks.size();
        boolean control = nextControl < world.controls.size();
        if (!chunk && !control) {
            return false;
        }
        if (chunk && (!control || world.random().nextBoolean())) {
            processor.process(world.chunks.get(nextChunk++));
        } else {
            processor.process(world.controls.get(nextControl++));
        }
        return true;
    }

    void punctuate() {
        processor.punctuate();
    }

    private boolean commit() {
        boolean any = !unsent.isEmpty() || committedChunk != nextChunk || committedControl != nextControl;
        send(unsent.size());
        processor.commit();
        committedChunk = nextChunk;
        committedControl = nextControl;
        return any;
    }

    private void send(int count) {
        for (int i = 0; i < count; i++) {
            Record<String, GenerationReport> report = unsent.removeFirst();
            world.append(world.results, report.key(), planted(report.value()));
        }
    }

    private void crash() {
        world.trace("assembly crashes");
        send(world.random().nextInt(unsent.size() + 1));
        unsent.clear();
        nextChunk = committedChunk;
        nextControl = committedControl;
        processor.crash(world.random());
    }

    private GenerationReport planted(GenerationReport report) {
        if (!(report.getBody() instanceof GenerationCompleted completed)) {
            return report;
        }
        List<Answer> others = world.invariants.answers(report.getGenerationId()).stream()
                .filter(answer ->
                        !answer.attemptId().equals(completed.getAttempt().getAttemptId()))
                .filter(answer -> !answer.text().isEmpty())
                .toList();
        if (others.isEmpty()) {
            return report;
        }
        if (world.plants(Plant.SPLICED_TEXT)) {
            String other = others.getFirst().text();
            String content = completed.getContent();
            return with(
                    report,
                    GenerationCompleted.newBuilder(completed)
                            .setContent(other.substring(0, (other.length() + 1) / 2)
                                    + content.substring(content.length() / 2))
                            .build());
        }
        if (world.plants(Plant.DOUBLED_USAGE)) {
            Usage usage = completed.getUsage();
            Usage other = others.getFirst().usage();
            return with(
                    report,
                    GenerationCompleted.newBuilder(completed)
                            .setUsage(new Usage(
                                    usage.getInputTokens() + other.getInputTokens(),
                                    usage.getOutputTokens() + other.getOutputTokens(),
                                    usage.getBasis(),
                                    null))
                            .build());
        }
        return report;
    }

    private static GenerationReport with(GenerationReport report, GenerationCompleted body) {
        return new GenerationReport(report.getReportId(), report.getGenerationId(), report.getTime(), body);
    }
}
