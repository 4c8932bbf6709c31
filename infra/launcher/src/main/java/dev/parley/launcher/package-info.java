/**
 * The command line: starts roles in this process, alone or with an embedded Kafka, Postgres and schema registry, and
 * talks to a running server from a terminal.
 *
 * <p>The wiring of the whole product is in {@link dev.parley.launcher.Roles}, by hand, in one place.
 */
@NullMarked
package dev.parley.launcher;

import org.jspecify.annotations.NullMarked;
