package dev.parley.faults;

import dev.parley.schemas.settings.KafkaSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ShareGroupDescription;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;

/** Who is in Kafka's groups. Whoever was thrown out, and came back, came back under another id. */
final class Groups {

    private static final long LIMIT_SECONDS = 10;

    private Groups() {}

    /**
     * The members of each of Parley's groups that has any.
     *
     * @throws IllegalStateException if the broker does not tell in time
     */
    static Map<String, String> members(KafkaSettings kafka) {
        try (Admin admin = Admin.create(kafka.client("parley-faults-groups", Map.of()))) {
            Map<GroupType, List<String>> ids = new TreeMap<>();
            for (GroupListing group : admin.listGroups().all().get(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                group.type()
                        .ifPresent(type -> ids.computeIfAbsent(type, any -> new ArrayList<>())
                                .add(group.groupId()));
            }
            Map<String, String> members = new TreeMap<>();
            List<String> consumers = new ArrayList<>(ids.getOrDefault(GroupType.CLASSIC, List.of()));
            consumers.addAll(ids.getOrDefault(GroupType.CONSUMER, List.of()));
            for (ConsumerGroupDescription group : admin.describeConsumerGroups(consumers)
                    .all()
                    .get(LIMIT_SECONDS, TimeUnit.SECONDS)
                    .values()) {
                members.put(
                        group.groupId(),
                        told(group.groupState(), group.members().stream().map(member -> member.consumerId())));
            }
            for (ShareGroupDescription group : admin.describeShareGroups(ids.getOrDefault(GroupType.SHARE, List.of()))
                    .all()
                    .get(LIMIT_SECONDS, TimeUnit.SECONDS)
                    .values()) {
                members.put(
                        group.groupId(),
                        told(group.groupState(), group.members().stream().map(member -> member.consumerId())));
            }
            members.values().removeIf(its -> its.endsWith("[]"));
            return members;
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the broker does not tell who is in its groups", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The members in order, behind the state of a group that has not settled. */
    private static String told(GroupState state, Stream<String> members) {
        return (state == GroupState.STABLE ? "" : state + " ") + members.collect(Collectors.toCollection(TreeSet::new));
    }
}
