/**
 * Images and files that came with messages: where they are told apart from what is said of them, and how whoever needs a content
 * reads it from the log.
 */
@NullMarked
package dev.parley.schemas.files;

import org.jspecify.annotations.NullMarked;
