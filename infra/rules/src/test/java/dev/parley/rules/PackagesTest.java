package dev.parley.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Nobody lies in another module's package to reach what is private to it, tests included. */
class PackagesTest {

    @Test
    void eachPackageIsInOneModule() throws IOException {
        Map<String, Set<Path>> modulesOf = new TreeMap<>();
        for (Path module : modules()) {
            for (String name : packages(module)) {
                modulesOf.computeIfAbsent(name, any -> new TreeSet<>()).add(module);
            }
        }

        assertThat(modulesOf).containsKeys("dev.parley.schemas", "dev.parley.rules");
        assertThat(modulesOf)
                .allSatisfy((name, modules) ->
                        assertThat(modules).as("modules with package %s", name).hasSize(1));
    }

    /** Maven runs a module's tests in the module's folder, which is two below the root. */
    private static List<Path> modules() throws IOException {
        Path root = Path.of("..", "..").toAbsolutePath().normalize();
        try (Stream<Path> folders = Files.walk(root, 2)) {
            return folders.filter(folder -> Files.exists(folder.resolve("pom.xml")))
                    .toList();
        }
    }

    /** Of the sources of a module, its tests' among them. */
    private static Set<String> packages(Path module) throws IOException {
        Set<String> packages = new TreeSet<>();
        for (String kind : List.of("main", "test")) {
            Path sources = module.resolve("src").resolve(kind).resolve("java");
            if (Files.exists(sources)) {
                try (Stream<Path> files = Files.walk(sources)) {
                    files.filter(file -> file.toString().endsWith(".java"))
                            .map(file -> sources.relativize(file.getParent()).toString())
                            .forEach(folder -> packages.add(folder.replace('/', '.')));
                }
            }
        }
        return packages;
    }
}
