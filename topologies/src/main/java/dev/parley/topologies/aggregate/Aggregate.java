package dev.parley.topologies.aggregate;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * One kind of thing that is decided about, each under its record key and by one writer: what a topology has to know beyond
 * the {@linkplain AggregateProcessor machinery}. One instance a task, owned by its stream thread.
 *
 * <p>What is decided, told and awaited is a pure function of the arguments and of what is kept; only {@link #save} changes
 * anything.
 *
 * @param <S> its state, immutable
 * @param <I> what is decided on
 * @param <C> changes of its state, among them the events of its log
 * @param <O> what others are to do about a decision
 */
public interface Aggregate<S, I, C, O> {

    /** What a record that the intake let through gives to decide on. */
    Cause<I> cause(SpecificRecord record);

    /** The state under {@code key}; that of a thing that does not exist yet where nothing is kept. */
    S load(String key);

    /** Decides what {@code input} means; a decision without changes and orders says that it means nothing. */
    Decision<S, C, O> decide(String key, S state, I input, Instant now);

    /** Keeps what was decided. */
    void save(String key, Decision<S, C, O> decision);

    /**
     * What others are told of a decision that has been saved, in the order in which it is written.
     *
     * @param causeId of what was decided on
     */
    List<Output> outputs(String key, Decision<S, C, O> decision, String causeId, Instant now);

    /** Whether somebody waits for what is decided on {@code input}, so that it is worth a commit of its own. */
    boolean isAwaited(I input);

    /** What is decided on where {@code state} stands for too long; null where it may stand for ever. */
    @Nullable
    Deadline<I> deadline(S state);

    /** Visits the keys of all whose state has a deadline, when a task starts. */
    void forEachWithDeadline(Consumer<String> visitor);

    /** Told of each decision that was saved, for metrics. */
    default void decided(Decision<S, C, O> decision) {}

    /** Told how many more have a deadline, fewer where negative, for metrics. */
    default void deadlines(int more) {}
}
