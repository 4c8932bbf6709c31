package dev.parley.launcher;

import dev.parley.ingest.IngestApi;
import dev.parley.ingest.IngestSettings;
import dev.parley.llm.LlmProcessor;
import dev.parley.llm.LlmSettings;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.config.RegistrySettings;
import dev.parley.schemas.config.Settings;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.sinks.postgres.PostgresReadModel;
import dev.parley.sinks.postgres.PostgresSettings;
import dev.parley.sinks.postgres.PostgresSink;
import dev.parley.sinks.sse.Feed;
import dev.parley.sinks.sse.FeedSettings;
import dev.parley.stack.Provisioner;
import dev.parley.topologies.Topologies;
import dev.parley.topologies.TopologySettings;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Set;

/** placeholder */
final class Roles {}
