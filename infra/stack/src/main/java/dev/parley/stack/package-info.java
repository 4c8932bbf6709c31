/**
 * What Parley stands on, in one place: Kafka in this process, Postgres and the schema registry as children that never
 * outlive it, the provisioning of topics and schemas, and a scripted model server for tests, benchmarks and demos.
 */
@NullMarked
package dev.parley.stack;

import org.jspecify.annotations.NullMarked;
