package dev.parley.sinks.postgres;

import dev.parley.schemas.ErrorCode;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A record that cannot be folded.
 *
 * @param cause for an operator; quotes no content
 */
record Poison(Projection<?> projection, ConsumerRecord<byte[], byte[]> record, ErrorCode code, String cause) {}
