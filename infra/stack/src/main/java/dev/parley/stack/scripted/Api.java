package dev.parley.stack.scripted;

import java.util.Optional;

/** What a model server can be asked for. */
public enum Api {
    /** OpenAI's chat completions. */
    CHAT_COMPLETIONS("/v1/chat/completions"),
    /** Anthropic's messages. */
    MESSAGES("/v1/messages"),
    /** The list of models, of either. */
    MODELS("/v1/models");

    private final String path;

    Api(String path) {
        this.path = path;
    }

    static Optional<Api> at(String path) {
        for (Api api : values()) {
            if (api.path.equals(path)) {
                return Optional.of(api);
            }
        }
        return Optional.empty();
    }

    /** For people. */
    public String title() {
        return switch (this) {
            case CHAT_COMPLETIONS -> "chat completions";
            case MESSAGES -> "messages";
            case MODELS -> "models";
        };
    }
}
