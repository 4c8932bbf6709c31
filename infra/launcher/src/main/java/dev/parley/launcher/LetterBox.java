package dev.parley.launcher;

import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The dead letters of an installation: what they are, and the way back for those that have one. */
final class LetterBox {

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final KafkaSettings kafka;
    private final String deadLetters;
    private final Set<String> replayable;

    LetterBox(KafkaSettings kafka, Topics topics) {
        this.kafka = kafka;
        this.deadLetters = topics.deadLetters().name();
        this.replayable = replayable(topics);
    }

    /**
     * Topics whose readers know what they have done before by the ids in it. The log of record has one writer, chunks are of
     * their moment, and passages are made from documents.
     */
    static Set<String> replayable(Topics topics) {
        return Set.of(
                topics.commands().name(),
                topics.turns().name(),
                topics.documents().name(),
                topics.generationResults().name());
    }

    /**
     * A record that was set aside.
     *
     * @param place in the topic of dead letters, {@code partition@offset}
     * @param from where it stood, {@code topic-partition@offset}
     */
    record Letter(
            String place,
            String topic,
            String from,
            String code,
            String stage,
            String time,
            String cause,
            Sealed sealed) {}

    /** The record as it was. */
    static final class Sealed {
        private final ConsumerRecord<byte[], byte[]> letter;

        private Sealed(ConsumerRecord<byte[], byte[]> letter) {
            this.letter = letter;
        }

        /** Without what was written on its envelope. */
        private ProducerRecord<byte[], byte[]> to(String topic) {
            RecordHeaders headers = new RecordHeaders();
            for (Header header : letter.headers()) {
                if (header.key().startsWith(DeadLetter.ORIGINAL_PREFIX)) {
                    headers.add(header.key().substring(DeadLetter.ORIGINAL_PREFIX.length()), header.value());
                }
            }
            return new ProducerRecord<>(topic, null, letter.key(), letter.value(), headers);
        }
    }

    boolean mayBeReplayed(Letter letter) {
        return replayable.contains(letter.topic());
    }

    /** All that are there now, oldest first. */
    List<Letter> letters() {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                kafka.client(
                        "parley-dead-letters",
                        Map.of("enable.auto.commit", false, "fetch.max.bytes", TopicSpec.MAX_MESSAGE_BYTES)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(deadLetters).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                consumer.poll(POLL).forEach(found::add);
            }
            return found.stream()
                    .sorted(Comparator.comparingLong(ConsumerRecord::timestamp))
                    .map(LetterBox::read)
                    .toList();
        }
    }

    private static Letter read(ConsumerRecord<byte[], byte[]> letter) {
        String topic = header(letter, DeadLetter.TOPIC);
        return new Letter(
                letter.partition() + "@" + letter.offset(),
                topic,
                topic + "-" + header(letter, DeadLetter.PARTITION) + "@" + header(letter, DeadLetter.OFFSET),
                header(letter, DeadLetter.CODE),
                header(letter, DeadLetter.STAGE),
                header(letter, DeadLetter.TIME),
                header(letter, DeadLetter.CAUSE),
                new Sealed(letter));
    }

    private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
        Header header = letter.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    /**
     * Writes records back to where they stood, one after the other in the order of {@code letters}.
     *
     * @throws IllegalArgumentException where one may not go back
     */
    void replay(List<Letter> letters) {
        letters.stream().filter(letter -> !mayBeReplayed(letter)).findFirst().ifPresent(letter -> {
            throw new IllegalArgumentException(letter.from() + " may not be written back");
        });
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                kafka.client(
                        "parley-dead-letters-replay",
                        Map.of("acks", "all", "max.request.size", TopicSpec.MAX_MESSAGE_BYTES)),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (Letter letter : letters) {
                producer.send(letter.sealed().to(letter.topic())).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new CommandFailedException(
                    "Kafka did not take a record: those before it are written, it and the rest are not", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailedException("interrupted", e);
        }
    }
}
