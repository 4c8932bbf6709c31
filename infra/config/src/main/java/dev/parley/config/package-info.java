/**
 * The configuration of routes and engines as people write it: reads {@code parley.yaml} and says everything that is wrong
 * with it, writes a configuration as YAML, tells two of them apart, puts one in force by the topic that all nodes read,
 * and watches a file for edits.
 */
@NullMarked
package dev.parley.config;

import org.jspecify.annotations.NullMarked;
