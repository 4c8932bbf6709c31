package dev.parley.topologies.counter.v1;

import dev.parley.schemas.serde.RawBody;
import dev.parley.schemas.serde.UnknownBody;
import org.jspecify.annotations.NullMarked;

/** A command or event of a kind that this version does not know. */
@NullMarked
public final class Unknown extends UnknownBody implements CounterCommand.Body, CounterEvent.Body {

    public Unknown(RawBody raw) {
        super(raw);
    }
}
