/** Tests of assembly: the pure core, its processor under crashes, and the topology. */
@NullMarked
package dev.parley.topologies.assembly;

import org.jspecify.annotations.NullMarked;
