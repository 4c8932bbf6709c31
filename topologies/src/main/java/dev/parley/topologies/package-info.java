/**
 * The Kafka Streams applications, and what they share: taking records in, and setting poison aside.
 *
 * <p>One package a topology; they meet the rest of Parley only on topics.
 */
@NullMarked
package dev.parley.topologies;

import org.jspecify.annotations.NullMarked;
