/** Tests of what concerns all topologies. */
@NullMarked
package dev.parley.topologies;

import org.jspecify.annotations.NullMarked;
