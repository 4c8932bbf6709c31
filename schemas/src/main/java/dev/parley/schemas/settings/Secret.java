package dev.parley.schemas.settings;

/** A value that must not show in logs: {@link #toString()} hides it. */
public record Secret(String reveal) {

    @Override
    public String toString() {
        return "***";
    }
}
