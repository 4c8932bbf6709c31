/**
 * A model server that is none: it says what a script says, in OpenAI's chat completions or Anthropic's messages, and plays
 * every oddity of real model servers by name. For tests, benchmarks, fault trials and demos.
 */
@NullMarked
package dev.parley.stack.scripted;

import org.jspecify.annotations.NullMarked;
