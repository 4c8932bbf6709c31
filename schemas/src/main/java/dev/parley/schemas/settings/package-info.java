/**
 * Configuration: read once from flags and environment, checked as a whole, handed on as records.
 */
@NullMarked
package dev.parley.schemas.settings;

import org.jspecify.annotations.NullMarked;
