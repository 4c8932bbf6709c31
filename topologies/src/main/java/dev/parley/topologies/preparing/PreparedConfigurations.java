package dev.parley.topologies.preparing;

import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Configurations;
import dev.parley.topologies.nativework.NativeWork.ProcessEndsException;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.QuestionEmbeddings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Configurations with all that routing needs of them at hand: their examples are embedded before turns see them, since a
 * stream thread must not wait for that. Thread-safe; {@link #prepare} is slow, {@link #enforce} and all that ask are not.
 */
public final class PreparedConfigurations implements Configurations {

    private static final Logger log = LoggerFactory.getLogger(PreparedConfigurations.class);

    /** Turns that are tried again need a version that is minutes old at most. */
    static final int MAX_VERSIONS = 16;

    /** About 1.5 kB each. */
    private static final int MAX_VECTORS = 8_192;

    private final Embedder embedder;
    private final Map<String, float[]> vectors = bounded(MAX_VECTORS);
    private final Map<String, Prepared> prepared = bounded(MAX_VERSIONS);
    private volatile Prepared current = new Prepared(BuiltInConfiguration.get(), null);

    /** {@code examples} is null where the configuration wants none, or where they could not be embedded. */
    private record Prepared(
            Configuration configuration, @Nullable IntentClassifier examples) {}

    /** Begins with the built-in configuration. */
    public PreparedConfigurations(Embedder embedder) {
        this.embedder = embedder;
    }

    private static <V> Map<String, V> bounded(int size) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
                return size() > size;
            }
        };
    }

    /**
     * Embeds the examples that are new in {@code configuration}, some milliseconds each, and keeps it for {@link #find}. Not
     * for stream threads. Where the model fails, turns find no intent by examples under this version.
     */
    public void prepare(Configuration configuration) {
        IntentClassifier examples =
                configuration.getClassifier().getKind() == ClassifierKind.EXAMPLES ? examples(configuration) : null;
        synchronized (prepared) {
            prepared.put(configuration.getVersion(), new Prepared(configuration, examples));
        }
    }

    /** Puts {@code configuration} in force for new turns. It should be prepared. */
    public void enforce(Configuration configuration) {
        Prepared known = known(configuration.getVersion());
        current = known == null ? new Prepared(configuration, null) : known;
    }

    @Override
    public Configuration current() {
        return current.configuration;
    }

    @Override
    public Optional<Configuration> find(String version) {
        return Optional.ofNullable(known(version)).map(Prepared::configuration);
    }

    /** Finds intents by the examples of {@code configuration}; empty where those could not be embedded. */
    Optional<IntentClassifier> examplesOf(Configuration configuration) {
        return Optional.ofNullable(known(configuration.getVersion())).map(known -> known.examples);
    }

    private @Nullable Prepared known(String version) {
        Prepared now = current;
        if (now.configuration.getVersion().equals(version)) {
            return now;
        }
        synchronized (prepared) {
            return prepared.get(version);
        }
    }

    private @Nullable IntentClassifier examples(Configuration configuration) {
        if (embedder.model().isEmpty()) {
            log.warn(
                    "configuration {} finds intents by examples, which takes the embedding model that is switched off here",
                    configuration.getVersion());
            return null;
        }
        try {
            Map<String, List<float[]>> byIntent = new LinkedHashMap<>();
            for (RouteConfiguration route : configuration.getRoutes()) {
                byIntent.put(route.getIntent(), embedded(route.getExamples()));
            }
            return IntentClassifier.of(byIntent, embedded(otherQuestions()));
        } catch (ProcessEndsException e) {
            // Nobody will ask.
            return null;
        } catch (RuntimeException | LinkageError e) {
            log.warn(
                    "the examples of configuration {} could not be embedded: its turns take the default route",
                    configuration.getVersion(),
                    e);
            return null;
        }
    }

    /** As questions are embedded, so that a turn's one vector serves routing and retrieval. */
    private List<float[]> embedded(List<String> texts) {
        List<float[]> embedded = new ArrayList<>(texts.size());
        for (String text : texts) {
            String head = QuestionEmbeddings.head(text);
            float[] vector;
            synchronized (vectors) {
                vector = vectors.get(head);
            }
            if (vector == null) {
                vector = QuestionEmbeddings.unit(embedder.embedQuestion(head));
                if (vector == null) {
                    continue;
                }
                synchronized (vectors) {
                    vectors.put(head, vector);
                }
            }
            embedded.add(vector);
        }
        return embedded;
    }

    /** Ordinary questions that belong to no intent of anyone's, so that there is something to tell intents from. */
    static List<String> otherQuestions() {
        try (InputStream resource = Objects.requireNonNull(
                PreparedConfigurations.class.getResourceAsStream("other-questions.txt"), "it is in the jar")) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
