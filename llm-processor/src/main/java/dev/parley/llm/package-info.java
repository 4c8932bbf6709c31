/**
 * The workers: a share group takes generation requests, asks engines, and writes what they say to the log.
 *
 * <p>Threads: one platform thread owns each share consumer, one the controls consumer, one the configuration's, one keeps
 * time for all runs; each run waits for its engine on a virtual thread of its own.
 */
@NullMarked
package dev.parley.llm;

import org.jspecify.annotations.NullMarked;
