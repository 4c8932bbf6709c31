/** Tests of the sink and the read model. */
@NullMarked
package dev.parley.sinks.postgres;

import org.jspecify.annotations.NullMarked;
