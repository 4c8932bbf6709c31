package dev.parley.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {

    private static final Instant COMMITTED = Instant.parse("2026-02-03T04:05:06Z");

    @TempDir
    private Path folder;

    private Archive write(String name, Instant changed) throws IOException {
        Path program = Files.writeString(folder.resolve("program-" + name), "#!/bin/sh");
        Files.setLastModifiedTime(program, FileTime.from(changed));
        TreeMap<String, Item> items = new TreeMap<>();
        items.put("lib/b.jar", new Item.Content("b".getBytes(StandardCharsets.UTF_8)));
        items.put("bin/program", new Item.Copy(program, true));
        items.put("bin/also", new Item.Link("program"));
        items.put("lib/" + "long/".repeat(40) + "a.jar", new Item.Content(new byte[0]));
        return Archive.write(folder.resolve(name + ".tar.gz"), "parley-1", items, COMMITTED, Deflater.BEST_SPEED);
    }

    @Test
    void theSameContentIsTheSameBytesWheneverTheFilesWereWritten() throws IOException {
        Archive one = write("one", Instant.EPOCH);
        Archive other = write("other", Instant.now());

        assertThat(other.sha256()).isEqualTo(one.sha256());
        assertThat(Files.mismatch(one.file(), other.file())).isEqualTo(-1);
        assertThat(folder.resolve("one.tar.gz.sha256")).hasContent(one.sha256() + "  one.tar.gz\n");
    }

    @Test
    void entriesAreSortedOfOneTimeAndOfNobodyInParticular() throws IOException {
        List<TarArchiveEntry> entries = new ArrayList<>();
        try (InputStream in = Files.newInputStream(write("one", Instant.EPOCH).file());
                TarArchiveInputStream tar = new TarArchiveInputStream(new GZIPInputStream(in))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                entries.add(entry);
            }
        }

        assertThat(entries)
                .extracting(TarArchiveEntry::getName)
                .isSorted()
                .allMatch(name -> name.startsWith("parley-1/"));
        assertThat(entries).allSatisfy(entry -> {
            assertThat(entry.getModTime().toInstant()).isEqualTo(COMMITTED);
            assertThat(entry.getLongUserId()).isZero();
            assertThat(entry.getUserName()).isEqualTo("root");
        });
        assertThat(entries.get(0).getLinkName()).isEqualTo("program");
        assertThat(entries.get(1).getMode()).isEqualTo(0100755);
        assertThat(entries.get(2).getMode()).isEqualTo(0100644);
    }
}
