package dev.parley.topologies.aggregate;

/**
 * What is decided on.
 *
 * @param id by which what was decided names it; the same for a repeat
 */
public record Cause<I>(I input, String id) {}
