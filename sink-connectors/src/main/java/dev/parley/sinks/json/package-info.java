/** The native JSON of what clients see, written in one place for event streams, tables and the answers of the API. */
@NullMarked
package dev.parley.sinks.json;

import org.jspecify.annotations.NullMarked;
