/** Tests of what model servers say. */
@NullMarked
package dev.parley.llm.stream;

import org.jspecify.annotations.NullMarked;
