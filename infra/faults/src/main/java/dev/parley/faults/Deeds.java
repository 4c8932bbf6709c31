package dev.parley.faults;

import dev.parley.faults.History.Log;
import dev.parley.faults.History.Poison;
import dev.parley.faults.History.Submission;
import dev.parley.faults.History.Tables;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a trial has done so far: what was sent, who follows, what was put on topics, what the model was asked. Thread-safe. */
final class Deeds {

    private final Model model;
    private final List<Submission> submissions = new CopyOnWriteArrayList<>();
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    private final List<Poison> poison = new CopyOnWriteArrayList<>();

    Deeds(Model model) {
        this.model = model;
    }

    Model model() {
        return model;
    }

    List<Submission> submissions() {
        return submissions;
    }

    List<Follower> followers() {
        return followers;
    }

    List<Poison> poison() {
        return poison;
    }

    Set<String> conversations() {
        Set<String> conversations = new HashSet<>();
        submissions.forEach(submission -> conversations.add(submission.conversation()));
        followers.forEach(follower -> conversations.add(follower.conversation()));
        return conversations;
    }

    /** Of a log that others write as well, what is of these conversations. */
    Log own(Log all) {
        Set<String> conversations = conversations();
        return new Log(
                all.events().stream()
                        .filter(event -> conversations.contains(event.event().getConversationId()))
                        .toList(),
                all.chunks().stream()
                        .filter(chunk -> conversations.contains(chunk.conversation()))
                        .toList(),
                all.deadLetters());
    }

    /** All of it, with what log and tables say of it. */
    History with(Log own, Tables tables) {
        return new History(
                submissions, followers.stream().map(Follower::record).toList(), model.calls(), poison, own, tables);
    }
}
