package dev.parley.config;

/**
 * One thing that is wrong with a configuration file.
 *
 * @param line from 1; 0 where no line is to blame
 * @param key its path, such as {@code routes.sql.engine}; empty where it is about the whole file
 * @param what is wrong; never holds what may be a secret
 */
public record Problem(int line, String key, String what) {

    /** In the form that editors and terminals make a link of. */
    public String in(String file) {
        return file + (line > 0 ? ":" + line : "") + ": " + said();
    }

    private String said() {
        return key.isEmpty() ? what : key + ": " + what;
    }

    @Override
    public String toString() {
        return line > 0 ? "line " + line + ": " + said() : said();
    }
}
