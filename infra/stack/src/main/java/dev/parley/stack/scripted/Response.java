package dev.parley.stack.scripted;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** What is put on the wire for one request. */
sealed interface Response {

    String EVENT_STREAM = "text/event-stream; charset=utf-8";

    String JSON = "application/json";

    /** How a stream's body is told from what follows it. */
    enum Encoding {
        CHUNKED,
        /** Chunked, with extensions to each chunk and trailers after the last. */
        CHUNKED_WITH_TRAILERS,
        /** Chunked, and compressed. */
        GZIPPED,
        /** Chunked, and compressed, which the head does not say. */
        GZIPPED_UNTOLD,
        /** Chunked, and compressed without a checksum around it. */
        DEFLATED,
        /** The connection's end is the body's. */
        UNTIL_CLOSED,
        /** A length is promised that is never reached. */
        TOO_SHORT
    }

    /** A response in one piece. */
    record Whole(int status, Map<String, String> headers, String contentType, String body) implements Response {
        public Whole {
            headers = new TreeMap<>(headers);
        }

        static Whole json(int status, String body) {
            return new Whole(status, Map.of(), JSON, body);
        }

        Whole header(String name, String value) {
            Map<String, String> more = new TreeMap<>(headers);
            more.put(name, value);
            return new Whole(status, more, contentType, body);
        }
    }

    /**
     * A stream of events.
     *
     * @param contentType may be empty: then there is none
     * @param head changes the text of the head
     */
    record Streamed(
            UnaryOperator<String> head,
            String contentType,
            Encoding encoding,
            Framing framing,
            Delivery delivery,
            Iterable<Piece> pieces)
            implements Response {

        static Streamed of(Iterable<Piece> pieces) {
            return new Streamed(
                    UnaryOperator.identity(), EVENT_STREAM, Encoding.CHUNKED, Framing.PLAIN, Delivery.BY_DELTA, pieces);
        }

        Streamed contentType(String other) {
            return new Streamed(head, other, encoding, framing, delivery, pieces);
        }

        Streamed headed(UnaryOperator<String> change) {
            return new Streamed(
                    text -> change.apply(head.apply(text)), contentType, encoding, framing, delivery, pieces);
        }

        Streamed encoded(Encoding other) {
            return new Streamed(head, contentType, other, framing, delivery, pieces);
        }

        Streamed framed(UnaryOperator<Framing> change) {
            return new Streamed(head, contentType, encoding, change.apply(framing), delivery, pieces);
        }

        Streamed delivered(Delivery other) {
            return new Streamed(head, contentType, encoding, framing, other, pieces);
        }

        @Override
        public Streamed pieces(UnaryOperator<Pieces> change) {
            return new Streamed(
                    head,
                    contentType,
                    encoding,
                    framing,
                    delivery,
                    change.apply(Pieces.of(pieces)).all());
        }
    }

    /** Not even a head. */
    record Nothing() implements Response {}

    /** The connection is closed without a head. */
    record Dropped() implements Response {}

    /** Changes a stream; anything else stays as it is. */
    default Response streamed(UnaryOperator<Streamed> change) {
        return this instanceof Streamed streamed ? change.apply(streamed) : this;
    }

    /** Changes a stream's pieces; anything else stays as it is. */
    default Response pieces(UnaryOperator<Pieces> change) {
        return streamed(streamed -> streamed.pieces(change));
    }

    /** Edits the JSON of every event, or that of an answer in one piece. */
    default Response edit(Consumer<ObjectNode> edit) {
        return switch (this) {
            case Whole whole
            when whole.status() == 200 && whole.body().startsWith("{") ->
                new Whole(whole.status(), whole.headers(), whole.contentType(), Json.edited(whole.body(), edit));
            case Whole whole -> whole;
            case Streamed streamed -> streamed.pieces(pieces -> pieces.editAll(edit));
            case Nothing nothing -> nothing;
            case Dropped dropped -> dropped;
        };
    }
}
