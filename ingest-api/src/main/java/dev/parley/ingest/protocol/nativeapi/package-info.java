/** The native protocol, under {@code /api}: {@link dev.parley.ingest.protocol.nativeapi.NativeApi} has its calls. */
@NullMarked
package dev.parley.ingest.protocol.nativeapi;

import org.jspecify.annotations.NullMarked;
