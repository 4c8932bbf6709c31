/** Tests of the kernel, by the smallest aggregate there is. */
@NullMarked
package dev.parley.topologies.aggregate;

import org.jspecify.annotations.NullMarked;
