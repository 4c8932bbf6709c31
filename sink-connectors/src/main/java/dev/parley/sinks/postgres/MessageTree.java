package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Role;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a conversation as the tree that they are: each follows another, or the beginning. Pure.
 *
 * <p>Messages of before there were branches do not say what they follow: they are one branch, in their order, but for answers
 * that a regeneration replaced.
 */
public final class MessageTree {

    /** What a message follows that comes first. */
    private static final String BEGINNING = "";

    private final Map<String, Message> messages = new LinkedHashMap<>();
    private final List<Message> path;

    /**
     * Makes a tree.
     *
     * @param messages all of them, in the order in which they came
     * @param tip the answer after which the conversation goes on, empty at its beginning; null where that is the last one of all
     * @param running comes after the tip
     */
    public MessageTree(List<Message> messages, @Nullable String tip, Optional<ActiveTurn> running) {
        settled(messages).forEach(message -> this.messages.put(message.id(), message));
        String last = running.map(ActiveTurn::assistantMessageId)
                .filter(answer -> tip == null || isAfter(answer, tip))
                .orElse(tip);
        this.path = path(last);
    }

    /** The messages, those of before there were branches with what they follow. */
    private static List<Message> settled(List<Message> messages) {
        List<Message> settled = new ArrayList<>();
        String before = BEGINNING;
        for (Message message : messages) {
            if (message.after().isPresent() || isUnbegun(message)) {
                settled.add(message);
            } else {
                settled.add(message.after(before));
                before = message.status() == Status.SUPERSEDED || message.status() == Status.FORGOTTEN
                        ? before
                        : message.id();
            }
        }
        return settled;
    }

    /** Whether it is a question whose turn waits, or never came. */
    private static boolean isUnbegun(Message message) {
        return message.role() != Role.ASSISTANT
                && (message.status() == Status.QUEUED || message.status() == Status.CANCELLED);
    }

    private boolean isAfter(String answer, String tip) {
        return Optional.ofNullable(messages.get(answer))
                .flatMap(Message::after)
                .map(messages::get)
                .flatMap(Message::after)
                .equals(Optional.of(tip));
    }

    /** The branch that ends with {@code last}, and what waits or was called off beside it. */
    private List<Message> path(@Nullable String last) {
        List<Message> branch = branch(last == null ? newest() : last);
        Set<String> ids = new HashSet<>(branch.stream().map(Message::id).toList());
        ids.add(BEGINNING);
        List<Message> beside = messages.values().stream()
                .filter(message -> isUnbegun(message) || isForgottenAfter(message, ids))
                .filter(message -> ids.add(message.id()))
                .toList();
        return merged(branch, beside);
    }

    private static boolean isForgottenAfter(Message message, Set<String> ids) {
        return message.status() == Status.FORGOTTEN
                && message.after().filter(ids::contains).isPresent();
    }

    /** The last message that anything may follow. */
    private String newest() {
        Predicate<Message> follows = message ->
                !isUnbegun(message) && message.status() != Status.SUPERSEDED && message.status() != Status.FORGOTTEN;
        return messages.values().stream()
                .filter(follows)
                .reduce((first, second) -> second)
                .map(Message::id)
                .orElse(BEGINNING);
    }

    /** The branch that ends with a message, its first message first. */
    public List<Message> branch(String last) {
        List<Message> branch = new ArrayList<>();
        for (Message message = messages.get(last);
                message != null;
                message = messages.get(message.after().orElse(BEGINNING))) {
            branch.addFirst(message);
        }
        return branch;
    }

    /** Both, each in its order; of two the one that came first is first. */
    private List<Message> merged(List<Message> branch, List<Message> beside) {
        Map<String, Integer> places = new HashMap<>();
        messages.keySet().forEach(id -> places.put(id, places.size()));
        List<Message> merged = new ArrayList<>(branch);
        for (Message message : beside) {
            int place = places.getOrDefault(message.id(), 0);
            int at = 0;
            for (int i = 0; i < merged.size(); i++) {
                if (places.getOrDefault(merged.get(i).id(), 0) < place) {
                    at = i + 1;
                }
            }
            merged.add(at, message);
        }
        return merged;
    }

    /** The active branch, in order, with what waits beside it. */
    public List<Message> path() {
        return path;
    }

    /** All messages of all branches, in the order in which they came. */
    public List<Message> all() {
        return List.copyOf(messages.values());
    }
}
