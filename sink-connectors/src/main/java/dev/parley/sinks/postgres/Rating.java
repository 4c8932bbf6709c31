package dev.parley.sinks.postgres;

import dev.parley.chat.v1.FeedbackRecorded;

/** What was said of a message, and when. */
record Rating(LoggedEvent logged, FeedbackRecorded feedback) {}
