package dev.parley.stack;

import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.serde.RawBody;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;

/** What a later version of Parley might write, for tests of what this one makes of it. */
public final class LaterVersion {

    private LaterVersion() {}

    /**
     * A body of a kind that this version does not know, as it is read.
     *
     * @param envelope today's schema of the record around it, such as a command's
     * @param name of the kind, such as {@code ToolApproved}
     */
    public static Unknown body(Schema envelope, String name) {
        Schema branch = Schema.createRecord(
                name,
                null,
                envelope.getNamespace(),
                false,
                List.of(new Schema.Field("callId", Schema.create(Schema.Type.STRING))));
        GenericRecord body =
                new GenericRecordBuilder(branch).set("callId", "call_1").build();
        return new Unknown(new RawBody(body, with(envelope, branch)));
    }

    private static Schema with(Schema envelope, Schema branch) {
        List<Schema.Field> fields = new ArrayList<>();
        for (Schema.Field field : envelope.getFields()) {
            if (field.name().equals("body")) {
                List<Schema> branches = new ArrayList<>(field.schema().getTypes());
                branches.add(branch);
                fields.add(new Schema.Field(field, Schema.createUnion(branches)));
            } else {
                fields.add(new Schema.Field(field, field.schema()));
            }
        }
        return Schema.createRecord(envelope.getName(), envelope.getDoc(), envelope.getNamespace(), false, fields);
    }
}
