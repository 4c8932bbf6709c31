/**
 * Micro-benchmarks of what is public. Those of package-private code lie in its packages. Run by {@code ./parley bench micro};
 * nothing else may know JMH.
 */
@NullMarked
package dev.parley.benchmarks;

import org.jspecify.annotations.NullMarked;
