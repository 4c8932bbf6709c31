package dev.parley.schemas.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifiersTest {

    private static final ConversationKey CONVERSATION = new ConversationKey("default", "c-1");

    @Test
    void aKeyReadsBackFromItsText() {
        ConversationKey key = new ConversationKey("acme", "a.B_c:9-z");

        assertThat(ConversationKey.parse(key.toString())).isEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "default", "/c", "default/", "default/a b", "default/a/b", "de fault/c", "default/ü"})
    void textThatIsNoKeyIsRefused(String text) {
        assertThatThrownBy(() -> ConversationKey.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aConversationIdHasAtMost128Characters() {
        assertThat(ConversationKey.isConversationId("x".repeat(128))).isTrue();
        assertThat(ConversationKey.isConversationId("x".repeat(129))).isFalse();
    }

    @Test
    void aRepeatedRequestGetsTheSameIds() {
        assertThat(TurnIds.of(CONVERSATION, "key")).isEqualTo(TurnIds.of(CONVERSATION, "key"));
    }

    @Test
    void idsDifferByUseKeyAndConversation() {
        TurnIds ids = TurnIds.of(CONVERSATION, "key");

        assertThat(ids.messageId()).isNotEqualTo(ids.assistantMessageId());
        assertThat(TurnIds.of(CONVERSATION, "other")).isNotEqualTo(ids);
        assertThat(TurnIds.of(new ConversationKey("default", "c-2"), "key")).isNotEqualTo(ids);
    }

    @Test
    void keyAndConversationDoNotRunTogether() {
        assertThat(TurnIds.of(new ConversationKey("t", "ab"), "c"))
                .isNotEqualTo(TurnIds.of(new ConversationKey("t", "a"), "bc"));
    }

    @Test
    void aCallersMessageIdIsKept() {
        MessageId mine = new MessageId("mine");

        assertThat(TurnIds.ofMessage(CONVERSATION, mine).messageId()).isEqualTo(mine);
        assertThat(TurnIds.ofMessage(CONVERSATION, mine).turnId())
                .isEqualTo(TurnIds.of(CONVERSATION, "mine").turnId());
    }
}
