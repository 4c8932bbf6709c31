/** Tests of retrieval. */
@NullMarked
package dev.parley.topologies.retrieval;

import org.jspecify.annotations.NullMarked;
