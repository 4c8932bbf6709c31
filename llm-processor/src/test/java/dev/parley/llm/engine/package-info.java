/** Tests of the engines. */
@NullMarked
package dev.parley.llm.engine;

import org.jspecify.annotations.NullMarked;
