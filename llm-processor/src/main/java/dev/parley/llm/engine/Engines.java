package dev.parley.llm.engine;

import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model;
import dev.parley.llm.model.Model.Outcome.Failed;
import dev.parley.schemas.ErrorCode;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The engines that there are by one version of the configuration. Immutable. */
public final class Engines {

    private final Configuration configuration;
    private final Map<String, Engine> engines;

    Engines(Configuration configuration, Map<String, Engine> engines) {
        this.configuration = configuration;
        this.engines = new TreeMap<>(engines);
    }

    public Configuration configuration() {
        return configuration;
    }

    public Optional<Engine> find(String name) {
        return Optional.ofNullable(engines.get(name));
    }

    Collection<Engine> all() {
        return engines.values();
    }

    /** Answers a request that has no files, or that nobody takes. */
    public Model.Outcome answer(GenerationRequest request, AnswerSink sink, Cancellation cancellation) {
        return answer(request, request, sink, cancellation);
    }

    /**
     * Answers {@code request} by the engine that it names, or by the first of its fallbacks that can, as long as nothing was
     * said. An engine that does not take what is attached to it is not asked. One that refuses the request is passed over like
     * one that is away: a prompt that is too long for one, or a key that is wrong, says nothing about the next. Where all
     * endpoints of all these engines are turned away from, the first is asked nonetheless, since a refusal of our own would help
     * nobody. All of them together ask model servers as often as the request allows, and no more; an engine inside this process
     * is no model server.
     *
     * @param request as it was ordered, which says of each file what it is and where: by that an engine takes it or not
     * @param told the same with the contents of its files in place of their hashes, as engines are told it
     */
    public Model.Outcome answer(
            GenerationRequest request, GenerationRequest told, AnswerSink sink, Cancellation cancellation) {
        LinkedHashSet<String> names = new LinkedHashSet<>(List.of(request.getEngine()));
        names.addAll(request.getFallbacks());
        CallBudget budget = CallBudget.of(request);
        Failed failure = null;
        Engine rested = null;
        boolean asked = false;
        for (String name : names) {
            Engine engine = engines.get(name);
            if (engine == null) {
                failure = worthier(failure, unknown(name));
                continue;
            }
            Optional<Failed> refusal = engine.refusal(request);
            if (refusal.isPresent()) {
                failure = worthier(failure, refusal.get());
                continue;
            }
            if (failure != null && !budget.isLeft() && engine.asksServers()) {
                continue;
            }
            Engine.Answer answer = engine.answer(told, sink, cancellation, budget, false);
            if (!(answer.outcome() instanceof Failed failed)
                    || !answer.mayBeTakenOver()
                    || cancellation.isCancelled()) {
                return answer.outcome();
            }
            asked |= answer.asked();
            rested = rested == null && !answer.asked() ? engine : rested;
            failure = worthier(failure, failed);
        }
        if (rested != null && !asked) {
            return rested.answer(told, sink, cancellation, budget, true).outcome();
        }
        return failure == null ? unknown(request.getEngine()) : failure;
    }

    /** Whether any engine that may be asked takes the images and files of {@code request}. */
    public boolean taken(GenerationRequest request) {
        return Stream.concat(Stream.of(request.getEngine()), request.getFallbacks().stream())
                .map(engines::get)
                .anyMatch(engine -> engine != null && engine.refusal(request).isEmpty());
    }

    /** The failure to report: one that may pass, since the turn may then be tried again; else the first. */
    private static Failed worthier(@Nullable Failed known, Failed next) {
        return known == null || (!known.isRetryable() && next.isRetryable()) ? next : known;
    }

    private Failed unknown(String name) {
        return new Failed(ErrorCode.ENGINE_UNKNOWN, "there is no engine '" + name + "': known are " + engines.keySet());
    }
}
