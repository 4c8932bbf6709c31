package dev.parley.schemas.serde;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;

/**
 * A reader's schema with room for what only the writer's has: every record of a writer's union whose full name the reader's
 * union lacks is added to the latter.
 *
 * <p>Avro's resolution looks among the reader's branches for one of the same name, and where there is none takes the first
 * whose fields fit: an event without fields would be any other event without required fields. Once each branch of the
 * writer's has its namesake, nothing is ever matched by its shape.
 *
 * @see <a href="https://avro.apache.org/docs/1.12.0/specification/#schema-resolution">Avro: Schema Resolution</a>
 */
final class WidenedSchema {

    private final IdentityHashMap<Schema, IdentityHashMap<Schema, Schema>> records = new IdentityHashMap<>();
    private final Set<Schema> unknownBodies = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Schema> strangers = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Schema schema;

    /**
     * Widens {@code reader}.
     *
     * @param writer after the reader's aliases have been applied to it
     */
    WidenedSchema(Schema writer, Schema reader) {
        this.schema = widen(writer, reader);
    }

    /** Whether the writer has anything that the reader lacks. */
    boolean isWider() {
        return !unknownBodies.isEmpty() || !strangers.isEmpty();
    }

    Schema schema() {
        return schema;
    }

    /** Whether {@code branch} was added to a body's union. */
    boolean isUnknownBody(Schema branch) {
        return unknownBodies.contains(branch);
    }

    /** Whether {@code branch} was added to a union that is none of bodies: there is no place for what it describes. */
    boolean isStranger(Schema branch) {
        return strangers.contains(branch);
    }

    private Schema widen(Schema writer, Schema reader) {
        if (writer.getType() == Schema.Type.UNION || reader.getType() == Schema.Type.UNION) {
            return union(branches(writer), reader);
        }
        if (writer.getType() != reader.getType()) {
            return reader;
        }
        return switch (reader.getType()) {
            case RECORD -> record(writer, reader);
            case ARRAY ->
                withProperties(Schema.createArray(widen(writer.getElementType(), reader.getElementType())), reader);
            case MAP -> withProperties(Schema.createMap(widen(writer.getValueType(), reader.getValueType())), reader);
            case ENUM, FIXED, UNION, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> reader;
        };
    }

    private Schema record(Schema writer, Schema reader) {
        IdentityHashMap<Schema, Schema> ofReader = records.computeIfAbsent(reader, unseen -> new IdentityHashMap<>());
        Schema begun = ofReader.get(writer);
        if (begun != null) {
            return begun;
        }
        Schema record = withProperties(
                Schema.createRecord(reader.getName(), reader.getDoc(), reader.getNamespace(), reader.isError()),
                reader);
        ofReader.put(writer, record);
        record.setFields(reader.getFields().stream()
                .map(field -> {
                    Schema.Field written = writer.getField(field.name());
                    return new Schema.Field(
                            field, written == null ? field.schema() : widen(written.schema(), field.schema()));
                })
                .toList());
        return record;
    }

    private Schema union(List<Schema> writers, Schema reader) {
        List<Schema> branches = new ArrayList<>();
        for (Schema branch : branches(reader)) {
            branches.add(writers.stream()
                    .filter(writer -> isNamesake(writer, branch))
                    .findFirst()
                    .map(writer -> widen(writer, branch))
                    .orElse(branch));
        }
        Set<Schema> places = isOfBodies(reader) ? unknownBodies : strangers;
        boolean widened = false;
        for (Schema writer : writers) {
            if (writer.getType() == Schema.Type.RECORD
                    && branches(reader).stream().noneMatch(branch -> isNamesake(writer, branch))) {
                Schema added = asWritten(writer, new IdentityHashMap<>());
                places.add(added);
                branches.add(added);
                widened = true;
            }
        }
        return reader.getType() == Schema.Type.UNION || widened ? Schema.createUnion(branches) : branches.getFirst();
    }

    /** Bodies are records, one of which there always is; every other union is one of null and something. */
    static boolean isOfBodies(Schema schema) {
        return schema.getType() == Schema.Type.UNION
                && schema.getTypes().stream().allMatch(branch -> branch.getType() == Schema.Type.RECORD);
    }

    private static List<Schema> branches(Schema schema) {
        return schema.getType() == Schema.Type.UNION ? schema.getTypes() : List.of(schema);
    }

    private static boolean isNamesake(Schema writer, Schema reader) {
        return writer.getType() == reader.getType()
                && switch (reader.getType()) {
                    case RECORD, ENUM, FIXED -> writer.getFullName().equals(reader.getFullName());
                    case ARRAY, MAP, UNION, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> true;
                };
    }

    /** A copy without aliases: as part of the reader's schema they would rename what the writer calls otherwise. */
    private static Schema asWritten(Schema schema, IdentityHashMap<Schema, Schema> copies) {
        return switch (schema.getType()) {
            case RECORD -> {
                Schema begun = copies.get(schema);
                if (begun != null) {
                    yield begun;
                }
                Schema record = withProperties(
                        Schema.createRecord(schema.getName(), schema.getDoc(), schema.getNamespace(), schema.isError()),
                        schema);
                copies.put(schema, record);
                record.setFields(schema.getFields().stream()
                        .map(field ->
                                new Schema.Field(field.name(), asWritten(field.schema(), copies), field.doc(), null))
                        .toList());
                yield record;
            }
            case ENUM ->
                Schema.createEnum(schema.getName(), schema.getDoc(), schema.getNamespace(), schema.getEnumSymbols());
            case FIXED ->
                Schema.createFixed(schema.getName(), schema.getDoc(), schema.getNamespace(), schema.getFixedSize());
            case ARRAY -> withProperties(Schema.createArray(asWritten(schema.getElementType(), copies)), schema);
            case MAP -> withProperties(Schema.createMap(asWritten(schema.getValueType(), copies)), schema);
            case UNION ->
                Schema.createUnion(schema.getTypes().stream()
                        .map(branch -> asWritten(branch, copies))
                        .toList());
            case STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> schema;
        };
    }

    private static Schema withProperties(Schema copy, Schema original) {
        copy.addAllProps(original);
        return copy;
    }
}
