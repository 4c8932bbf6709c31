/** The documents of workspaces: uploads become text, text goes on the log, and what is there comes from the read model. */
@NullMarked
package dev.parley.ingest.documents;

import org.jspecify.annotations.NullMarked;
