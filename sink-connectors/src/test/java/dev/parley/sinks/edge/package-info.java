/** Tests of the edge. */
@NullMarked
package dev.parley.sinks.edge;

import org.jspecify.annotations.NullMarked;
