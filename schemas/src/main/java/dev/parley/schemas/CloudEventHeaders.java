package dev.parley.schemas;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Headers of every record: CloudEvents 1.0 in Kafka's binary content mode, and the W3C trace context that ties the hops
 * of one request together.
 *
 * @see <a href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md">CloudEvents: Kafka protocol binding</a>
 * @see <a href="https://www.w3.org/TR/trace-context/">W3C Trace Context</a>
 */
public final class CloudEventHeaders {

    public static final String ID = "ce_id";
    public static final String TYPE = "ce_type";
    public static final String SOURCE = "ce_source";
    public static final String TIME = "ce_time";
    public static final String SPEC_VERSION = "ce_specversion";
    public static final String CONTENT_TYPE = "content-type";
    public static final String TRACEPARENT = "traceparent";

    private static final byte[] VERSION_1_0 = utf8("1.0");
    private static final byte[] AVRO = utf8("application/avro");

    private CloudEventHeaders() {}

    /**
     * Headers of a new record.
     *
     * @param id unique among the records of {@code source}; the same for a repeat of the same fact
     * @param body the record that says what happened, whose name becomes the event's type
     * @param source who writes, such as {@code /parley/conversation}
     * @param cause headers of the record that led to this one, whose trace is carried on; null where there is none
     */
    public static Headers of(String id, SpecificRecord body, String source, Instant time, @Nullable Headers cause) {
        return of(id, body.getSchema().getFullName(), source, time, cause);
    }

    /** The same of a record without a value, which deletes: its type is that of what it deletes, and {@code .deleted}. */
    public static Headers ofDeletion(String id, Schema deleted, String source, Instant time, @Nullable Headers cause) {
        return of(id, deleted.getFullName() + ".deleted", source, time, cause);
    }

    private static Headers of(String id, String type, String source, Instant time, @Nullable Headers cause) {
        RecordHeaders headers = new RecordHeaders();
        headers.add(SPEC_VERSION, VERSION_1_0);
        headers.add(ID, utf8(id));
        headers.add(TYPE, utf8(type));
        headers.add(SOURCE, utf8(source));
        headers.add(TIME, utf8(time.toString()));
        headers.add(CONTENT_TYPE, AVRO);
        Header trace = cause == null ? null : cause.lastHeader(TRACEPARENT);
        if (trace != null) {
            headers.add(TRACEPARENT, trace.value());
        }
        return headers;
    }

    /** The text of a header; null where there is none. */
    public static @Nullable String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
