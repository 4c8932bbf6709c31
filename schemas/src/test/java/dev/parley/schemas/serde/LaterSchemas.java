package dev.parley.schemas.serde;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.jspecify.annotations.Nullable;

/** Schemas as later versions may have them: one more branch in a union, of the very shape of a branch that is there. */
final class LaterSchemas {

    /**
     * One of them.
     *
     * @param union as it is today
     * @param branch the added one
     */
    record Later(Schema schema, Schema union, Schema branch) {

        /** A record of this schema that holds the added branch. */
        GenericData.Record record() {
            return (GenericData.Record) value(schema, branch);
        }

        @Override
        public String toString() {
            return schema.getName() + " with " + branch.getName();
        }
    }

    private LaterSchemas() {}

    /** One for each branch of each union of {@code schema}, however deep. */
    static List<Later> of(Schema schema) {
        List<Schema> unions = new ArrayList<>();
        collectUnions(schema, unions, Collections.newSetFromMap(new IdentityHashMap<>()));
        List<Later> later = new ArrayList<>();
        for (Schema union : unions) {
            for (Schema branch : union.getTypes()) {
                if (branch.getType() == Schema.Type.RECORD) {
                    later.add(with(schema, union, like(branch, branch.getNamespace(), "Later" + branch.getName())));
                }
            }
        }
        return later;
    }

    /** {@code schema} with one more branch in {@code union}. */
    static Later with(Schema schema, Schema union, Schema branch) {
        return new Later(rebuilt(schema, union, branch, new IdentityHashMap<>()), union, branch);
    }

    /** A record of the shape of {@code record} under another name. */
    static Schema like(Schema record, String namespace, String name) {
        return Schema.createRecord(name, null, namespace, false, copies(record.getFields()));
    }

    static List<Schema.Field> copies(List<Schema.Field> fields) {
        return fields.stream()
                .map(field -> new Schema.Field(field, field.schema()))
                .toList();
    }

    /** A value of {@code schema}; with {@code branch} in it, where there is a place for it. */
    static Object value(Schema schema, @Nullable Schema branch) {
        return switch (schema.getType()) {
            case RECORD -> {
                GenericData.Record record = new GenericData.Record(schema);
                schema.getFields().forEach(field -> record.put(field.pos(), value(field.schema(), branch)));
                yield record;
            }
            case UNION ->
                value(
                        schema.getTypes().stream()
                                .filter(type -> branch != null && leadsTo(type, branch))
                                .findFirst()
                                .orElse(schema.getTypes().getLast()),
                        branch);
            case ENUM ->
                new GenericData.EnumSymbol(schema, schema.getEnumSymbols().getLast());
            case ARRAY -> new ArrayList<>(List.of(value(schema.getElementType(), branch)));
            case MAP -> Map.of("key", value(schema.getValueType(), branch));
            case STRING -> "text";
            case BYTES -> java.nio.ByteBuffer.wrap(new byte[] {1, 2, 3});
            case INT -> 7;
            case LONG -> 1_700_000_000_123L;
            case FLOAT -> 0.5f;
            case DOUBLE -> 0.25;
            case BOOLEAN -> true;
            case FIXED, NULL -> throw new IllegalArgumentException("no such values in the contracts: " + schema);
        };
    }

    @SuppressWarnings("ReferenceEquality") // This very one: there may be another that says the same.
    private static boolean leadsTo(Schema schema, Schema branch) {
        return schema == branch
                || switch (schema.getType()) {
                    case RECORD -> schema.getFields().stream().anyMatch(field -> leadsTo(field.schema(), branch));
                    case UNION -> schema.getTypes().stream().anyMatch(type -> leadsTo(type, branch));
                    case ARRAY -> leadsTo(schema.getElementType(), branch);
                    case MAP -> leadsTo(schema.getValueType(), branch);
                    case ENUM, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> false;
                };
    }

    private static void collectUnions(Schema schema, List<Schema> unions, Set<Schema> seen) {
        switch (schema.getType()) {
            case RECORD -> {
                if (seen.add(schema)) {
                    schema.getFields().forEach(field -> collectUnions(field.schema(), unions, seen));
                }
            }
            case UNION -> {
                if (schema.getTypes().stream().anyMatch(branch -> branch.getType() == Schema.Type.RECORD)) {
                    unions.add(schema);
                }
                schema.getTypes().forEach(branch -> collectUnions(branch, unions, seen));
            }
            case ARRAY -> collectUnions(schema.getElementType(), unions, seen);
            case MAP -> collectUnions(schema.getValueType(), unions, seen);
            case ENUM, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> {}
        }
    }

    @SuppressWarnings("ReferenceEquality") // This very one: there may be another that says the same.
    private static Schema rebuilt(Schema schema, Schema union, Schema branch, IdentityHashMap<Schema, Schema> records) {
        return switch (schema.getType()) {
            case RECORD -> {
                Schema begun = records.get(schema);
                if (begun != null) {
                    yield begun;
                }
                Schema record = Schema.createRecord(schema.getName(), schema.getDoc(), schema.getNamespace(), false);
                records.put(schema, record);
                record.addAllProps(schema);
                record.setFields(schema.getFields().stream()
                        .map(field -> new Schema.Field(field, rebuilt(field.schema(), union, branch, records)))
                        .toList());
                yield record;
            }
            case UNION -> {
                List<Schema> types = new ArrayList<>();
                schema.getTypes().forEach(type -> types.add(rebuilt(type, union, branch, records)));
                if (schema == union) {
                    types.add(branch);
                }
                yield Schema.createUnion(types);
            }
            case ARRAY -> Schema.createArray(rebuilt(schema.getElementType(), union, branch, records));
            case MAP -> Schema.createMap(rebuilt(schema.getValueType(), union, branch, records));
            case ENUM, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> schema;
        };
    }
}
