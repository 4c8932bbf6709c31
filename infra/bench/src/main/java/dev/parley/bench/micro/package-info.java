/** Micro-benchmarks, run by {@code ./parley bench micro}: the one package that knows JMH. */
@NullMarked
package dev.parley.bench.micro;

import org.jspecify.annotations.NullMarked;
