package dev.parley.schemas.settings;

import java.util.Arrays;

/** How far apart two names are: for telling whoever mistyped one which was probably meant. */
public final class EditDistance {

    private EditDistance() {}

    /** Levenshtein's: how many letters are to be put in, left out or changed. */
    public static int between(String one, String other) {
        int[] row = new int[other.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }
}
