/**
 * The Kafka Streams applications of one process.
 *
 * <p>One package a topology; they meet the rest of Parley only on topics.
 */
@NullMarked
package dev.parley.topologies;

import org.jspecify.annotations.NullMarked;
