/** Tests of configuration reading. */
@NullMarked
package dev.parley.schemas.settings;

import org.jspecify.annotations.NullMarked;
