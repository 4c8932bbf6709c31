package dev.parley.schemas.keys;

import org.apache.kafka.common.utils.Utils;

/** Where Kafka's own partitioner puts records, for those who have to know it beforehand. */
final class Partitions {

    private Partitions() {}

    /** The partition, of so many, of records with this key. */
    static int of(byte[] key, int partitions) {
        return Utils.toPositive(Utils.murmur2(key)) % partitions;
    }
}
