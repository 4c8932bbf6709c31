package dev.parley.faults;

import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.Log;
import dev.parley.faults.History.ModelCall;
import dev.parley.faults.History.Outcome;
import dev.parley.faults.History.Submission;
import dev.parley.faults.History.Tables;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;

/** The end of a trial: when nothing moves any more in log, tables, followers and model, there is a history to be judged. */
final class Rest {

    /** Within which a trial comes to rest. */
    static final Duration LIMIT = Duration.ofMinutes(2);

    private static final Duration LOOK = Duration.ofMillis(200);

    private final Deeds deeds;
    private final LogReader log;
    private final TableReader tables;

    Rest(Deeds deeds, LogReader log, TableReader tables) {
        this.deeds = deeds;
        this.log = log;
        this.tables = tables;
    }

    /** All that happened, once it is over; {@code otherwise} is told what is not over at the limit. */
    History await(Consumer<String> otherwise) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        String restless = "";
        while (System.nanoTime() < deadline) {
            try {
                log.readOn();
                Log own = deeds.own(log.log());
                Optional<String> moving = moving(own);
                if (moving.isEmpty()) {
                    Tables read = tables.read(deeds.conversations());
                    boolean folded = read.events().size() >= own.events().size();
                    if (folded && !log.readOn()) {
                        return deeds.with(own, read);
                    }
                    restless = folded ? "the log moves" : "the tables are behind";
                } else {
                    restless = moving.get();
                }
            } catch (SQLException | KafkaException e) {
                restless = e.toString();
            }
            Cluster.pause(LOOK);
        }
        otherwise.accept("not at rest after " + LIMIT.toSeconds() + " s: " + restless);
        try {
            return deeds.with(deeds.own(log.log()), tables.read(deeds.conversations()));
        } catch (SQLException e) {
            return deeds.with(deeds.own(log.log()), new Tables(List.of(), List.of(), List.of(), List.of()));
        }
    }

    /** What is not over yet. */
    private Optional<String> moving(Log own) {
        LogIndex index = new LogIndex(new Log(own.events(), List.of(), List.of()));
        return undecided(own.events(), index)
                .or(() -> deeds.followers().stream()
                        .map(follower -> behind(follower, index))
                        .flatMap(Optional::stream)
                        .findFirst())
                .or(() -> unburied(own))
                .or(() -> deeds.model().calls().stream()
                        .filter(ModelCall::open)
                        .findFirst()
                        .map(call -> "call " + call.number() + " of " + call.ask() + " goes on"));
    }

    /** A turn without an end, or a message that was acknowledged and is not in the log. */
    private Optional<String> undecided(List<Event> events, LogIndex index) {
        Set<String> decided = new HashSet<>();
        for (Event event : events) {
            switch (event.event().getBody()) {
                case MessageAccepted accepted -> {
                    decided.add(accepted.getMessageId());
                    if (index.end(String.valueOf(event.event().getTurnId())).isEmpty()) {
                        return Optional.of("turn " + event.event().getTurnId() + " has no end");
                    }
                }
                case MessageRejected rejected -> decided.add(rejected.getMessageId());
                default -> {}
            }
        }
        return deeds.submissions().stream()
                .filter(submission -> submission.outcome() instanceof Outcome.Acknowledged)
                .map(Submission::messageId)
                .filter(message -> !decided.contains(message))
                .findFirst()
                .map(message -> "message " + message + " is not decided");
    }

    private static Optional<String> behind(Follower follower, LogIndex index) {
        List<Event> its = index.events(follower.conversation());
        if (follower.followsWithCursor()
                && !its.isEmpty()
                && !follower.hasSeen(its.getLast().event().getSequence())) {
            return Optional.of(follower + " has not seen everything");
        }
        for (Event event : its) {
            String turn = event.event().getTurnId();
            if (turn != null
                    && index.end(turn).isPresent()
                    && index.generation(turn).isPresent()
                    && !follower.hasSeenEndOf(turn)) {
                return Optional.of(follower + " has not seen the end of " + turn);
            }
        }
        return Optional.empty();
    }

    private Optional<String> unburied(Log read) {
        int due = deeds.poison().size();
        return read.deadLetters().size() < due
                ? Optional.of(read.deadLetters().size() + " dead letters of " + due)
                : Optional.empty();
    }
}
