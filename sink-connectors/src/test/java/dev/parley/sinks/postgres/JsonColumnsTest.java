package dev.parley.sinks.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonColumnsTest {

    private static final String HARD = "\"\\ \\u0000 \r\n\u2028 \uD83D\uDE00";

    @Test
    void whatGoesInComesOut() {
        List<ToolCall> calls = List.of(new ToolCall(HARD, "f", "{\"q\":1}"), new ToolCall("2", "g", ""));
        List<PromptMessage> context = List.of(
                new PromptMessage(Role.ASSISTANT, HARD, calls, null, null),
                new PromptMessage(Role.TOOL, "", List.of(), "call", null));
        List<Source> sources = List.of(new Source("s", HARD, null, 0.1), new Source("t", "", "https://u", 1.0));

        assertThat(JsonColumns.toolCalls(JsonColumns.ofToolCalls(calls))).isEqualTo(calls);
        assertThat(JsonColumns.context(JsonColumns.ofContext(context))).isEqualTo(context);
        assertThat(JsonColumns.sources(JsonColumns.ofSources(sources))).isEqualTo(sources);
        assertThat(JsonColumns.metadata(JsonColumns.ofMetadata(Map.of(HARD, HARD))))
                .isEqualTo(Map.of(HARD, HARD));
    }

    @Test
    void whatBecameKnownUpstreamGoesInAndOut() {
        for (Upstream known : List.of(
                new Upstream(new UsageDetails(1, 2, 3, 4, 5), 6, List.of("seed", HARD), 30_000L, 7, 8),
                new Upstream(new UsageDetails(0, null, null, null, null), 1, List.of(), null, 0, 0),
                new Upstream(null, 0, List.of(), null, null, null))) {
            assertThat(JsonColumns.upstream(JsonColumns.ofUpstream(known))).contains(known);
        }
        assertThat(JsonColumns.ofUpstream(null)).isNull();
        assertThat(JsonColumns.upstream(null)).isEmpty();
    }

    @Test
    void whatPostgresCannotKeepHasAStandIn() {
        ToolCall call = new ToolCall("a\u0000b", "\u0000", "\\u0000");

        assertThat(JsonColumns.toolCalls(JsonColumns.ofToolCalls(List.of(call))))
                .containsExactly(new ToolCall("a\uFFFDb", "\uFFFD", "\\u0000"));
        assertThat(JsonColumns.ofMetadata(Map.of("k\u0000", "v\u0000"))).isEqualTo("{\"k\\uFFFD\":\"v\\uFFFD\"}");
    }
}
