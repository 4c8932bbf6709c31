/**
 * The HTTP front door: requests become commands, the feed becomes event streams, the read model becomes answers.
 *
 * <p>{@link dev.parley.ingest.IngestApi} wires its rooms by hand. They know each other in one direction only:
 *
 * <pre>{@code
 *   http ◀── log ◀── door ◀── answer ◀── protocol.{nativeapi, openai, aisdk} ◀── IngestApi ──▶ contract, page
 *             ▲                               │
 *             └── documents, search ◀─────────┘
 * }</pre>
 */
@NullMarked
package dev.parley.ingest;

import org.jspecify.annotations.NullMarked;
