package dev.parley.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * A checkout that has been built.
 *
 * @param root its folder
 */
record Checkout(Path root) {

    /** Of what was never committed: the time that the build gives to the entries of its jars, too. */
    private static final Instant UNKNOWN = Instant.parse("2026-01-01T00:00:00Z");

    private static final int GIT_SECONDS = 10;

    /** What the build has put together: {@code clock} and {@code lib}. */
    Path program() {
        return root.resolve("infra/launcher/target/parley");
    }

    Path registry() {
        return root.resolve("infra/stack/target/registry");
    }

    Path deploy() {
        return root.resolve("deploy");
    }

    boolean isBuilt() {
        return Files.isDirectory(program().resolve("lib"))
                && Files.isDirectory(program().resolve("clock"))
                && Files.isRegularFile(registry().resolve("quarkus-run.jar"));
    }

    /**
     * When it was committed, which is the time of everything in an archive of it: {@code SOURCE_DATE_EPOCH} of the
     * environment, else git's answer, see <a href="https://reproducible-builds.org/specs/source-date-epoch/">the
     * specification</a>.
     */
    Instant committed() {
        String epoch = System.getenv("SOURCE_DATE_EPOCH");
        if (epoch != null && epoch.matches("\\d{1,11}")) {
            return Instant.ofEpochSecond(Long.parseLong(epoch));
        }
        try {
            Process git = new ProcessBuilder("git", "-C", root.toString(), "log", "-1", "--format=%ct")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String seconds = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            boolean answered = git.waitFor(GIT_SECONDS, TimeUnit.SECONDS) && git.exitValue() == 0;
            return answered && seconds.matches("\\d{1,11}") ? Instant.ofEpochSecond(Long.parseLong(seconds)) : UNKNOWN;
        } catch (IOException e) {
            return UNKNOWN; // No git on this machine.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted while git answers", e));
        }
    }
}
