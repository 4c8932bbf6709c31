/** AG-UI's runs, under {@code /agui}: a thread is a conversation, and a run of it a turn. */
@NullMarked
package dev.parley.ingest.protocol.agui;

import org.jspecify.annotations.NullMarked;
