package dev.parley.ingest;

import dev.parley.ingest.search.Embeddings;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.DocumentQueries;

/**
 * From where the front door knows what became of what it put on the log.
 *
 * @param edge over {@code feed}
 * @param embeddings what turns callers' texts into vectors
 */
public record ReadSide(
        ConversationFeed feed,
        SseEdge edge,
        ConversationQueries conversations,
        DocumentQueries documents,
        Embeddings embeddings) {}
