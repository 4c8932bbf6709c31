package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.routes.BuiltInConfiguration;
import org.junit.jupiter.api.Test;

class ChangeTest {

    @Test
    void whatChangedIsToldByKey() {
        String before = """
                default-route: chat
                routes:
                  chat: {system-prompt: "one\\ntwo", engine: extractive}
                  old: {prefixes: [x]}
                """;
        String after = """
                default-route: chat
                routes:
                  chat: {system-prompt: "one\\nthree", limits: {output: 7}}
                  new: {description: fresh}
                engines:
                  demo: {kind: scripted, script: hi}
                """;

        assertThat(Change.between(Yaml.parse(before), Yaml.parse(after)))
                .extracting(Change::toString)
                .containsExactly(
                        "~ routes.chat.system-prompt",
                        "- routes.chat.engine",
                        "+ routes.chat.limits",
                        "- routes.old",
                        "+ routes.new",
                        "+ engines.demo");
    }

    @Test
    void shortValuesAreShown() {
        assertThat(Change.between(
                        Yaml.parse("routes: {chat: {engine: extractive, retrieval: {passages: 2}}}"),
                        Yaml.parse("routes: {chat: {description: brief, retrieval: {passages: 3}, engine: e}}\n"
                                + "engines: {e: {kind: extractive}}")))
                .extracting(Change::toString)
                .containsExactly(
                        "~ routes.chat.engine: extractive → e",
                        "~ routes.chat.retrieval.passages: 2 → 3",
                        "+ routes.chat.description: brief",
                        "+ engines.e");
    }

    @Test
    void theSameHasNoChanges() {
        assertThat(Change.between(BuiltInConfiguration.get(), Yaml.parse(""))).isEmpty();
    }
}
