/**
 * What model servers say: from the bytes of an event stream to the little that a model can mean. {@link SseDecoder} cuts
 * bytes into events, an {@link AnswerReader} of the server's protocol takes them as tolerantly as servers differ, and
 * {@link ModelEvent} is all that comes out.
 *
 * <p>Pure: no input, no output, no clock, no thread of its own.
 */
@NullMarked
package dev.parley.llm.stream;

import org.jspecify.annotations.NullMarked;
