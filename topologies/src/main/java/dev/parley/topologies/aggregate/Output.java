package dev.parley.topologies.aggregate;

import org.apache.avro.specific.SpecificRecord;

/**
 * A record that tells others of a decision.
 *
 * @param outlet the name of the {@link AggregateTopology.Outlet} that writes it
 * @param id of the event that the record is, the same for a repeat of the decision
 * @param body the part of {@code value} that says what happened, or {@code value} itself
 */
public record Output(String outlet, String key, String id, SpecificRecord value, SpecificRecord body) {}
