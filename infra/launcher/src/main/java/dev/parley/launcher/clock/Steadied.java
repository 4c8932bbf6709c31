package dev.parley.launcher.clock;

/** Marks what tells the time of a {@link SteadyClock}, to tell it from Kafka's own class of the same name. */
public interface Steadied {}
