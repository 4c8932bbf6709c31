/**
 * Retrieval: finds the passages of a workspace's documents that an answer may draw on. Part of the routing topology, whose
 * tasks each own the documents of their workspaces.
 */
@NullMarked
package dev.parley.topologies.retrieval;

import org.jspecify.annotations.NullMarked;
