/**
 * The read model: a sink that folds the log of record into Postgres exactly once, and the queries that front doors ask
 * of it.
 */
@NullMarked
package dev.parley.sinks.postgres;

import org.jspecify.annotations.NullMarked;
