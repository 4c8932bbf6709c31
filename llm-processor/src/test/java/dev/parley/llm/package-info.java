/** Tests of the workers. */
@NullMarked
package dev.parley.llm;

import org.jspecify.annotations.NullMarked;
