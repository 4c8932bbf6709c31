package dev.parley.chat.v1;

import dev.parley.schemas.serde.RawBody;
import dev.parley.schemas.serde.UnknownBody;
import org.jspecify.annotations.NullMarked;

/** A command, event, chunk, report or control of a kind that this version does not know. */
@NullMarked
public final class Unknown extends UnknownBody
        implements Command.Body, ConversationEvent.Body, GenerationChunk.Body, GenerationReport.Body, Control.Body {

    public Unknown(RawBody raw) {
        super(raw);
    }
}
