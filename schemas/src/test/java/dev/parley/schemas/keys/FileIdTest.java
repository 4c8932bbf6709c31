package dev.parley.schemas.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileIdTest {

    private static final String HASH = "0123456789abcdef".repeat(4);

    @Test
    void theTextIsForEver() {
        FileId id = new FileId(HASH, 42);

        assertThat(id.text()).isEqualTo("file-" + HASH + "-42");
        assertThat(FileId.of(id.text())).contains(id);
        assertThat(Ids.isId(id.text())).isTrue();
        assertThat(new FileKey("acme", HASH)).hasToString("acme/" + HASH);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "file-",
                "file-abc-1",
                "file-0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF-1",
                "file-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "file-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef--1",
                "file-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-01",
                "file-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-9999999999999999999",
                "file-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-1/../x"
            })
    void whatIsNoIdIsNone(String text) {
        assertThat(FileId.of(text)).isEmpty();
    }

    /** Where Kafka's own partitioner puts the key, so that any tool finds it. */
    @Test
    void theContentOfATenantIsInOnePartition() {
        byte[] key = ("acme/" + HASH).getBytes(StandardCharsets.UTF_8);

        for (int partitions : new int[] {1, 2, 12, 97}) {
            assertThat(new FileKey("acme", HASH).partition(partitions))
                    .isEqualTo(BuiltInPartitioner.partitionForKey(key, partitions));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new FileKey("acme/x", HASH));
        assertThatIllegalArgumentException().isThrownBy(() -> new FileKey("acme", "../" + HASH));
    }
}
