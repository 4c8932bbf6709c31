package dev.parley.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class MachineRuntimeTest {

    @Test
    void theLibrariesOfAJavaAreFoundWithThoseThatJarsAreLinkedTo() throws IOException {
        Path java = Path.of(System.getProperty("java.home"));

        assertThat(MachineRuntime.libraries(java))
                .extracting(library -> String.valueOf(library.getFileName()))
                .contains("libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1")
                .anyMatch(name -> name.startsWith("ld-linux"))
                .doesNotContain("libjvm.so");
    }

    @Test
    void theLaunchersScriptFindsItsPrograms() throws IOException {
        List<String> names = MachineRuntime.programs().stream()
                .map(program -> String.valueOf(program.getFileName()))
                .toList();

        assertThat(names).containsExactly("sh", "sed", "readlink", "dirname");
        assertThat(Manifests.text("tarball/bin/parley")).contains("sed -n", "readlink -f", "dirname ");
    }
}
