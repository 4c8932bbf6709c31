package dev.parley.llm.engine;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.Orders;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Versions;
import dev.parley.schemas.serde.TrustedRecords;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What stands around an engine. */
final class Fakes {

    static {
        TrustedRecords.trust();
    }

    private Fakes() {}

    static GenerationRequest request(String conversation, String engine, String... fallbacks) {
        return Orders.of(engine, List.of(new PromptMessage(Role.USER, "Hello?", List.of(), null, null)))
                .setConversationId(conversation)
                .setFallbacks(List.of(fallbacks))
                .setConfiguration("")
                .setKind("model")
                .build();
    }

    static EngineConfiguration.Builder engine(String name, EngineKind kind) {
        return EngineConfiguration.newBuilder().setName(name).setKind(kind).setEndpoints(List.of());
    }

    static Configuration configuration(EngineConfiguration... engines) {
        return Versions.stamped(new Configuration(
                "",
                Instant.EPOCH,
                "test",
                "chat",
                new Classifier(ClassifierKind.NONE, 0.0, null, 5_000),
                List.of(BuiltInConfiguration.route("chat")),
                List.of(engines)));
    }

    /** A model that does as it is told. */
    record Told(String name, Function<Model.Sink, Model.Outcome> what) implements Model {
        @Override
        public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
            return what.apply(sink);
        }
    }

    /** Takes an answer. */
    static class Heard implements AnswerSink {
        final StringBuilder text = new StringBuilder();
        final List<Answerer> asked = new ArrayList<>();
        final List<Answerer> answered = new ArrayList<>();

        @Override
        public void asking(Answerer answerer, Prices prices) {
            asked.add(answerer);
        }

        @Override
        public void answered(Answerer answerer) {
            answered.add(answerer);
        }

        @Override
        public void text(String piece) {
            text.append(piece);
        }

        @Override
        public void reasoning(String piece) {}

        @Override
        public void toolArguments(String callId, String name, String piece) {}

        @Override
        public void toolCall(ToolCall call) {}

        List<String> endpoints() {
            return asked.stream().map(Answerer::getEndpoint).toList();
        }
    }

    /** A clock that is set by hand. */
    static final class HandClock extends Clock {
        private Instant now = Instant.EPOCH;

        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
