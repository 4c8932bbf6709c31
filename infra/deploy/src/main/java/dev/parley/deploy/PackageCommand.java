package dev.parley.deploy;

import dev.parley.launcher.Parley;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./parley package}: an archive of what the checkout's build has made, which needs neither of them to run. */
@Command(
        name = "package",
        description = {
            "Make an archive that runs without checkout and Maven, on machines with Java 25.",
            "The same commit makes the same bytes, from a clean checkout and with the same Java.",
            "With --image, an image for containers as well, in a file that 'docker load' and 'skopeo copy' take."
        },
        mixinStandardHelpOptions = true)
public final class PackageCommand implements Callable<Integer> {

    private static final int BYTES_IN_A_MEGABYTE = 1_000_000;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Where it is put. Default: target/package of the checkout.")
    private @Nullable Path output;

    @Option(names = "--image", description = "Make an image for containers, too. Needs no container engine.")
    private boolean image;

    @Option(
            names = "--base",
            paramLabel = "IMAGE",
            description = "What the image is built upon, with a Java 25, a shell and a C library, such as"
                    + " eclipse-temurin:25-jre, fetched from its registry. Default: those of this machine.")
    private @Nullable String base;

    public static void main(String[] args) {
        System.exit(Parley.execute(new PackageCommand(), args));
    }

    @Override
    public Integer call() throws IOException {
        Checkout checkout = new Checkout(Path.of(System.getProperty("parley.home", ".")));
        if (!checkout.isBuilt()) {
            System.err.println("parley: " + checkout.root().toAbsolutePath() + " is not built: run ./parley package");
            return CommandLine.ExitCode.SOFTWARE;
        }
        Path folder = output == null ? checkout.root().resolve("target/package") : output;
        Archive archive = write(checkout, folder, version(), Deflater.BEST_SPEED);
        System.out.printf(
                "%s%n%d MB, sha256 %s%n",
                archive.file(), Files.size(archive.file()) / BYTES_IN_A_MEGABYTE, archive.sha256());
        if (image || base != null) {
            Path file = new Image(checkout, version(), Optional.ofNullable(base)).write(folder);
            System.out.printf("%s%n%d MB%n", file, Files.size(file) / BYTES_IN_A_MEGABYTE);
        }
        return CommandLine.ExitCode.OK;
    }

    /** Writes {@code parley-VERSION.tar.gz} into {@code folder}. */
    static Archive write(Checkout checkout, Path folder, String version, int level) throws IOException {
        String name = "parley-" + version;
        return Archive.write(
                folder.resolve(name + ".tar.gz"),
                name,
                Distribution.of(checkout).items(),
                checkout.committed(),
                level);
    }

    private static String version() {
        String version = Parley.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }
}
