package dev.parley.bench;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.Source;
import dev.parley.schemas.keys.WorkspaceKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * What Kafka says about its configuration, as it comes with its own libraries (Apache License 2.0): some five hundred texts
 * of a few sentences, written by many people for people.
 */
final class KafkaConfiguration {

    private static final Pattern TAGS = Pattern.compile("<[^>]{1,200}>");
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private KafkaConfiguration() {}

    /** A document a key, whose title it is; a key that means different things in several places has one for each. */
    static List<Document> documents(WorkspaceKey workspace, Instant time) {
        List<Document> documents = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        definitions()
                .forEach((part, definition) -> new TreeMap<>(definition.configKeys()).forEach((key, described) -> {
                    String text = plain(described.documentation);
                    if (!text.isEmpty() && seen.add(key + " " + text)) {
                        documents.add(new Document(
                                workspace.tenant(),
                                workspace.workspace(),
                                part + "/" + key,
                                key,
                                null,
                                "text/plain",
                                text,
                                time));
                    }
                }));
        return documents;
    }

    private static Map<String, ConfigDef> definitions() {
        Map<String, ConfigDef> definitions = new LinkedHashMap<>();
        definitions.put("topic", LogConfig.configDefCopy());
        definitions.put("broker", AbstractKafkaConfig.CONFIG_DEF);
        definitions.put("producer", ProducerConfig.configDef());
        definitions.put("consumer", ConsumerConfig.configDef());
        definitions.put("admin", AdminClientConfig.configDef());
        definitions.put("streams", StreamsConfig.configDef());
        return definitions;
    }

    private static String plain(@org.jspecify.annotations.Nullable String documentation) {
        return documentation == null
                ? ""
                : BLANKS.matcher(TAGS.matcher(documentation)
                                .replaceAll("")
                                .replace("&lt;", "<")
                                .replace("&gt;", ">")
                                .replace("&quot;", "\"")
                                .replace("&amp;", "&"))
                        .replaceAll(" ")
                        .strip();
    }

    /** The key that a passage is about. */
    static String key(Source passage) {
        return passage.getTitle();
    }
}
