package dev.parley.sinks.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A statement that reads, with what its parameters stand for: strings, numbers, or timestamps. */
final class Query {

    /** Makes something of a row. */
    @FunctionalInterface
    interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    private final String sql;
    private final Object[] parameters;

    Query(String sql, Object... parameters) {
        this.sql = sql;
        this.parameters = parameters;
    }

    /** Every row. */
    <T> List<T> list(Connection connection, Row<T> made) throws SQLException {
        List<T> found = new ArrayList<>();
        try (PreparedStatement select = prepare(connection);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                found.add(made.of(rows));
            }
        }
        return found;
    }

    /** The first row, where there is one. */
    <T> Optional<T> first(Connection connection, Row<T> made) throws SQLException {
        try (PreparedStatement select = prepare(connection);
                ResultSet row = select.executeQuery()) {
            return row.next() ? Optional.of(made.of(row)) : Optional.empty();
        }
    }

    /** Every row, by a key. */
    <K, V> Map<K, V> map(Connection connection, Row<K> key, Row<V> value) throws SQLException {
        Map<K, V> found = new HashMap<>();
        try (PreparedStatement select = prepare(connection);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                found.put(key.of(rows), value.of(rows));
            }
        }
        return found;
    }

    private PreparedStatement prepare(Connection connection) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < parameters.length; i++) {
            statement.setObject(i + 1, parameters[i]);
        }
        return statement;
    }
}
