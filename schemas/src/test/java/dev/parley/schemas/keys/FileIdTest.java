package dev.parley.schemas.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

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
        assertThat(new FileKey("acme", HASH).partition(12))
                .isEqualTo(new FileKey("acme", HASH).partition(12))
                .isBetween(0, 11);
        assertThatIllegalArgumentException().isThrownBy(() -> new FileKey("acme/x", HASH));
        assertThatIllegalArgumentException().isThrownBy(() -> new FileKey("acme", "../" + HASH));
    }
}
