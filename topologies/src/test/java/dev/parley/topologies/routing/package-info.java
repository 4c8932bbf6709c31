/** Tests of routing. */
@NullMarked
package dev.parley.topologies.routing;

import org.jspecify.annotations.NullMarked;
