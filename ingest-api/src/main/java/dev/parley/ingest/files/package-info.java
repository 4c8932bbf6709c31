/**
 * Images and files that callers send with their messages: read from whatever form a protocol has for them, checked, kept by their
 * content on the log, and handed out again.
 */
@NullMarked
package dev.parley.ingest.files;

import org.jspecify.annotations.NullMarked;
