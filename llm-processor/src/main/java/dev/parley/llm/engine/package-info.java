/**
 * Engines: the names by which routes ask for an answer, and the endpoints behind them. Chooses the endpoint, turns from one
 * that fails to another before anything was said, and falls back to other engines.
 */
@NullMarked
package dev.parley.llm.engine;

import org.jspecify.annotations.NullMarked;
