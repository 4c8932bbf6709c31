package dev.parley.stack;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The Postgres programs of this platform, which come as a compressed tar on the class path, unpacked once into a
 * directory that all stacks on the machine share.
 */
final class PostgresBinaries {

    private PostgresBinaries() {}

    /** The directory that holds {@code bin}, {@code lib} and {@code share}; unpacks it when missing. */
    static Path home(Progress progress) {
        String archive = "/postgres-" + system() + "-" + architecture() + ".txz";
        URL resource = PostgresBinaries.class.getResource(archive);
        if (resource == null) {
            throw new StackStartException("no Postgres for this platform is on the class path (" + archive
                    + "): run against an outside one with DATABASE_URL");
        }
        Path home = parent().resolve("postgres-" + version(resource));
        if (!Files.isDirectory(home)) {
            progress.report("postgres", "unpacking the programs into " + home);
            unpack(resource, home);
        }
        return home;
    }

    /** Beside the registry's home where that is known, for it is the build's or the installation's, else the user's. */
    private static Path parent() {
        String chosen = System.getProperty("parley.postgres.home");
        if (chosen != null) {
            return Path.of(chosen);
        }
        String registry = System.getProperty(SchemaRegistry.HOME_PROPERTY);
        if (registry != null) {
            return Path.of(registry).toAbsolutePath().resolveSibling("postgres");
        }
        return Path.of(System.getProperty("user.home"), ".cache", "parley");
    }

    private static String system() {
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return name.startsWith("mac") ? "darwin" : name;
    }

    private static String architecture() {
        return switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            case String other -> other;
        };
    }

    /** The archive's check sum: it changes with the release, and costs nothing to read. */
    private static String version(URL resource) {
        try {
            URLConnection connection = resource.openConnection();
            long mark = connection instanceof JarURLConnection jar
                    ? jar.getJarEntry().getCrc()
                    : connection.getContentLengthLong();
            return Long.toHexString(mark);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + resource, e);
        }
    }

    /** Unpacks beside {@code home} and renames, so that a directory of that name is always whole. */
    private static void unpack(URL resource, Path home) {
        try {
            Files.createDirectories(home.getParent());
            Path unfinished = Files.createTempDirectory(home.getParent(), "unpacking-");
            try (InputStream in = resource.openStream();
                    TarArchiveInputStream tar =
                            new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(in)))) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    unpack(tar, entry, unfinished);
                }
            } catch (IOException | RuntimeException e) {
                Folders.delete(unfinished);
                throw e;
            }
            Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rwxr-xr-x"));
            try {
                Files.move(unfinished, home);
            } catch (IOException e) {
                Folders.delete(unfinished);
                if (!Files.isDirectory(home)) {
                    throw e;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack Postgres into " + home, e);
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path root) throws IOException {
        Path target = root.resolve(entry.getName()).normalize();
        if (!target.startsWith(root)) {
            throw new IOException("entry outside the archive: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
            Files.copy(root.resolve(entry.getLinkName()), target);
        } else {
            Files.copy(tar, target);
            boolean executable = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                    target, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }
}
