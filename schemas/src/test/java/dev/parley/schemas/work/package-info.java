/** Tests of the kinds of work. */
@NullMarked
package dev.parley.schemas.work;

import org.jspecify.annotations.NullMarked;
