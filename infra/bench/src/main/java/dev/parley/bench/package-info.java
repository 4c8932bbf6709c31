/**
 * Benchmarks: ratios and differences taken in one run on one machine, with the counts that prove nothing was dropped.
 */
@NullMarked
package dev.parley.bench;

import org.jspecify.annotations.NullMarked;
