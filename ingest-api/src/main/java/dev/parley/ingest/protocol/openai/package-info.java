/** OpenAI's API, under {@code /v1}: {@link dev.parley.ingest.protocol.openai.OpenAiApi} has its calls. */
@NullMarked
package dev.parley.ingest.protocol.openai;

import org.jspecify.annotations.NullMarked;
