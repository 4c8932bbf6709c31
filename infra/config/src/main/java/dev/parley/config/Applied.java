package dev.parley.config;

import dev.parley.chat.v1.Configuration;
import java.util.List;

/**
 * What became of a configuration that was to be put in force.
 *
 * @param before what was in force until then
 * @param asked what was to be put in force
 * @param published whether it was written; it was not where it was in force already
 * @param now what is in force: another than {@code asked} only where somebody else wrote right after
 */
public record Applied(Configuration before, Configuration asked, boolean published, Configuration now) {

    public List<Change> changes() {
        return Change.between(before, asked);
    }

    public boolean overtaken() {
        return !now.getVersion().equals(asked.getVersion());
    }
}
