/** What the server publishes about itself: its calls and its topics. */
@NullMarked
package dev.parley.ingest.contract;

import org.jspecify.annotations.NullMarked;
