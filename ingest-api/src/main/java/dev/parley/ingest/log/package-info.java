/** Records that the front door puts on topics, and waits for until Kafka has them. */
@NullMarked
package dev.parley.ingest.log;

import org.jspecify.annotations.NullMarked;
