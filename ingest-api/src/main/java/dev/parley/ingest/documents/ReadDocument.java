package dev.parley.ingest.documents;

import java.util.Optional;

/**
 * What was read from an upload.
 *
 * @param contentType of the text: what became Markdown is called so
 * @param title that the document gives itself
 */
record ReadDocument(String contentType, Optional<String> title, String text) {}
