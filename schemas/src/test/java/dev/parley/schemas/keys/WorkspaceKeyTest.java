package dev.parley.schemas.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkspaceKeyTest {

    private static final WorkspaceKey KEY = new WorkspaceKey("acme", "w:1");

    @Test
    void aKeyReadsBackFromItsText() {
        assertThat(KEY).hasToString("acme/w:1");
        assertThat(WorkspaceKey.parse(KEY.toString())).isEqualTo(KEY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "acme", "/w", "acme/", "ac me/w", "acme/a/b"})
    void textThatIsNoKeyIsRefused(String text) {
        assertThatThrownBy(() -> WorkspaceKey.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aDocumentsKeyIsTakenApartWhateverItsPath() {
        String key = KEY.document("a//b/../c");

        assertThat(key).isEqualTo("acme/w:1/a//b/../c");
        assertThat(WorkspaceKey.ofDocument(key)).isEqualTo(KEY);
        assertThat(KEY.pathOf(key)).isEqualTo("a//b/../c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "acme", "acme/w", "/w/path", "acme//path", "ac me/w/path"})
    void textThatIsNoDocumentsKeyIsRefused(String text) {
        assertThatThrownBy(() -> WorkspaceKey.ofDocument(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
