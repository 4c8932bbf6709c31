package dev.parley.schemas.settings;

/**
 * How topics are named and laid out.
 *
 * @param prefix before every topic, group and application id, such as {@code staging.}; mostly empty
 * @param partitions of topics whose keys' records stay in order: the bound on how many tasks share the work of one Streams role
 * @param replicationFactor -1: the brokers' {@code default.replication.factor}
 */
public record TopicSettings(String prefix, int partitions, short replicationFactor) {

    public static final String PREFIX = "PARLEY_PREFIX";
    public static final String PARTITIONS = "PARLEY_PARTITIONS";
    public static final String REPLICATION_FACTOR = "PARLEY_REPLICATION_FACTOR";

    public static TopicSettings from(Settings settings) {
        String prefix = settings.string(PREFIX, "");
        if (!prefix.matches("[A-Za-z0-9._-]{0,64}")) {
            settings.problem(PREFIX, "must be up to 64 of A-Z a-z 0-9 . _ -");
        }
        return new TopicSettings(prefix, settings.integer(PARTITIONS, 6, 1, 1000), (short)
                settings.integer(REPLICATION_FACTOR, -1, -1, 9));
    }

    /** A consumer, share or application id of this installation, such as {@code parley.conversation}. */
    public String groupId(String name) {
        return prefix + "parley." + name;
    }
}
