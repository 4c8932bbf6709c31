package dev.parley.llm.model;

import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.llm.model.LearnedDialect.Lesson;
import dev.parley.llm.stream.ChatCompletionReader;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** A server that speaks OpenAI's chat completions, in one of its many dialects: vLLM, Ollama, a cloud. */
public final class OpenAiModel implements Model {

    private final ModelServer server;
    private final Connections connections;
    private final LearnedDialect dialect;
    private final Map<String, String> headers;
    private final ModelName name;
    private final URI completions;

    public OpenAiModel(ModelServer server, Dialect dialect, Connections connections) {
        this.server = server;
        this.connections = connections;
        this.dialect = new LearnedDialect(dialect);
        this.headers = server.apiKey()
                .map(key -> Map.of("Authorization", "Bearer " + key.reveal()))
                .orElse(Map.of());
        this.name = new ModelName(server, headers);
        this.completions = URI.create(server.baseUrl() + "/chat/completions");
    }

    @Override
    public String name() {
        return name.known();
    }

    /** A refusal from which the server's dialect or its model is learned is asked once more at once, since nobody saw anything. */
    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        ServerCall call = connections.to(server, cancellation);
        GenerationOptions options = request.getOptions();
        boolean newerLimit = options != null && options.getMaxCompletionTokens();
        Set<Lesson> learned = EnumSet.noneOf(Lesson.class);
        for (boolean looked = false; ; ) {
            String tokenLimit = dialect.tokenLimit(newerLimit);
            boolean streamOptions = dialect.sendsStreamOptions();
            String model = name.known();
            try {
                model = name.toAskFor(call);
                ChatCompletionRequest body = ChatCompletionRequest.of(request, model, dialect);
                StreamedAnswer answer = new StreamedAnswer(
                        new ChatCompletionReader(dialect.thinking(), ToolCallIds.madeUpFor(request)),
                        sink,
                        body.leftOut());
                call.stream(completions, headers, body.bytes(), answer);
                return answer.outcome();
            } catch (RefusedException e) {
                boolean taught = dialect.learns(e, tokenLimit, streamOptions)
                        .filter(learned::add)
                        .isPresent();
                boolean gone = !taught && !looked && name.isGone(model, e);
                looked |= gone;
                if (!(taught || gone) || cancellation.isCancelled() || !sink.asksAgain()) {
                    return server.withoutKey(FailureKinds.of(e));
                }
            } catch (IOException e) {
                return server.withoutKey(FailureKinds.of(e));
            } catch (IllegalArgumentException e) {
                return new Outcome.Failed(ErrorCode.ENGINE_REJECTED, "the request cannot be written as JSON");
            }
        }
    }
}
