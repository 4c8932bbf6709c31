package dev.parley.topologies.state.v1;

import dev.parley.schemas.serde.RawBody;
import dev.parley.schemas.serde.UnknownBody;
import org.jspecify.annotations.NullMarked;

/** A header of a kind that this version does not know. */
@NullMarked
public final class Unknown extends UnknownBody implements GenerationHeader.Body {

    public Unknown(RawBody raw) {
        super(raw);
    }
}
