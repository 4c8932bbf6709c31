package dev.parley.faults;

/** Something that a history shows and that must not be. {@code rule} is one of a few words that stay the same. */
record Violation(String rule, String detail) {

    @Override
    public String toString() {
        return rule + ": " + detail;
    }
}
