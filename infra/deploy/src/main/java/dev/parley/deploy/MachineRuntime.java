package dev.parley.deploy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * What an image needs that is built upon nothing: a Java, a shell with the three programs that the launcher's script uses, and
 * the libraries that all of these, and the native parts of jars, are linked to. Taken from this machine.
 */
final class MachineRuntime {

    /** Of a Java that runs Parley: everything but tools and the attaching of debuggers. */
    private static final String MODULES =
            "java.se,jdk.charsets,jdk.crypto.cryptoki,jdk.httpserver,jdk.jfr,jdk.jcmd,jdk.localedata,"
                    + "jdk.management,jdk.management.agent,jdk.naming.dns,jdk.net,jdk.nio.mapmode,jdk.security.auth,jdk.security.jgss,"
                    + "jdk.unsupported,jdk.zipfs";

    private static final List<String> PROGRAMS = List.of("sh", "sed", "readlink", "dirname");

    /** What libraries within jars are linked to: ONNX Runtime's, RocksDB's, the tokenizer's. */
    private static final Set<String> OF_JARS =
            Set.of("libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0");

    private static final Pattern LINKED = Pattern.compile("(?:=> )?(/\\S+) \\(0x[0-9a-f]+\\)");

    private static final int SECONDS = 60;

    private MachineRuntime() {}

    /** Whether it can be taken from this machine. */
    static boolean isHere() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).equals("linux");
    }

    /** Links a Java into {@code folder}, which must not be there. */
    static void java(Path folder) throws IOException {
        StringWriter printed = new StringWriter();
        int status = ToolProvider.findFirst("jlink")
                .orElseThrow(() -> new IOException("this Java has no jlink: it is no JDK"))
                .run(
                        new PrintWriter(printed),
                        new PrintWriter(printed),
                        "--add-modules",
                        MODULES,
                        "--no-header-files",
                        "--no-man-pages",
                        "--generate-cds-archive", // Without it, each start loads Java's own classes one by one.
                        "--output",
                        folder.toString());
        if (status != 0) {
            throw new IOException("jlink: " + printed.toString().strip());
        }
    }

    /** Where the programs are, by their names in {@code /bin}. */
    static List<Path> programs() throws IOException {
        List<Path> found = new ArrayList<>();
        for (String program : PROGRAMS) {
            found.add(onPath(program));
        }
        return found;
    }

    private static Path onPath(String program) throws IOException {
        for (String folder :
                System.getenv().getOrDefault("PATH", "/bin:/usr/bin").split(":", -1)) {
            Path file = Path.of(folder, program);
            if (Files.isExecutable(file)) {
                return file;
            }
        }
        throw new IOException("no " + program + " on the PATH");
    }

    /** The libraries of all that is in {@code java} and of the programs, at the places where they are looked for. */
    static SortedSet<Path> libraries(Path java) throws IOException {
        SortedSet<Path> found = new TreeSet<>();
        List<Path> linked = new ArrayList<>(programs());
        try (Stream<Path> files = Files.walk(java)) {
            files.filter(Files::isRegularFile)
                    .filter(file -> file.toString().endsWith(".so") || file.endsWith("bin/java"))
                    .forEach(linked::add);
        }
        for (Path file : linked) {
            for (Matcher line = LINKED.matcher(ldd(file)); line.find(); ) {
                found.add(Path.of(line.group(1)));
            }
        }
        found.removeIf(library -> library.startsWith(java));
        Path folder = found.stream()
                .filter(library -> library.endsWith("libc.so.6"))
                .findFirst()
                .map(Path::getParent)
                .orElseThrow(() -> new IOException("this machine's C library is not GNU's"));
        for (String library : OF_JARS) {
            Path file = Stream.of(folder, Path.of("/usr").resolve(Path.of("/").relativize(folder)))
                    .map(place -> place.resolve(library))
                    .filter(Files::exists)
                    .findFirst()
                    .orElseThrow(() -> new IOException("no " + library + " beside the C library"));
            found.add(file);
        }
        return found;
    }

    private static String ldd(Path file) throws IOException {
        Process process = new ProcessBuilder("ldd", file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("ldd does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return printed;
    }
}
