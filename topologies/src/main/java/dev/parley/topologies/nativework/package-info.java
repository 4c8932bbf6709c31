/**
 * What this process is doing in native code, so that it does not end in the middle of it. Knows none of the libraries: who
 * calls into one says so here, and whoever ends the process waits.
 */
@NullMarked
package dev.parley.topologies.nativework;

import org.jspecify.annotations.NullMarked;
