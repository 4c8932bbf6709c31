/**
 * What every module agrees on: keys and ids, the catalogue of topics, record headers, error codes.
 *
 * <p>Nothing here connects to anything; a module that only needs to know what a record is depends on this alone.
 */
@NullMarked
package dev.parley.schemas;

import org.jspecify.annotations.NullMarked;
