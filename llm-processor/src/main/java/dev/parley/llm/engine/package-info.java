/** Engines: what turns a prompt into an answer, and how their failures are told apart. */
@NullMarked
package dev.parley.llm.engine;

import org.jspecify.annotations.NullMarked;
