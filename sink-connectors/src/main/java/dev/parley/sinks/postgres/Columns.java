package dev.parley.sinks.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Columns with their types, and where a row of type {@code R} has their values: said once, for statements that take many
 * rows at a time. New rows go in by {@code COPY}; for changes, each column is one array, and {@code unnest} makes rows of
 * them.
 *
 * <p>Immutable: each column that is added makes new ones.
 */
final class Columns<R> {

    /** What a row holds in a column. */
    @FunctionalInterface
    interface Value<R, T> {
        @Nullable
        T of(R row);
    }

    private enum Type {
        TEXT("text", String.class, BinaryCopy.Fields::text),
        JSONB("jsonb", String.class, BinaryCopy.Fields::jsonb),
        BYTEA("bytea", byte[].class, BinaryCopy.Fields::bytea),
        BOOL("bool", Boolean.class, BinaryCopy.Fields::bool),
        INT4("int4", Integer.class, BinaryCopy.Fields::int4),
        INT8("int8", Long.class, BinaryCopy.Fields::int8),
        FLOAT8("float8", Double.class, BinaryCopy.Fields::float8),
        TIMESTAMPTZ("timestamptz", Instant.class, BinaryCopy.Fields::timestamptz) {
            @Override
            Class<?> elements() {
                return String.class;
            }

            @Override
            Object element(Object value) {
                return value.toString();
            }
        };

        private final String inPostgres;
        private final Class<?> values;

        @SuppressWarnings("ImmutableEnumChecker") // A method, which holds nothing.
        private final BiConsumer<BinaryCopy.Fields, Object> copy;

        <T> Type(String inPostgres, Class<T> values, BiConsumer<BinaryCopy.Fields, T> copy) {
            this.inPostgres = inPostgres;
            this.values = values;
            this.copy = (to, value) -> copy.accept(to, values.cast(value));
        }

        /** The class of an array's elements that the driver takes. */
        Class<?> elements() {
            return values;
        }

        /** What stands for {@code value} in such an array. */
        Object element(Object value) {
            return value;
        }
    }

    private record Column<R>(String name, Type type, Value<R, ?> value) {}

    private final List<Column<R>> columns;

    private Columns(List<Column<R>> columns) {
        this.columns = columns;
    }

    static <R> Columns<R> none() {
        return new Columns<>(List.of());
    }

    Columns<R> text(String name, Value<R, String> value) {
        return with(name, Type.TEXT, value);
    }

    Columns<R> jsonb(String name, Value<R, String> value) {
        return with(name, Type.JSONB, value);
    }

    Columns<R> bytea(String name, Value<R, byte[]> value) {
        return with(name, Type.BYTEA, value);
    }

    Columns<R> bool(String name, Value<R, Boolean> value) {
        return with(name, Type.BOOL, value);
    }

    Columns<R> int4(String name, Value<R, Integer> value) {
        return with(name, Type.INT4, value);
    }

    Columns<R> int8(String name, Value<R, Long> value) {
        return with(name, Type.INT8, value);
    }

    Columns<R> float8(String name, Value<R, Double> value) {
        return with(name, Type.FLOAT8, value);
    }

    Columns<R> timestamptz(String name, Value<R, Instant> value) {
        return with(name, Type.TIMESTAMPTZ, value);
    }

    /** A text that may hold U+0000: in {@code name} to be read, in {@code name_exact} where that is not all of it. */
    Columns<R> exactText(String name, Value<R, ExactText> value) {
        return text(name, row -> {
                    ExactText text = value.of(row);
                    return text == null ? null : text.readable();
                })
                .bytea(name + "_exact", row -> {
                    ExactText text = value.of(row);
                    return text == null ? null : text.exact();
                });
    }

    private Columns<R> with(String name, Type type, Value<R, ?> value) {
        List<Column<R>> more = new ArrayList<>(columns);
        more.add(new Column<>(name, type, value));
        return new Columns<>(List.copyOf(more));
    }

    /** The columns' names, with commas between them. */
    String names() {
        return columns.stream().map(Column::name).collect(Collectors.joining(", "));
    }

    /** The rows that {@link #run} binds, as a table named {@code name}. */
    String unnestedAs(String name) {
        return columns.stream()
                .map(column -> "?::" + column.type().inPostgres + "[]")
                .collect(Collectors.joining(", ", "unnest(", ") as " + name + " (" + names() + ")"));
    }

    /** Inserts {@code rows}, in one {@code COPY}. */
    void copy(Connection connection, String table, List<R> rows) throws SQLException {
        if (rows.isEmpty()) {
            return;
        }
        String statement = "copy " + table + " (" + names() + ") from stdin (format binary)";
        try {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(statement, new BinaryCopy<>(rows, this::encode), BinaryCopy.PORTION_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException("rows in memory cannot be read", e);
        }
    }

    private void encode(R row, BinaryCopy.Fields to) {
        to.count(columns.size());
        for (Column<R> column : columns) {
            Object value = column.value().of(row);
            if (value == null) {
                to.nothing();
            } else {
                column.type().copy.accept(to, value);
            }
        }
    }

    /** Runs {@code sql}, which reads {@code rows} through {@link #unnestedAs}; returns how many rows it changed. */
    int run(Connection connection, String sql, List<R> rows) throws SQLException {
        if (rows.isEmpty()) {
            return 0;
        }
        try (PreparedStatement statement = prepare(connection, sql, rows)) {
            return statement.executeUpdate();
        }
    }

    /** {@code sql}, with {@code rows} bound. */
    PreparedStatement prepare(Connection connection, String sql, List<R> rows) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < columns.size(); i++) {
            Column<R> column = columns.get(i);
            statement.setArray(i + 1, connection.createArrayOf(column.type().inPostgres, array(column, rows)));
        }
        return statement;
    }

    private static <R> @Nullable Object[] array(Column<R> column, List<R> rows) {
        @Nullable Object[] values = (Object[]) Array.newInstance(column.type().elements(), rows.size());
        for (int i = 0; i < values.length; i++) {
            Object value = column.value().of(rows.get(i));
            values[i] = value == null ? null : column.type().element(value);
        }
        return values;
    }
}
