package dev.parley.faults;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A file of all trials that were played, a line of JSON each, so that a long campaign can be played in pieces. */
final class KeptTrials {

    private static final ObjectMapper MAPPER =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private final Path file;

    KeptTrials(Path file) {
        this.file = file;
    }

    /** Written before the next trial begins: whatever ends that one, this one is kept. */
    void keep(TrialResult trial) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            Files.writeString(
                    file,
                    MAPPER.writeValueAsString(trial) + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("the trial cannot be kept in " + file, e);
        }
    }

    /**
     * All of them, in the order in which they were played.
     *
     * @throws IOException where the file is not of this form
     */
    List<TrialResult> read() throws IOException {
        return Files.exists(file)
                ? Files.readAllLines(file).stream()
                        .filter(line -> !line.isBlank())
                        .map(this::trial)
                        .toList()
                : List.of();
    }

    private TrialResult trial(String line) {
        try {
            return MAPPER.readValue(line, TrialResult.class);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(file + " has a line that is not a trial", e);
        }
    }
}
