/** Tests of the one way of all work. */
@NullMarked
package dev.parley.llm.work;

import org.jspecify.annotations.NullMarked;
