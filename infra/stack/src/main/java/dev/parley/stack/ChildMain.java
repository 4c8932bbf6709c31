package dev.parley.stack;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * Runs another program's {@code main} and ends the process when standard input ends. The parent holds the other end of
 * that pipe, so the child dies with it even after a {@code kill -9}. Uses nothing but the JDK: it travels alone in a
 * jar of its own. Interrupts from the terminal are not for us: the parent decides when a child ends.
 */
final class ChildMain {

    private static final int PARENT_GONE = 3;

    private ChildMain() {}

    /** {@code arguments}: the class to run, and its arguments. */
    public static void main(String[] arguments) throws ReflectiveOperationException {
        Thread watch = new Thread(ChildMain::haltWithParent, "parent-watch");
        watch.setDaemon(true);
        watch.start();
        try {
            Class.forName(arguments[0]).getMethod("main", String[].class).invoke(null, (Object)
                    Arrays.copyOfRange(arguments, 1, arguments.length));
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("the child's program failed", e.getCause());
        }
    }

    private static void haltWithParent() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is ever sent: only the end matters.
            }
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
        Runtime.getRuntime().halt(PARENT_GONE);
    }
}
