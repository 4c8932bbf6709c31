package dev.parley.deploy;

import dev.parley.stack.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * What lies where in an installation, by paths from its folder on.
 *
 * <pre>
 *   bin/parley  clock/ lib/          the program
 *   registry/  postgres/  native/    what 'up' brings along, unpacked: an installation may be read-only
 *   etc/  deploy/  docs/  legal/     for those who install it
 * </pre>
 *
 * @param items in the order of their paths
 */
record Distribution(SortedMap<String, Item> items) {

    private static final Pattern LICENCE =
            Pattern.compile("META-INF/(LICEN[CS]E|NOTICE|COPYING|COPYRIGHT)[^/]*", Pattern.CASE_INSENSITIVE);

    private static final String TOKENIZER = "tokenizers-";

    /**
     * Of a build.
     *
     * @throws IOException where a part of it cannot be read
     */
    static Distribution of(Checkout checkout) throws IOException {
        Collected collected = new Collected();
        collected.tree("clock", checkout.program().resolve("clock"));
        Path lib = checkout.program().resolve("lib");
        collected.tree("lib", lib);
        // What a registry has written into its folder is another machine's business.
        collected.tree("registry", checkout.registry(), path -> !path.startsWith("."));
        Path postgres = EmbeddedPostgres.programs((part, step) -> {});
        collected.tree("postgres/" + postgres.getFileName(), postgres);
        collected.tree("docs", checkout.root().resolve("docs"));
        collected.tree("deploy", checkout.deploy(), path -> !path.startsWith("tarball") && !path.equals("README.md"));
        collected.tree("", checkout.deploy().resolve("tarball"));
        collected.file("LICENSE", checkout.root().resolve("LICENSE"));
        for (Path jar : jars(lib)) {
            collected.licences(jar);
            if (name(jar).startsWith(TOKENIZER)) {
                collected.tokenizer(jar);
            }
        }
        return new Distribution(collected.items);
    }

    private static List<Path> jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> name(file).endsWith(".jar")).sorted().toList();
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** As the tokenizer's jar names the platform that this is; empty where it has nothing for it. */
    private static Optional<String> platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String machine = switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "aarch64";
            case String other -> other;
        };
        if (system.startsWith("mac")) {
            return Optional.of("osx-" + machine);
        }
        return system.equals("linux") ? Optional.of("linux-" + machine) : Optional.empty();
    }

    private static final class Collected {
        private final SortedMap<String, Item> items = new TreeMap<>();

        void file(String path, Path source) {
            items.put(path, new Item.Copy(source, Files.isExecutable(source)));
        }

        void tree(String to, Path folder) throws IOException {
            tree(to, folder, path -> true);
        }

        /** Everything in {@code folder} that {@code wanted} says of its path from there. */
        void tree(String to, Path folder, Predicate<String> wanted) throws IOException {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    String path = folder.relativize(file).toString().replace('\\', '/');
                    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) || !wanted.test(path)) {
                        continue;
                    }
                    String place = to.isEmpty() ? path : to + "/" + path;
                    if (Files.isSymbolicLink(file)) {
                        items.put(
                                place,
                                new Item.Link(Files.readSymbolicLink(file).toString()));
                    } else {
                        file(place, file);
                    }
                }
            }
        }

        /** The licences and notices that a jar carries, which have to go where it goes. */
        void licences(Path jar) throws IOException {
            String name = name(jar).replaceFirst("\\.jar$", "");
            if (name.startsWith("parley-")) {
                return;
            }
            try (ZipFile zip = new ZipFile(jar.toFile())) {
                for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
                    ZipEntry entry = entries.nextElement();
                    if (!entry.isDirectory() && LICENCE.matcher(entry.getName()).matches()) {
                        content("legal/" + name + "/" + entry.getName().substring("META-INF/".length()), zip, entry);
                    }
                }
            }
        }

        /** The tokenizer's library, which it would otherwise unpack into the home of whoever runs it. */
        void tokenizer(Path jar) throws IOException {
            Optional<String> platform = platform();
            if (platform.isEmpty()) {
                return;
            }
            String folder = "native/lib/" + platform.get() + "/cpu/";
            try (ZipFile zip = new ZipFile(jar.toFile())) {
                for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
                    ZipEntry entry = entries.nextElement();
                    if (!entry.isDirectory() && entry.getName().startsWith(folder)) {
                        content("native/" + entry.getName().substring(folder.length()), zip, entry);
                    }
                }
            }
        }

        private void content(String path, ZipFile zip, ZipEntry entry) throws IOException {
            try (InputStream in = zip.getInputStream(entry)) {
                items.put(path, new Item.Content(in.readAllBytes()));
            }
        }
    }
}
