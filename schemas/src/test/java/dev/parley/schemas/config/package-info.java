/** Tests of configuration reading. */
@NullMarked
package dev.parley.schemas.config;

import org.jspecify.annotations.NullMarked;
