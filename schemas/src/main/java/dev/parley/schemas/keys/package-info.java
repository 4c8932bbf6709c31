/**
 * What names things: the keys of records, the ids within them and those of the records themselves. Their texts are on the
 * topics, in stores and in cursors that clients hold, so they are for ever; they are put together and taken apart here and
 * nowhere else.
 *
 * <p>Records carry ids as text. Whoever reads one gives the text its type, and whoever writes one takes the text out again.
 * A key checks what it is made of, since a wrong one would be read as another's. An id is checked by who lets it in.
 */
@NullMarked
package dev.parley.schemas.keys;

import org.jspecify.annotations.NullMarked;
