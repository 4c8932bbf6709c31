package dev.parley.ingest;

import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Problems;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.feed.EventArchive;
import dev.parley.sinks.feed.Feed;
import dev.parley.sinks.feed.InvalidCursorException;
import dev.parley.sinks.postgres.ConversationQueries;

/** What failures of the feed, the edge and the read model mean to a caller. */
final class Failures {

    private Failures() {}

    static void addTo(Problems problems) {
        problems.add(
                InvalidCursorException.class,
                () -> new ProblemException(ErrorCode.INVALID_CURSOR, "is not a cursor of this stream", "cursor"));
        problems.add(
                SseEdge.TooManyStreamsException.class,
                () -> new ProblemException(ErrorCode.OVERLOADED, "this node serves as many event streams as it can"));
        problems.add(
                Feed.FeedNotReadyException.class,
                () -> new ProblemException(ErrorCode.UNAVAILABLE, "the server is starting"));
        problems.add(
                ConversationQueries.ReadModelUnavailableException.class,
                () -> new ProblemException(
                        ErrorCode.UNAVAILABLE, "the read model does not answer; sending and streaming go on"));
        problems.add(
                EventArchive.ArchiveUnavailableException.class,
                () -> new ProblemException(
                        ErrorCode.UNAVAILABLE, "the event archive does not answer; sending and streaming go on"));
    }
}
