package dev.parley.topologies.retrieval;

/** By what passages are looked for. Turns and searches use {@link #HYBRID}; the others show what each half is worth. */
public enum SearchMode {
    /** The question's words alone, by BM25. */
    WORDS,
    /** The question's meaning alone, by the nearness of vectors. */
    MEANING,
    /** Both, joined by rank. */
    HYBRID
}
