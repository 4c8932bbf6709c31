/** Tests of routing. */
@NullMarked
package dev.parley.topologies.preparing;

import org.jspecify.annotations.NullMarked;
