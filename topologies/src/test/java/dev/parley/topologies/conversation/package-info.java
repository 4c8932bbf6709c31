/** Tests of the conversation topology. */
@NullMarked
package dev.parley.topologies.conversation;

import org.jspecify.annotations.NullMarked;
