package dev.parley.llm.engine;

import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.InstructionsRole;
import dev.parley.chat.v1.StreamOptions;
import dev.parley.chat.v1.ThinkTags;
import dev.parley.chat.v1.TokenLimitParameter;
import dev.parley.llm.model.AnthropicModel;
import dev.parley.llm.model.Connections;
import dev.parley.llm.model.ExtractiveModel;
import dev.parley.llm.model.Model;
import dev.parley.llm.model.ModelServer;
import dev.parley.llm.model.OpenAiModel;
import dev.parley.llm.model.ScriptedModel;
import dev.parley.llm.model.UnusableModel;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.Accepts;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.settings.Secret;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes engines out of their configuration and this worker's environment. */
public final class EngineFactory {

    private static final Logger logger = LoggerFactory.getLogger(EngineFactory.class);

    /** By this name callers ask for the model server of the worker's environment, whatever {@code default} is. */
    private static final String OWN_SERVER = "openai";

    private static final URI OPENAI = URI.create("https://api.openai.com/v1");
    private static final Dialect USUAL = new Dialect(
            TokenLimitParameter.FOUND_OUT, StreamOptions.FOUND_OUT, InstructionsRole.SYSTEM, ThinkTags.NONE, List.of());
    private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7E]+");
    private static final int OWN_RETRIES = 2;
    private static final int UNBOUNDED = Integer.MAX_VALUE;

    private static final int BREAKER_WINDOW = 10;
    private static final int BREAKER_MINIMUM = 4;
    private static final Duration BREAKER_REST = Duration.ofSeconds(5);

    private final Connections connections;
    private final Function<String, Optional<String>> environment;
    private final MeterRegistry meters;
    private final Clock clock;
    private final Retries.Waiting waiting;

    /**
     * A factory.
     *
     * @param environment the worker's environment variables, which hold the keys
     */
    public EngineFactory(
            Connections connections, Function<String, Optional<String>> environment, MeterRegistry meters) {
        this(connections, environment, meters, new MonotonicClock(), (time, cancellation) -> cancellation.await(time));
    }

    EngineFactory(
            Connections connections,
            Function<String, Optional<String>> environment,
            MeterRegistry meters,
            Clock clock,
            Retries.Waiting waiting) {
        this.connections = connections;
        this.environment = environment;
        this.meters = meters;
        this.clock = clock;
        this.waiting = waiting;
    }

    /**
     * The engines that a worker has by itself.
     *
     * @param server the model server of its environment; empty: answers are quoted from passages
     * @param accepts what that server takes beside text
     * @param concurrency of that server
     */
    public Map<String, Engine> own(Optional<ModelServer> server, Accepts accepts, int concurrency) {
        Map<String, Engine> own = new HashMap<>();
        Endpoint quoting = endpoint(BuiltInConfiguration.EXTRACTIVE, "", new ExtractiveModel(), UNBOUNDED);
        own.put(
                BuiltInConfiguration.EXTRACTIVE,
                new Engine(
                        BuiltInConfiguration.EXTRACTIVE,
                        List.of(quoting),
                        retries(0, Duration.ZERO),
                        Prices.NONE,
                        Accepts.NOTHING));
        if (server.isPresent()) {
            // One model server under two names, as if it were two: records name the one that was asked for.
            Model model = new OpenAiModel(server.get(), USUAL, connections);
            for (String name : List.of(BuiltInConfiguration.DEFAULT_ENGINE, OWN_SERVER)) {
                own.put(
                        name,
                        new Engine(
                                name,
                                List.of(endpoint(name, server.get().address(), model, concurrency)),
                                retries(OWN_RETRIES, server.get().firstTokenTimeout()),
                                Prices.NONE,
                                accepts));
            }
        } else {
            own.put(BuiltInConfiguration.DEFAULT_ENGINE, own.get(BuiltInConfiguration.EXTRACTIVE));
        }
        return Map.copyOf(own);
    }

    /** The engine of {@code configuration}; one that this worker cannot run fails every request, and says why. */
    Engine of(EngineConfiguration configuration) {
        return new Engine(
                configuration.getName(),
                endpoints(configuration),
                retries(configuration.getRetries(), Duration.ofMillis(configuration.getFirstTokenTimeoutMillis())),
                new Prices(
                        configuration.getInputPrice(),
                        configuration.getCachedInputPrice(),
                        configuration.getOutputPrice()),
                Accepts.of(configuration));
    }

    private List<Endpoint> endpoints(EngineConfiguration configuration) {
        String keyVariable = configuration.getKeyVariable();
        Optional<Secret> key = keyVariable == null
                ? Optional.empty()
                : environment
                        .apply(keyVariable)
                        .filter(value -> !value.isBlank())
                        .map(Secret::new);
        if (keyVariable != null && key.isEmpty()) {
            return unusable(
                    configuration,
                    ErrorCode.ENGINE_REJECTED,
                    "the worker's environment does not set " + keyVariable + ", which holds its key");
        }
        if (key.isPresent() && !VISIBLE.matcher(key.get().reveal()).matches()) {
            return unusable(
                    configuration,
                    ErrorCode.ENGINE_REJECTED,
                    keyVariable
                            + " in the worker's environment has blanks or line breaks in it, or around it, as no key"
                            + " has (it is not repeated here)");
        }
        Dialect dialect = Optional.ofNullable(configuration.getDialect()).orElse(USUAL);
        return switch (configuration.getKind()) {
            case OPENAI ->
                servers(configuration, OPENAI, key)
                        .map(server -> endpoint(configuration, server, new OpenAiModel(server, dialect, connections)))
                        .toList();
            case ANTHROPIC ->
                servers(configuration, AnthropicModel.DEFAULT_URL, key)
                        .map(server ->
                                endpoint(configuration, server, new AnthropicModel(server, dialect, connections)))
                        .toList();
            case EXTRACTIVE -> inProcess(configuration, new ExtractiveModel());
            case SCRIPTED ->
                inProcess(
                        configuration,
                        new ScriptedModel(
                                configuration.getScript() == null ? "" : configuration.getScript(),
                                Duration.ofMillis(configuration.getPaceMillis())));
            case UNKNOWN ->
                unusable(configuration, ErrorCode.ENGINE_UNKNOWN, "its kind is unknown to this version of Parley");
        };
    }

    private static Stream<ModelServer> servers(EngineConfiguration configuration, URI otherwise, Optional<Secret> key) {
        Stream<URI> urls = configuration.getEndpoints().isEmpty()
                ? Stream.of(otherwise)
                : configuration.getEndpoints().stream()
                        .map(EngineFactory::baseUrl)
                        .distinct();
        return urls.map(url -> new ModelServer(
                url,
                Optional.ofNullable(configuration.getModel()),
                key,
                Duration.ofMillis(configuration.getFirstTokenTimeoutMillis()),
                Duration.ofMillis(configuration.getIdleTimeoutMillis())));
    }

    private static URI baseUrl(String url) {
        return URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
    }

    private List<Endpoint> unusable(EngineConfiguration configuration, ErrorCode code, String why) {
        logger.warn("engine '{}' cannot be used here: {}", configuration.getName(), why);
        return inProcess(
                configuration,
                new UnusableModel(
                        Optional.ofNullable(configuration.getModel()).orElse("unknown"),
                        code,
                        "engine '" + configuration.getName() + "' cannot be used: " + why));
    }

    private List<Endpoint> inProcess(EngineConfiguration configuration, Model model) {
        return List.of(endpoint(configuration.getName(), "", model, configuration.getConcurrency()));
    }

    private Endpoint endpoint(EngineConfiguration configuration, ModelServer server, Model model) {
        return endpoint(configuration.getName(), server.address(), model, configuration.getConcurrency());
    }

    private Endpoint endpoint(String engine, String address, Model model, int concurrency) {
        CircuitBreaker breaker = CircuitBreaker.of(
                engine + "@" + address,
                CircuitBreakerConfig.custom()
                        .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                        .slidingWindowSize(BREAKER_WINDOW)
                        .minimumNumberOfCalls(BREAKER_MINIMUM)
                        .waitDurationInOpenState(BREAKER_REST)
                        .permittedNumberOfCallsInHalfOpenState(1)
                        .writableStackTraceEnabled(false)
                        .clock(clock)
                        .build());
        return new Endpoint(engine, address, model, concurrency, breaker, meters);
    }

    private Retries retries(int count, Duration within) {
        return new Retries(
                count, within, waiting, () -> ThreadLocalRandom.current().nextDouble(), System::nanoTime);
    }
}
