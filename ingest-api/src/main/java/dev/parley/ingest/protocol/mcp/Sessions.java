package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.ingest.door.Turns;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Sessions, and their requests that are being answered. A session holds nothing but a name, so that it lasts over restarts, and
 * any front door takes it; what is known here is which ended here, and what of it is under way. A session is no proof of who
 * calls: the key is. Thread-safe.
 */
final class Sessions {

    private static final Pattern NAME = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    /** The oldest is forgotten, and would be taken again. */
    private static final int MAX_ENDED = 10_000;

    private final Turns turns;
    private final Set<Name> ended =
            Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<Name, Boolean>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Name, Boolean> eldest) {
                    return size() > MAX_ENDED;
                }
            }));
    /** A request has several where its client asked once more, since the stream was cut; the end of that shows late here. */
    private final Map<Asked, List<UnderWay>> underWay = new ConcurrentHashMap<>();

    /** A session of one tenant. */
    record Name(String tenant, String session) {}

    /** A request of a session. */
    record Asked(Name session, JsonNode id) {}

    Sessions(Turns turns) {
        this.turns = turns;
    }

    /** A request that is being answered by a turn. */
    final class UnderWay implements AutoCloseable {
        private final Asked asked;
        private Optional<Turn> turn = Optional.empty();
        private boolean cancelled;

        private UnderWay(Asked asked) {
            this.asked = asked;
        }

        /** Says which turn it is; one that was cancelled meanwhile is stopped. */
        synchronized void by(ConversationKey conversation, String turnId, Call call) {
            turn = Optional.of(new Turn(conversation, turnId));
            if (cancelled) {
                stop(call);
            }
        }

        synchronized boolean isCancelled() {
            return cancelled;
        }

        private synchronized void giveUp() {
            cancelled = true;
        }

        private synchronized void stop(Call call) {
            turn.ifPresent(known -> turns.cancel(known.conversation(), new CancelTurn(known.turnId()), call));
        }

        @Override
        public void close() {
            underWay.computeIfPresent(asked, (same, all) -> {
                List<UnderWay> others =
                        all.stream().filter(each -> each != this).toList();
                return others.isEmpty() ? null : others;
            });
        }
    }

    private record Turn(ConversationKey conversation, String turnId) {}

    static String begin() {
        return UUID.randomUUID().toString();
    }

    /**
     * The session that a client names.
     *
     * @throws ProblemException where there is none; its client begins another one then
     */
    Name named(String tenant, Optional<String> session) {
        String text = session.orElseThrow(() -> new ProblemException(
                ErrorCode.INVALID_REQUEST, "is required: send what initialize was answered with", McpCalls.SESSION));
        Name name = new Name(tenant, text);
        if (!NAME.matcher(text).matches() || ended.contains(name)) {
            throw new ProblemException(ErrorCode.NOT_FOUND, "there is no such session: initialize another one");
        }
        return name;
    }

    /** Ends a session and all that is under way in it. */
    void end(Name session, Call call) {
        ended.add(session);
        underWay.forEach((asked, requests) -> {
            if (asked.session().equals(session)) {
                cancel(requests, call);
            }
        });
    }

    /** Begins to answer a request; has to be closed. */
    UnderWay answering(Asked asked) {
        UnderWay request = new UnderWay(asked);
        underWay.merge(
                asked,
                List.of(request),
                (earlier, one) -> Stream.concat(earlier.stream(), one.stream()).toList());
        return request;
    }

    /** Stops what answers a request; without effect where that is over, or was not asked here. */
    void cancel(Asked asked, Call call) {
        cancel(underWay.getOrDefault(asked, List.of()), call);
    }

    /** None is answered that was given up, and so all are before the turn that they have in common ends. */
    private static void cancel(List<UnderWay> requests, Call call) {
        requests.forEach(UnderWay::giveUp);
        requests.forEach(request -> request.stop(call));
    }
}
