package dev.parley.schemas.serde;

import dev.parley.schemas.settings.RegistrySettings;
import org.apache.avro.Schema;

/**
 * The part of Confluent's Schema Registry API that Parley uses: understood by Confluent, Apicurio (ccompat v7), Karapace
 * and Redpanda. Thread-safe.
 *
 * <p>Every method throws {@link RegistryUnavailableException} where the registry cannot be asked for longer than a
 * caller should wait.
 */
public interface RegistryClient {

    /** The setting by which serialisers are handed a client to share instead of making their own. */
    String SHARED_CLIENT = "parley.registry.client";

    static RegistryClient of(RegistrySettings settings) {
        return new HttpRegistryClient(settings);
    }

    /**
     * The schema with this id.
     *
     * @throws UndecodableRecordException where the registry has none: whoever wrote the id made it up
     */
    Schema schema(int id);

    /**
     * The id under which {@code schema} is registered for {@code subject}.
     *
     * @throws SchemaNotRegisteredException where it is not
     */
    int id(String subject, Schema schema);

    /**
     * Asks once, without patience, for every schema that {@code subject} has or had, and keeps them: what they wrote can be
     * read from then on, and what is registered be written, whatever becomes of the registry.
     *
     * @return how many they are; 0 where nothing is registered
     */
    int learn(String subject);

    /**
     * Registers {@code schema} as the newest version of {@code subject}; without effect where it already is.
     *
     * @throws IncompatibleSchemaException where the registry's compatibility rule refuses it
     */
    int register(String subject, Schema schema);

    /** Sets the compatibility rule of {@code subject}, such as {@code BACKWARD_TRANSITIVE}. */
    void compatibility(String subject, String rule);
}
