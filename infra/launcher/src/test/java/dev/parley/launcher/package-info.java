/** Tests of the whole: module boundaries, and the pipeline as a user meets it. */
@NullMarked
package dev.parley.launcher;

import org.jspecify.annotations.NullMarked;
