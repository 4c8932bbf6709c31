/** Tests of the front door, over real HTTP, with a made-up log, feed and read model behind it. */
@NullMarked
package dev.parley.ingest;

import org.jspecify.annotations.NullMarked;
