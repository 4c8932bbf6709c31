package dev.parley.schemas.work;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import java.time.Duration;
import java.util.function.Function;

/**
 * A kind of work. Whatever takes time, may fail and shows progress goes one way: an order on a topic, a claim in the log,
 * chunks, a last chunk, a report. What tells one kind from another on that way is said here and nowhere else.
 *
 * @param name in orders and claims
 * @param orders the topic from which the kind's pool of workers takes it
 * @param attempts how many workers may try one piece of it
 * @param lease how long an attempt may be silent before it counts as lost
 * @param maxAnswerBytes of an attempt's text in UTF-8, and of its reasoning and tool calls in characters
 * @param shown whether clients see it as it happens
 */
public record WorkKind(
        String name,
        Function<Topics, Topic<String, GenerationRequest>> orders,
        Effect effect,
        int attempts,
        Duration lease,
        int maxAnswerBytes,
        boolean shown) {

    public WorkKind {
        if (attempts < 1 || (effect == Effect.ONCE && attempts > 1)) {
            throw new IllegalArgumentException(name + " has " + attempts + " attempts, and its effect is " + effect);
        }
    }
}
