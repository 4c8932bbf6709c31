package dev.parley.config;

import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.InstructionsRole;
import dev.parley.chat.v1.StreamOptions;
import dev.parley.chat.v1.ThinkTags;
import dev.parley.chat.v1.TokenLimitParameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The key under which a file says what a model server takes and says, where servers of one protocol differ. */
final class DialectKey {

    private static final int MAX_LEFT_OUT = 50;
    private static final int MAX_PARAMETER_CHARS = 100;
    private static final Dialect USUAL = new Dialect(
            TokenLimitParameter.FOUND_OUT, StreamOptions.FOUND_OUT, InstructionsRole.SYSTEM, ThinkTags.NONE, List.of());

    private static final Map<String, TokenLimitParameter> TOKEN_LIMITS = tokenLimits();

    static final EngineKey DIALECT = EngineKey.mapping(
            "dialect",
            Keys.of("engines.NAME.dialect", "token-limit", "stream-options", "instructions", "think-tags", "leave-out"),
            (section, engine) -> {
                Dialect dialect = read(section);
                engine.setDialect(dialect.equals(USUAL) ? null : dialect);
            },
            engine -> written(engine.getDialect() == null ? USUAL : engine.getDialect()));

    private DialectKey() {}

    /** Parameters are called as the server calls them. */
    private static Map<String, TokenLimitParameter> tokenLimits() {
        Map<String, TokenLimitParameter> limits = new LinkedHashMap<>();
        limits.put("found-out", TokenLimitParameter.FOUND_OUT);
        limits.put("max_tokens", TokenLimitParameter.MAX_TOKENS);
        limits.put("max_completion_tokens", TokenLimitParameter.MAX_COMPLETION_TOKENS);
        return limits;
    }

    private static Dialect read(Section section) {
        return new Dialect(
                section.choice("token-limit", TOKEN_LIMITS).orElse(TokenLimitParameter.FOUND_OUT),
                section.choice("stream-options", names(StreamOptions.values())).orElse(StreamOptions.FOUND_OUT),
                section.choice("instructions", names(InstructionsRole.values())).orElse(InstructionsRole.SYSTEM),
                section.choice("think-tags", names(ThinkTags.values())).orElse(ThinkTags.NONE),
                section.texts("leave-out", MAX_LEFT_OUT, MAX_PARAMETER_CHARS).orElse(List.of()).stream()
                        .map(Section.Text::value)
                        .toList());
    }

    private static @Nullable Object written(Dialect dialect) {
        return EngineKeys.mapping(
                "token-limit",
                unless(
                        TokenLimitParameter.FOUND_OUT,
                        dialect.getTokenLimit(),
                        dialect.getTokenLimit().name().toLowerCase(Locale.ROOT)),
                "stream-options",
                unless(StreamOptions.FOUND_OUT, dialect.getStreamOptions(), name(dialect.getStreamOptions())),
                "instructions",
                unless(InstructionsRole.SYSTEM, dialect.getInstructions(), name(dialect.getInstructions())),
                "think-tags",
                unless(ThinkTags.NONE, dialect.getThinkTags(), name(dialect.getThinkTags())),
                "leave-out",
                dialect.getLeaveOut().isEmpty() ? null : dialect.getLeaveOut());
    }

    private static @Nullable Object unless(Object usual, Object value, String name) {
        return value.equals(usual) ? null : name;
    }

    private static <E extends Enum<E>> Map<String, E> names(E[] values) {
        Map<String, E> names = new LinkedHashMap<>();
        for (E value : values) {
            names.put(name(value), value);
        }
        return names;
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
