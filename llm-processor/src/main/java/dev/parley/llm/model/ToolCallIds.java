package dev.parley.llm.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.keys.GenerationId;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/** The ids of tool calls: made up where a server gives none, and put into the form that another one takes. */
enum ToolCallIds {

    /** OpenAI's: up to 40 visible characters. */
    OPENAI(Pattern.compile("[\\x21-\\x7E]{1,40}")),

    /** Anthropic's: letters, digits, hyphens and underscores. */
    ANTHROPIC(Pattern.compile("[a-zA-Z0-9_-]{1,64}")),

    /** Mistral's: nine letters and digits. */
    NINE(Pattern.compile("[a-zA-Z0-9]{9}"));

    private static final int DIGITS = 24;
    private static final int SHORT = 9;
    private static final int BASE = 36;

    private final Pattern form;

    ToolCallIds(Pattern form) {
        this.form = form;
    }

    /** {@code id} itself where it has the form, else one that is the same for the same id. */
    String of(String id) {
        if (form.matcher(id).matches()) {
            return id;
        }
        return switch (this) {
            case OPENAI, ANTHROPIC ->
                "call_" + HexFormat.of().formatHex(digest(id)).substring(0, DIGITS);
            case NINE -> new BigInteger(1, digest(id)).toString(BASE).substring(0, SHORT);
        };
    }

    /** Ids of a generation's calls by position, the same in every attempt and no other's: a turn has one generation, and a step of a tool loop is a turn. */
    static IntFunction<String> madeUpFor(GenerationRequest request) {
        String generation = new GenerationId(request.getGenerationId()).within(request.getConversationId());
        return position ->
                "call_" + HexFormat.of().formatHex(digest(generation)).substring(0, DIGITS) + "_" + position;
    }

    private static byte[] digest(String text) {
        return Sha256.digest().digest(text.getBytes(UTF_8));
    }
}
