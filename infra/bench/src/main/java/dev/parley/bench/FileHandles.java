package dev.parley.bench;

import java.lang.management.ManagementFactory;

/** File handles, of which each open stream takes one: whether a process may have as many as it needs. */
final class FileHandles {

    /** Besides the streams: logs of the broker, connections to it, libraries, a burst's requests. */
    private static final int SPARE = 2_000;

    private FileHandles() {}

    /**
     * Fails early where this system gives a process too few. A JVM raises its own limit to the hard one by itself, so that is
     * what counts.
     */
    static void check(int streams) {
        var system = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
        int needed = streams + SPARE;
        if (system instanceof com.sun.management.UnixOperatingSystemMXBean unix
                && unix.getMaxFileDescriptorCount() < needed) {
            throw new CannotMeasureException(streams + " streams need " + needed
                    + " open files in one process, and this system allows " + unix.getMaxFileDescriptorCount()
                    + ": raise the hard limit ('ulimit -Hn " + needed
                    + "' as root, or LimitNOFILE, or a line in /etc/security/limits.conf), or measure fewer streams");
        }
    }
}
