package dev.parley.llm.model;

import dev.parley.chat.v1.Dialect;
import dev.parley.schemas.serde.TrustedRecords;
import java.util.List;

/** Dialects of engines. */
final class Dialects {

    static {
        TrustedRecords.trust();
    }

    static final Dialect USUAL = of().build();

    private Dialects() {}

    static Dialect.Builder of() {
        return Dialect.newBuilder().setLeaveOut(List.of());
    }
}
