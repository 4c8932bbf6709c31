package dev.parley.sinks.postgres;

import dev.parley.schemas.Topics;
import dev.parley.sinks.feed.EventArchive;

/** Reads what the sink wrote: one room for each kind of question, over the same connections. Thread-safe. */
public final class PostgresReadModel implements AutoCloseable {

    private final Database database;
    private final Topics topics;

    public PostgresReadModel(PostgresSettings settings, Topics topics) {
        this.database = new Database(settings, "parley-read");
        this.topics = topics;
    }

    public ConversationQueries conversations() {
        return new PostgresConversations(database);
    }

    public DocumentQueries documents() {
        return new PostgresDocuments(database, topics.documents().name());
    }

    public EventArchive archive() {
        return new PostgresArchive(database, topics.events());
    }

    @Override
    public void close() {
        database.close();
    }
}
