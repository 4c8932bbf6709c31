package dev.parley.deploy;

import java.nio.file.Path;

/** One entry of an archive, by what it is made of. */
sealed interface Item {

    /** A copy of a file. */
    record Copy(Path source, boolean executable) implements Item {}

    /** A file of these bytes. */
    @SuppressWarnings("ArrayRecordComponent") // Written, never compared.
    record Content(byte[] bytes) implements Item {}

    /** A symbolic link, {@code target} being relative to where it lies. */
    record Link(String target) implements Item {}
}
