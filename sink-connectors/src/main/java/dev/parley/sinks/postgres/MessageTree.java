package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Role;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a conversation as the tree that they are: each follows another, or the beginning.
 *
 * <p>Messages of before there were branches do not say what they follow: they are one branch, in their order, but for answers
 * that a regeneration replaced.
 *
 * @param path the active branch, in order, with what waits, was called off or was taken back beside it
 * @param all messages of all branches, in the order in which they came
 */
public record MessageTree(List<Message> path, List<Message> all) {

    /** What a message follows that comes first. */
    private static final String BEGINNING = "";

    public MessageTree {
        path = List.copyOf(path);
        all = List.copyOf(all);
    }

    /**
     * Makes a tree.
     *
     * @param messages all of them, in the order in which they came
     * @param tip the answer after which the conversation goes on, empty at its beginning; null where that is the last one of all
     * @param running comes after the tip
     */
    public static MessageTree of(List<Message> messages, @Nullable String tip, Optional<ActiveTurn> running) {
        Branches branches = new Branches(settled(messages));
        String last = running.map(ActiveTurn::assistantMessageId)
                .filter(answer -> tip == null || branches.isAfter(answer, tip))
                .orElse(tip);
        return new MessageTree(branches.path(last == null ? branches.newest() : last), branches.all());
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
                before = isDead(message) ? before : message.id();
            }
        }
        return settled;
    }

    /** Whether it is a question whose turn waits, or never came. */
    private static boolean isUnbegun(Message message) {
        return message.role() != Role.ASSISTANT
                && (message.status() == Status.QUEUED || message.status() == Status.CANCELLED);
    }

    private static boolean isDead(Message message) {
        return message.status() == Status.SUPERSEDED || message.status() == Status.FORGOTTEN;
    }

    /** All messages, by their ids. */
    private static final class Branches {
        private final SequencedMap<String, Message> messages = new LinkedHashMap<>();
        private final Map<String, Integer> places = new HashMap<>();

        Branches(List<Message> settled) {
            for (Message message : settled) {
                messages.put(message.id(), message);
                places.put(message.id(), places.size());
            }
        }

        List<Message> all() {
            return List.copyOf(messages.values());
        }

        /** Whether the question of {@code answer} follows {@code tip}. */
        boolean isAfter(String answer, String tip) {
            return Optional.ofNullable(messages.get(answer))
                    .flatMap(Message::after)
                    .map(messages::get)
                    .flatMap(Message::after)
                    .equals(Optional.of(tip));
        }

        /** The last message that anything may follow. */
        String newest() {
            return messages.reversed().values().stream()
                    .filter(message -> !isUnbegun(message) && !isDead(message))
                    .findFirst()
                    .map(Message::id)
                    .orElse(BEGINNING);
        }

        /** The branch that ends with {@code last}, and what waits, was called off or taken back beside it. */
        List<Message> path(String last) {
            List<Message> path = branch(last);
            Set<String> ids = new HashSet<>(path.stream().map(Message::id).toList());
            ids.add(BEGINNING);
            messages.values().stream()
                    .filter(message -> isUnbegun(message) || isForgottenAfter(message, ids))
                    .filter(message -> ids.add(message.id()))
                    .forEach(message -> path.add(placeAmong(path, message), message));
            return path;
        }

        private List<Message> branch(String last) {
            List<Message> branch = new ArrayList<>();
            for (Message message = messages.get(last);
                    message != null;
                    message = messages.get(message.after().orElse(BEGINNING))) {
                branch.add(message);
            }
            Collections.reverse(branch);
            return branch;
        }

        private static boolean isForgottenAfter(Message message, Set<String> ids) {
            return message.status() == Status.FORGOTTEN
                    && message.after().filter(ids::contains).isPresent();
        }

        /** After the last of {@code path} that came before it. */
        private int placeAmong(List<Message> path, Message message) {
            int place = path.size();
            while (place > 0 && place(path.get(place - 1)) > place(message)) {
                place--;
            }
            return place;
        }

        private int place(Message message) {
            return places.getOrDefault(message.id(), 0);
        }
    }
}
