/** What is particular to asking a model which way a turn goes: that former versions asked in another way. */
@NullMarked
package dev.parley.llm.classify;

import org.jspecify.annotations.NullMarked;
