/** Serves the web page, a client of the native protocol like any other. */
@NullMarked
package dev.parley.ingest.page;

import org.jspecify.annotations.NullMarked;
