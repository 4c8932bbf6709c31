/** Looks into the indexes of workspaces, wherever those are, by way of topics. */
@NullMarked
package dev.parley.ingest.search;

import org.jspecify.annotations.NullMarked;
