package dev.parley.topologies.preparing;

import dev.parley.chat.v1.TurnRequest;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fills in a route's system prompt. Values are data of callers: they are cut, put on one line, and never read for
 * placeholders themselves. A placeholder that means nothing leaves nothing.
 */
final class PromptTemplate {

    /** Also bounds what a prompt can grow to: placeholders are as many as the operator wrote. */
    static final int MAX_VALUE_CHARS = 500;

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{\\s*([^{}]*?)\\s*}}");
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u2028\\u2029]+");
    private static final String METADATA = "metadata.";

    private PromptTemplate() {}

    /** The prompt for a turn; its date is the one on which the turn was asked for, so that a repeat says the same. */
    static String filled(String template, String intent, TurnRequest turn) {
        return PLACEHOLDER
                .matcher(template)
                .replaceAll(placeholder -> Matcher.quoteReplacement(plain(value(placeholder, intent, turn))));
    }

    private static String value(MatchResult placeholder, String intent, TurnRequest turn) {
        String name = placeholder.group(1);
        return switch (name) {
            case "intent" -> intent;
            case "workspace" -> turn.getWorkspaceId();
            case "date" -> LocalDate.ofInstant(turn.getTime(), ZoneOffset.UTC).toString();
            default ->
                name.startsWith(METADATA) ? turn.getMetadata().getOrDefault(name.substring(METADATA.length()), "") : "";
        };
    }

    private static String plain(String value) {
        int end = Math.min(value.length(), MAX_VALUE_CHARS);
        if (end < value.length() && Character.isHighSurrogate(value.charAt(end - 1))) {
            end--;
        }
        return CONTROL.matcher(value.substring(0, end)).replaceAll(" ");
    }
}
