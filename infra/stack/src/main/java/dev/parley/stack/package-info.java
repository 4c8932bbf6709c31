/**
 * What Parley stands on, in one place: Kafka in this process, Postgres and the schema registry as children that never
 * outlive it, and the provisioning of topics and schemas.
 */
@NullMarked
package dev.parley.stack;

import org.jspecify.annotations.NullMarked;
