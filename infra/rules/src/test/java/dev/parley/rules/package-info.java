/** What holds between modules, told from all of them at once. */
@NullMarked
package dev.parley.rules;

import org.jspecify.annotations.NullMarked;
