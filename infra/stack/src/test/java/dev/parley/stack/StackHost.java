package dev.parley.stack;

import java.nio.file.Path;

/** Hosts a kept stack in a process of its own, for tests that kill it. Says {@code READY} and the addresses. */
final class StackHost {

    private StackHost() {}

    public static void main(String[] arguments) throws Exception {
        long start = System.nanoTime();
        StackSettings settings = StackSettings.kept(Path.of(arguments[0]))
                .withPorts(0, 0, 0)
                .withProgress((part, step) -> System.out.println(part + ": " + step));
        try (Stack stack = Stack.start(settings)) {
            System.out.println("READY " + stack.bootstrapServers() + " " + stack.jdbcUrl() + " " + stack.registryUrl()
                    + " after " + (System.nanoTime() - start) / 1_000_000 + " ms");
            while (System.in.read() >= 0) {
                // Stays until it is told to go, or killed.
            }
            start = System.nanoTime();
        }
        System.out.println("CLOSED after " + (System.nanoTime() - start) / 1_000_000 + " ms");
    }
}
