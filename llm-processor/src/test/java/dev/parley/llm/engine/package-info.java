/** Tests of choosing endpoints, retrying, and falling back. */
@NullMarked
package dev.parley.llm.engine;

import org.jspecify.annotations.NullMarked;
