package dev.parley.ingest.protocol.openai;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a response of OpenAI's API is called: the name of its turn and that of its conversation, so that any node finds it
 * without a table of responses. As text {@code resp_<turn>.<conversation>}; the items of its output begin otherwise, and
 * lead back to it as well.
 *
 * @param turn the turn's id without its prefix
 */
record ResponseId(String turn, String conversation) {

    private static final String TURN_PREFIX = "turn_";
    private static final Pattern TEXT = Pattern.compile("resp_([0-9a-f]{24})\\.([A-Za-z0-9._:-]{1,128})");
    private static final Pattern ITEM =
            Pattern.compile("(msg|rs|fc\\d{1,4})_([0-9a-f]{24})\\.([A-Za-z0-9._:-]{1,128})");

    static ResponseId of(String turnId, String conversation) {
        return new ResponseId(turnId.substring(TURN_PREFIX.length()), conversation);
    }

    /**
     * Reads an id.
     *
     * @throws ProblemException {@code not_found} for what is none
     */
    static ResponseId parse(String text, String field) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new ProblemException(ErrorCode.NOT_FOUND, "there is no response '" + text + "'", field);
        }
        return new ResponseId(matcher.group(1), matcher.group(2));
    }

    /**
     * An item of a response's output.
     *
     * @param kind {@code msg}, {@code rs}, or {@code fc} with the call's number
     */
    record Item(String kind, ResponseId response) {}

    static Optional<Item> item(String text) {
        Matcher matcher = ITEM.matcher(text);
        return matcher.matches()
                ? Optional.of(new Item(matcher.group(1), new ResponseId(matcher.group(2), matcher.group(3))))
                : Optional.empty();
    }

    String turnId() {
        return TURN_PREFIX + turn;
    }

    ConversationKey key(String tenant) {
        return new ConversationKey(tenant, conversation);
    }

    String messageItem() {
        return "msg_" + turn + "." + conversation;
    }

    String reasoningItem() {
        return "rs_" + turn + "." + conversation;
    }

    String callItem(int index) {
        return "fc" + index + "_" + turn + "." + conversation;
    }

    /** An item of what the response was asked with. */
    String inputItem(int index) {
        return "in" + index + "_" + turn + "." + conversation;
    }

    /** The summary that the turn made. */
    String compactionItem() {
        return "cmp_" + turn + "." + conversation;
    }

    @Override
    public String toString() {
        return "resp_" + turn + "." + conversation;
    }
}
