/**
 * Avro in the Confluent wire format (magic byte 0, four bytes of schema id, the record) over any registry that speaks
 * Confluent's REST API. Schemas are registered when topics are provisioned; a running service only looks ids up.
 */
@NullMarked
package dev.parley.schemas.serde;

import org.jspecify.annotations.NullMarked;
