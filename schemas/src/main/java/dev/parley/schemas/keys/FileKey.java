package dev.parley.schemas.keys;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Names the content of a file of one tenant. Its text, {@code tenant/hash}, is the record key of the topic of files, so that a
 * content is one tenant's alone, whoever else has the same.
 *
 * @param hash SHA-256 of the content, in hexadecimal
 */
public record FileKey(String tenant, String hash) {

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    public FileKey {
        if (!ConversationKey.isTenant(tenant)) {
            throw new IllegalArgumentException("not a tenant id: '" + tenant + "'");
        }
        if (!isHash(hash)) {
            throw new IllegalArgumentException("not a hash");
        }
    }

    /** Whether {@code text} may name a content. */
    public static boolean isHash(String text) {
        return HASH.matcher(text).matches();
    }

    /** The partition, of so many, that it is in: where Kafka's own partitioner puts its text. */
    public int partition(int partitions) {
        return Partitions.of(bytes(), partitions);
    }

    /** The record key, as it is written. */
    public byte[] bytes() {
        return toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The record key: {@code tenant/hash}. */
    @Override
    public String toString() {
        return tenant + "/" + hash;
    }
}
