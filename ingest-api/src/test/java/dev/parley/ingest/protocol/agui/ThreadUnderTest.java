package dev.parley.ingest.protocol.agui;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A thread as AG-UI's client keeps it: takes events, refuses those that come out of turn, and has messages. */
final class ThreadUnderTest {

    private final Map<String, String> messages = new LinkedHashMap<>();
    private final Map<String, String> arguments = new LinkedHashMap<>();
    private final Set<String> open = new HashSet<>();
    private boolean running;
    private boolean over;

    /** Takes the events of one or more streams that go on with each other. */
    static ThreadUnderTest of(List<JsonNode> events) {
        ThreadUnderTest thread = new ThreadUnderTest();
        events.forEach(thread::take);
        return thread;
    }

    void take(JsonNode event) {
        String type = event.path("type").asText();
        String id = event.path("messageId").asText();
        String call = event.path("toolCallId").asText();
        check(!over, event);
        check(running != type.equals("RUN_STARTED"), event);
        switch (type) {
            case "RUN_STARTED" -> running = true;
            case "MESSAGES_SNAPSHOT" -> snapshot(event);
            case "STEP_STARTED" -> check(open.add("step"), event);
            case "STEP_FINISHED" -> check(open.remove("step"), event);
            case "REASONING_START" -> check(open.add("span " + id), event);
            case "REASONING_END" -> check(open.remove("span " + id), event);
            case "REASONING_MESSAGE_START", "TEXT_MESSAGE_START" -> {
                check(open.add(id), event);
                messages.putIfAbsent(id, "");
            }
            case "REASONING_MESSAGE_CONTENT", "TEXT_MESSAGE_CONTENT" -> {
                check(open.contains(id), event);
                messages.merge(id, event.path("delta").asText(), String::concat);
            }
            case "REASONING_MESSAGE_END", "TEXT_MESSAGE_END" -> check(open.remove(id), event);
            case "TOOL_CALL_START" -> {
                check(open.add("call " + call), event);
                arguments.putIfAbsent(call, "");
            }
            case "TOOL_CALL_ARGS" -> {
                check(open.contains("call " + call), event);
                arguments.merge(call, event.path("delta").asText(), String::concat);
            }
            case "TOOL_CALL_END" -> check(open.remove("call " + call), event);
            case "CUSTOM" -> {}
            case "RUN_FINISHED" -> {
                check(open.isEmpty(), event);
                over = true;
            }
            case "RUN_ERROR" -> over = true;
            default -> check(false, event);
        }
    }

    private void snapshot(JsonNode event) {
        Set<String> kept = new HashSet<>();
        boolean thoughts = false;
        for (JsonNode message : event.path("messages")) {
            kept.add(message.path("id").asText());
            thoughts |= message.path("role").asText().equals("reasoning");
        }
        boolean allThoughts = thoughts;
        // Its rule: without any of its own, a snapshot says nothing of thoughts.
        messages.keySet().removeIf(id -> !kept.contains(id) && (allThoughts || !id.endsWith("-reasoning")));
        arguments.clear();
        for (JsonNode message : event.path("messages")) {
            messages.put(message.path("id").asText(), message.path("content").asText());
        }
    }

    private void check(boolean inTurn, JsonNode event) {
        if (!inTurn) {
            throw new AssertionError("out of turn: " + event + " while open: " + open);
        }
    }

    boolean hasOpenCalls() {
        return open.stream().anyMatch(each -> each.startsWith("call "));
    }

    boolean isOver() {
        return over;
    }

    String message(String id) {
        return messages.getOrDefault(id, "");
    }

    Set<String> messages() {
        return messages.keySet();
    }

    List<String> arguments() {
        return new ArrayList<>(arguments.values());
    }
}
