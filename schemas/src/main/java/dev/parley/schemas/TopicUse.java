package dev.parley.schemas;

import java.util.List;

/**
 * What a topic is for, in words: for whoever reads the published contract.
 *
 * @param about what its records say
 * @param key what its records are keyed by
 * @param writers the parts of Parley that write to it; none where only others do
 * @param readers the parts of Parley that read it; none where it is there for operators
 */
public record TopicUse(String about, String key, List<String> writers, List<String> readers) {}
