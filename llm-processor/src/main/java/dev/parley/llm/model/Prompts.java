package dev.parley.llm.model;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import java.util.List;

/** A prompt's messages as langchain4j takes them. */
final class Prompts {

    private Prompts() {}

    static List<ChatMessage> of(GenerationRequest request) {
        return request.getMessages().stream().map(Prompts::message).toList();
    }

    private static ChatMessage message(PromptMessage message) {
        String content = message.getContent();
        return switch (message.getRole()) {
            case SYSTEM -> SystemMessage.from(content);
            case USER -> UserMessage.from(content);
            case ASSISTANT -> {
                List<ToolExecutionRequest> calls = message.getToolCalls().stream()
                        .map(call -> ToolExecutionRequest.builder()
                                .id(call.getId())
                                .name(call.getName())
                                .arguments(call.getArguments())
                                .build())
                        .toList();
                yield AiMessage.builder()
                        .text(content.isEmpty() && !calls.isEmpty() ? null : content)
                        .toolExecutionRequests(calls)
                        .build();
            }
            case TOOL -> ToolExecutionResultMessage.from(message.getToolCallId(), null, content);
        };
    }
}
