/**
 * The time that Kafka's clients, Streams and the embedded broker go by: the wall clock's, without its jumps. Knows nothing of
 * Kafka; {@code org.apache.kafka.common.utils.SystemTime} beside it hands it on.
 */
@NullMarked
package dev.parley.launcher.clock;

import org.jspecify.annotations.NullMarked;
