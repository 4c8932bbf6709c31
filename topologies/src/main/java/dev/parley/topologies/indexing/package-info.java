/**
 * Indexing: cuts the documents of {@code chat.documents} into passages, embeds them, and writes them to
 * {@code chat.passages}, where every task that searches finds them ready.
 *
 * <p>Apart from the Streams applications, because embedding is slow and retrieval must not wait for it: a stream thread
 * that embeds a book answers no question meanwhile. What is written is a function of the document and the model alone, so
 * a repeat changes nothing.
 */
@NullMarked
package dev.parley.topologies.indexing;

import org.jspecify.annotations.NullMarked;
