package dev.parley.launcher;

import dev.parley.schemas.settings.Secret;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Parley's own documentation, which comes with it: put into a workspace of its own, so that there is something to ask about
 * from the first minute. It is put there in the background; nothing waits for it, and nothing fails with it.
 */
final class OwnDocuments implements AutoCloseable {

    static final String WORKSPACE = "parley-docs";

    private static final String FOLDER = "/parley-docs";

    private final Thread thread;

    private OwnDocuments(Thread thread) {
        this.thread = thread;
    }

    /**
     * Begins to put the documents.
     *
     * @param tenantsByKey who may call the server; each tenant has a workspace of its own
     * @param progress is told how it went, in one line
     */
    static OwnDocuments start(String server, Map<Secret, String> tenantsByKey, Consumer<String> progress) {
        return new OwnDocuments(Thread.ofVirtual().name("own-documents").start(() -> {
            try {
                Map<String, byte[]> documents = read();
                int changed = 0;
                for (Optional<String> key : keys(tenantsByKey)) {
                    try (DocumentClient client = new DocumentClient(URI.create(server), WORKSPACE, key)) {
                        changed += put(client, documents);
                    }
                }
                progress.accept("Workspace " + WORKSPACE + ": " + documents.size() + " pages of documentation, "
                        + changed + " of them new or changed");
            } catch (CommandFailedException | IOException e) {
                if (!Thread.currentThread().isInterrupted()) {
                    progress.accept("Workspace " + WORKSPACE + " is not up to date: " + e.getMessage());
                }
            }
        }));
    }

    /** One key of each tenant; none where none is needed. */
    private static Collection<Optional<String>> keys(Map<Secret, String> tenantsByKey) {
        if (tenantsByKey.isEmpty()) {
            return List.of(Optional.empty());
        }
        Map<String, Optional<String>> keys = new LinkedHashMap<>();
        tenantsByKey.forEach((key, tenant) -> keys.putIfAbsent(tenant, Optional.of(key.reveal())));
        return keys.values();
    }

    /** Puts the documents; returns how many were not there, or not like this. */
    static int put(DocumentClient client, Map<String, byte[]> documents) {
        int changed = 0;
        for (Map.Entry<String, byte[]> document : documents.entrySet()) {
            switch (client.put(document.getKey(), document.getValue())) {
                case DocumentClient.Put.Added added -> changed++;
                case DocumentClient.Put.Replaced replaced -> changed++;
                case DocumentClient.Put.Unchanged unchanged -> {} // As it should be, from the second start on.
                case DocumentClient.Put.Refused(String code, String detail) ->
                    throw new CommandFailedException(document.getKey() + ": " + detail);
            }
        }
        return changed;
    }

    /** The documents by path, from the launcher's jar, or from the folder of its classes. */
    static Map<String, byte[]> read() throws IOException {
        try {
            URI place = Objects.requireNonNull(OwnDocuments.class.getResource(FOLDER + "/README.md"), FOLDER)
                    .toURI();
            if (place.getScheme().equals("file")) {
                return read(Objects.requireNonNull(Path.of(place).getParent()));
            }
            try (FileSystem jar = FileSystems.newFileSystem(place, Map.of())) {
                return read(jar.getPath(FOLDER));
            }
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the address of a resource is not a URI", e);
        }
    }

    private static Map<String, byte[]> read(Path folder) throws IOException {
        Map<String, byte[]> documents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                documents.put(folder.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
            }
        }
        return documents;
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}
