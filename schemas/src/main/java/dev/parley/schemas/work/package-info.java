/** The kinds of work: what is done by workers, under which bounds. */
@NullMarked
package dev.parley.schemas.work;

import org.jspecify.annotations.NullMarked;
