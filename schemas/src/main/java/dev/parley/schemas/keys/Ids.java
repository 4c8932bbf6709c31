package dev.parley.schemas.keys;

import java.util.regex.Pattern;

/** The form of the ids that callers may choose: of conversations, workspaces, turns and messages. */
public final class Ids {

    /** None of these characters means anything in a key, a URL's path or a header. */
    public static final Pattern FORM = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    /** {@link #FORM} in words. */
    public static final String RULE = "1 to 128 of A-Z a-z 0-9 . _ : -";

    private Ids() {}

    /** Whether {@code text} has the form. */
    public static boolean isId(String text) {
        return FORM.matcher(text).matches();
    }
}
