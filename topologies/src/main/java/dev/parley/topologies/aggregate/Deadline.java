package dev.parley.topologies.aggregate;

import java.time.Duration;

/**
 * How long a state may stand, and what is decided on where it has stood for as long. A deadline with an equal input is the
 * same one, whose time goes on running.
 */
public record Deadline<I>(Cause<I> cause, Duration limit) {}
