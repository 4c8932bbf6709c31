/** Starts, stops, kills and restarts the stack's parts for real, and drives the scripted model server over HTTP. */
@NullMarked
package dev.parley.stack.scripted;

import org.jspecify.annotations.NullMarked;
