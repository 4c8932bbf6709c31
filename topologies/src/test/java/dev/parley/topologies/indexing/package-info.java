/** Tests of indexing. */
@NullMarked
package dev.parley.topologies.indexing;

import org.jspecify.annotations.NullMarked;
