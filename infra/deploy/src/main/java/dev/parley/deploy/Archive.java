package dev.parley.deploy;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * A compressed tar of the same bytes whenever and wherever it is written: entries in the order of their paths, of one time,
 * owned by nobody in particular, and of one of two modes.
 *
 * @param file the archive
 * @param sha256 its check sum, which lies beside it as well, in the form of {@code sha256sum}
 */
record Archive(Path file, String sha256) {

    private static final int PLAIN = 0100644;
    private static final int EXECUTABLE = 0100755;
    private static final int BUFFER = 1 << 16;

    /**
     * Writes it; what lay there before stays until the new one is whole.
     *
     * @param root the folder that it unpacks to
     * @param level of {@link Deflater}: most of what is packed is compressed already, and gains little from effort
     */
    static Archive write(Path file, String root, SortedMap<String, Item> items, Instant time, int level)
            throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        MessageDigest digest = newDigest();
        try (OutputStream out = Files.newOutputStream(unfinished);
                TarArchiveOutputStream tar = new TarArchiveOutputStream(
                        new Gzip(new DigestOutputStream(new BufferedOutputStream(out, BUFFER), digest), level))) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (Map.Entry<String, Item> item : items.entrySet()) {
                add(tar, root + "/" + item.getKey(), item.getValue(), time);
            }
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
        Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        String sum = HexFormat.of().formatHex(digest.digest());
        Files.writeString(file.resolveSibling(file.getFileName() + ".sha256"), sum + "  " + file.getFileName() + "\n");
        return new Archive(file, sum);
    }

    private static void add(TarArchiveOutputStream tar, String path, Item item, Instant time) throws IOException {
        switch (item) {
            case Item.Copy(Path source, boolean executable) -> {
                begin(tar, new TarArchiveEntry(path), executable, Files.size(source), time);
                Files.copy(source, tar);
            }
            case Item.Content(byte[] bytes) -> {
                begin(tar, new TarArchiveEntry(path), false, bytes.length, time);
                tar.write(bytes);
            }
            case Item.Link(String target) -> {
                TarArchiveEntry entry = new TarArchiveEntry(path, TarConstants.LF_SYMLINK);
                entry.setLinkName(target);
                begin(tar, entry, true, 0, time);
            }
        }
        tar.closeArchiveEntry();
    }

    private static void begin(
            TarArchiveOutputStream tar, TarArchiveEntry entry, boolean executable, long size, Instant time)
            throws IOException {
        entry.setMode(executable ? EXECUTABLE : PLAIN);
        entry.setSize(size);
        entry.setModTime(time.toEpochMilli());
        entry.setIds(0, 0);
        entry.setNames("root", "root");
        tar.putArchiveEntry(entry);
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has it", e);
        }
    }

    /** Its head has no time in it. */
    private static final class Gzip extends GZIPOutputStream {
        Gzip(OutputStream out, int level) throws IOException {
            super(out, BUFFER);
            def.setLevel(level);
        }
    }
}
