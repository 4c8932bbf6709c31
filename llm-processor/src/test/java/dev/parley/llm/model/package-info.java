/** Tests of the engines. */
@NullMarked
package dev.parley.llm.model;

import org.jspecify.annotations.NullMarked;
