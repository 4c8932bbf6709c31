package dev.parley.launcher;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The files that are to become documents, by the paths that they get in the workspace: of a folder, what it holds, named
 * from there on; of a file, its name.
 *
 * @param files by path, in its order
 * @param failed why, by how the file or folder is called
 */
record Uploads(Map<String, Path> files, Map<String, String> failed) {

    /** Folders of what others have made: no knowledge of anybody's. */
    private static final Set<String> NOT_KNOWLEDGE =
            Set.of("node_modules", "target", "build", "dist", "out", "__pycache__", "venv", "vendor");

    /**
     * Finds the files.
     *
     * @param prefix before every path: empty, or a folder with its slash
     */
    static Uploads of(List<Path> named, String prefix) {
        Walk walk = new Walk(prefix);
        for (Path path : named) {
            if (!Files.exists(path)) {
                walk.failed.put(path.toString(), "there is no such file or folder");
            } else if (Files.isDirectory(path)) {
                walk.folder(path);
            } else {
                walk.add(path, name(path));
            }
        }
        return new Uploads(walk.files, walk.failed);
    }

    private static String name(Path path) {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? "" : name.toString();
    }

    private static final class Walk {
        private final String prefix;
        private final Map<String, Path> files = new TreeMap<>();
        private final Map<String, String> failed = new LinkedHashMap<>();

        Walk(String prefix) {
            this.prefix = prefix;
        }

        void add(Path file, String name) {
            Path other = files.putIfAbsent(prefix + name, file);
            if (other != null && !isSameFile(other, file)) {
                failed.put(file.toString(), "it would have the path of " + other);
            }
        }

        private static boolean isSameFile(Path one, Path other) {
            try {
                return Files.isSameFile(one, other);
            } catch (IOException e) {
                return false;
            }
        }

        void folder(Path root) {
            List<Path> found = new ArrayList<>();
            try {
                Files.walkFileTree(root, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                        String name = name(folder);
                        return !folder.equals(root) && (name.startsWith(".") || NOT_KNOWLEDGE.contains(name))
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (attributes.isRegularFile() && !name(file).startsWith(".")) {
                            found.add(file);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e) {
                        failed.put(file.toString(), "it cannot be read");
                        return FileVisitResult.CONTINUE;
                    }
                });
            } catch (IOException e) {
                failed.put(root.toString(), "it cannot be read");
            }
            found.sort(Comparator.naturalOrder());
            for (Path file : found) {
                add(
                        file,
                        root.relativize(file)
                                .toString()
                                .replace(file.getFileSystem().getSeparator(), "/"));
            }
        }
    }
}
