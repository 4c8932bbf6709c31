package dev.parley.llm.work;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log, as far as this worker waits for it to have taken a record. */
record Log(Producer<byte[], byte[]> producer) {

    private static final Logger logger = LoggerFactory.getLogger(Log.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    /** Writes {@code record}; whether Kafka has acknowledged it. */
    boolean isWritten(ProducerRecord<byte[], byte[]> record) {
        try {
            return isWritten(producer.send(record));
        } catch (KafkaException e) {
            logger.warn(
                    "Kafka does not take a record, so the request is released for another worker: {}", e.toString());
            return false;
        }
    }

    /** Waits for what was sent; whether Kafka has acknowledged it. */
    static boolean isWritten(Future<RecordMetadata> sent) {
        try {
            sent.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            logger.warn(
                    "Kafka does not take a record, so the request is released for another worker: {}", e.toString());
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
