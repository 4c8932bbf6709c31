package dev.parley.schemas.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentKeyTest {

    @Test
    void aKeyReadsBackFromItsText() {
        DocumentKey key = new DocumentKey("acme", "w:1", "docs/päge 1.md");

        assertThat(DocumentKey.parse(key.toString())).isEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/a",
                "a/",
                "a//b",
                ".",
                "..",
                "a/../b",
                "a/./b",
                " ",
                "a\u0000b",
                "a\nb",
                "a\u0085b",
                "a\ud800b",
                "a\ufffdb"
            })
    void aPathThatIsNoneIsRefused(String path) {
        assertThat(DocumentKey.isPath(path)).isFalse();
        assertThatThrownBy(() -> new DocumentKey("t", "w", path)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPathHasAtMost512Bytes() {
        assertThat(DocumentKey.isPath("ü".repeat(256))).isTrue();
        assertThat(DocumentKey.isPath("ü".repeat(256) + "x")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"default/main", "acme/w:1", "t/a.very-long_workspace"})
    void aDocumentIsInThePartitionThatItsWorkspacesTurnsAreIn(String workspace) {
        byte[] keyOfTurns = workspace.getBytes(StandardCharsets.UTF_8);

        for (int partitions : new int[] {1, 2, 6, 97}) {
            assertThat(DocumentKey.parse(workspace + "/some/path.md")
                            .workspaceKey()
                            .partition(partitions))
                    .isEqualTo(BuiltInPartitioner.partitionForKey(keyOfTurns, partitions));
        }
    }
}
