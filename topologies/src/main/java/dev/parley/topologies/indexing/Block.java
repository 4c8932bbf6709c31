package dev.parley.topologies.indexing;

/**
 * A stretch of a document that its writer set apart: a paragraph, a list, a table.
 *
 * @param heading the headings above it, outermost first
 * @param text as it stands in the document
 */
record Block(String heading, String text, Form form) {

    /** How a block may be cut where it is too long for one passage. */
    enum Form {
        /** At sentence ends. */
        PROSE,
        /** At line ends. */
        LINES,
        /** Between rows, each part under the table's head. */
        TABLE,
        /** At line ends, each part within the fence. */
        FENCED
    }
}
