package dev.parley.stack;

import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.RegistrySettings;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;

/** A registry for tests that have no use for a real one: takes every schema, and registers on look-up. */
public final class InMemoryRegistry implements RegistryClient {

    private static final URI NOWHERE = URI.create("http://in-memory.invalid");

    private final List<Schema> schemas = new ArrayList<>();

    /** Serdes over a fresh in-memory registry. */
    public static ValueSerdes serdes() {
        return serdes(new InMemoryRegistry());
    }

    /** Serdes over {@code registry}. */
    public static ValueSerdes serdes(InMemoryRegistry registry) {
        return new ValueSerdes(RegistrySettings.of(NOWHERE), registry);
    }

    @Override
    public synchronized Schema schema(int id) {
        if (id < 1 || id > schemas.size()) {
            throw new UndecodableRecordException("no schema with id " + id);
        }
        return schemas.get(id - 1);
    }

    @Override
    public synchronized int id(String subject, Schema schema) {
        int index = schemas.indexOf(schema);
        if (index < 0) {
            schemas.add(schema);
            index = schemas.size() - 1;
        }
        return index + 1;
    }

    @Override
    public synchronized int learn(String subject) {
        return schemas.size();
    }

    @Override
    public int register(String subject, Schema schema) {
        return id(subject, schema);
    }

    @Override
    public void compatibility(String subject, String rule) {}
}
