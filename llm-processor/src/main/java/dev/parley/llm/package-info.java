/** The role of the workers: which kinds of work they do, by which engines. */
@NullMarked
package dev.parley.llm;

import org.jspecify.annotations.NullMarked;
