/** Models: what turns a prompt into an answer at one place, asked once, and how its failures are told apart. */
@NullMarked
package dev.parley.llm.model;

import org.jspecify.annotations.NullMarked;
