package dev.parley.launcher;

import dev.parley.launcher.IngestReport.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Puts files into a workspace, some at a time. */
final class Ingestion {

    /** The server reads few at a time: more would only wait there. */
    private static final int PARALLEL = 8;

    private static final long MAX_BYTES = 8L * 1024 * 1024;
    private static final int HEAD_BYTES = 8000;

    /** By whose extensions someone says that there is something to read: where there is not, that is a failure. */
    private static final Set<String> SURELY_DOCUMENTS = Set.of("md", "markdown", "txt", "html", "htm", "pdf");

    private final DocumentClient client;
    private final IngestReport report;
    private final ExecutorService uploads =
            Executors.newFixedThreadPool(PARALLEL, Thread.ofVirtual().factory());
    private volatile boolean stopped;

    Ingestion(DocumentClient client, IngestReport report) {
        this.client = client;
        this.report = report;
    }

    /**
     * Puts the files; returns when all are told of.
     *
     * @throws CommandFailedException where the server cannot be asked
     */
    void put(Map<String, Path> files) throws InterruptedException {
        List<Future<?>> all = new ArrayList<>();
        files.forEach((path, file) -> all.add(uploads.submit(() -> put(path, file))));
        try {
            for (Future<?> one : all) {
                one.get();
            }
        } catch (ExecutionException e) {
            if (stopped) {
                return;
            }
            uploads.shutdownNow();
            throw e.getCause() instanceof CommandFailedException failed
                    ? failed
                    : new CommandFailedException("something went wrong here: " + e.getCause(), e);
        }
    }

    private void put(String path, Path file) {
        byte[] bytes;
        try {
            if (isBinary(path, file)) {
                report.tell(path, Outcome.SKIPPED, "it is binary, not text");
                return;
            }
            if (Files.size(file) > MAX_BYTES) {
                report.tell(path, Outcome.FAILED, "it has more than " + MAX_BYTES + " bytes");
                return;
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            report.tell(path, Outcome.FAILED, "it cannot be read");
            return;
        }
        if (stopped) {
            return;
        }
        switch (client.put(path, bytes)) {
            case DocumentClient.Put.Added added -> report.tell(path, Outcome.ADDED, "");
            case DocumentClient.Put.Replaced replaced -> report.tell(path, Outcome.REPLACED, "");
            case DocumentClient.Put.Unchanged unchanged -> report.tell(path, Outcome.UNCHANGED, "");
            case DocumentClient.Put.Refused(String code, String detail) ->
                report.tell(path, isNoMatter(path, code) ? Outcome.SKIPPED : Outcome.FAILED, detail);
        }
    }

    private static boolean isNoMatter(String path, String code) {
        return switch (code) {
            case "document_empty" -> true;
            case "document_unreadable" -> !SURELY_DOCUMENTS.contains(extension(path));
            default -> false;
        };
    }

    /** Told by its beginning, so that gigabytes need not be read, nor sent. */
    private static boolean isBinary(String path, Path file) throws IOException {
        if (SURELY_DOCUMENTS.contains(extension(path))) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] head = in.readNBytes(HEAD_BYTES);
            if (head.length >= 2 && (head[0] & head[1] & 0xFF) == 0xFE && head[0] != head[1]) {
                return false; // UTF-16, which is full of zeros.
            }
            for (byte each : head) {
                if (each == 0) {
                    return true;
                }
            }
            return false;
        }
    }

    private static String extension(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    /** Deletes what the workspace has under {@code prefix} and is not among {@code kept}. */
    void deleteMissing(Set<String> kept, String prefix) {
        for (String path : client.paths()) {
            if (path.startsWith(prefix) && !kept.contains(path) && !stopped) {
                client.delete(path);
                report.tell(path, Outcome.DELETED, "");
            }
        }
    }

    /** Lets go of what is under way. */
    void stop() {
        stopped = true;
        uploads.shutdownNow();
    }
}
