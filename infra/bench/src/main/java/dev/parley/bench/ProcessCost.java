package dev.parley.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a process costs, as the operating system counts it. Figures are 0 where it does not tell. */
final class ProcessCost {

    private ProcessCost() {}

    /** CPU time of this process so far. */
    static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }

    /** Resident memory of this process, at its highest. */
    static long peakResidentBytes() {
        return status(ProcessHandle.current().pid(), "VmHWM:");
    }

    static long residentBytes(long pid) {
        return status(pid, "VmRSS:");
    }

    static long threads(long pid) {
        return status(pid, "Threads:") / 1024;
    }

    private static long status(long pid, String field) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
            return 1024
                    * lines.filter(line -> line.startsWith(field))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .findFirst()
                            .orElse(0);
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    static long openFiles(long pid) {
        return descriptors(pid, "");
    }

    static long openSockets(long pid) {
        return descriptors(pid, "socket:");
    }

    private static long descriptors(long pid, String kind) {
        try (Stream<Path> all = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            return all.filter(descriptor -> kind.isEmpty() || target(descriptor).startsWith(kind))
                    .count();
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // Closed meanwhile.
        }
    }

    /** What is reachable on this process's heap. */
    static long liveHeapBytes() {
        // Twice: what the first leaves to reference handlers is gone after the second.
        System.gc();
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
