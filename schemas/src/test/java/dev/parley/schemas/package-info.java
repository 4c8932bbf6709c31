/** Tests of keys, ids, headers and the catalogue. */
@NullMarked
package dev.parley.schemas;

import org.jspecify.annotations.NullMarked;
