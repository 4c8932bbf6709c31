/** Tests of how state records are encoded. */
@NullMarked
package dev.parley.topologies.records;

import org.jspecify.annotations.NullMarked;
