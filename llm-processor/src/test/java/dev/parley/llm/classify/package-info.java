/** Tests of what is particular to classifying. */
@NullMarked
package dev.parley.llm.classify;

import org.jspecify.annotations.NullMarked;
