/** Tests of the serialisers against a registry served over HTTP. */
@NullMarked
package dev.parley.schemas.serde;

import org.jspecify.annotations.NullMarked;
