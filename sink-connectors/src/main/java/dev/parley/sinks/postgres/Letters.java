package dev.parley.sinks.postgres;

import dev.parley.schemas.ErrorCode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Dead letters that have yet to be written: kept in the transaction that passes over their records, and dropped when Kafka has
 * them. So none is written of a record that was not passed over, and none is forgotten.
 */
final class Letters {

    /**
     * Why a record is set aside.
     *
     * @param cause for an operator; quotes no content
     */
    record Reason(ErrorCode code, String cause) {}

    /** A record's place in the log, and why it is set aside. */
    record Letter(TopicPartition partition, long offset, Reason reason) {}

    private static final Columns<Letter> LETTERS = Columns.<Letter>none()
            .text("topic", letter -> letter.partition().topic())
            .int4("log_partition", letter -> letter.partition().partition())
            .int8("log_offset", Letter::offset)
            .text("code", letter -> letter.reason().code().wire())
            .text("cause", letter -> letter.reason().cause());

    private static final String KEEP =
            "insert into sink_letters (%s) select * from %s".formatted(LETTERS.names(), LETTERS.unnestedAs("kept"));

    private static final String DROP = """
            delete from sink_letters as letter using %s
            where letter.topic = written.topic and letter.log_partition = written.log_partition
              and letter.log_offset = written.log_offset
            """.formatted(LETTERS.unnestedAs("written"));

    private Letters() {}

    static void keep(Connection connection, List<Letter> letters) throws SQLException {
        LETTERS.run(connection, KEEP, letters);
    }

    static void drop(Connection connection, List<Letter> letters) throws SQLException {
        LETTERS.run(connection, DROP, letters);
    }

    /** Those of a partition, by their offsets. */
    static Map<Long, Reason> of(Connection connection, TopicPartition partition) throws SQLException {
        return new Query(
                        "select log_offset, code, cause from sink_letters where topic = ? and log_partition = ?",
                        partition.topic(),
                        partition.partition())
                .map(
                        connection,
                        row -> row.getLong(1),
                        row -> new Reason(
                                ErrorCode.ofWire(row.getString(2)).orElse(ErrorCode.INVALID_RECORD), row.getString(3)));
    }
}
