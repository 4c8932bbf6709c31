/** A server of the Model Context Protocol, at {@code /mcp}: workspaces are searched, questions asked, conversations read. */
@NullMarked
package dev.parley.ingest.protocol.mcp;

import org.jspecify.annotations.NullMarked;
