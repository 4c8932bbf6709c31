/** How records come into a topology, with poison set aside, and how a topology's own state records are encoded. */
@NullMarked
package dev.parley.topologies.aggregate;

import org.jspecify.annotations.NullMarked;
