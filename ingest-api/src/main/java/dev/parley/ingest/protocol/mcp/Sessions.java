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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

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
    private final Map<Asked, UnderWay> underWay = new ConcurrentHashMap<>();

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

        private synchronized void cancel(Call call) {
            cancelled = true;
            stop(call);
        }

        private void stop(Call call) {
            turn.ifPresent(known -> turns.cancel(known.conversation(), new CancelTurn(known.turnId()), call));
        }

        @Override
        public void close() {
            underWay.remove(asked, this);
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
        underWay.forEach((asked, request) -> {
            if (asked.session().equals(session)) {
                request.cancel(call);
            }
        });
    }

    /** Begins to answer a request; has to be closed. */
    UnderWay answering(Asked asked) {
        UnderWay request = new UnderWay(asked);
        if (underWay.putIfAbsent(asked, request) != null) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "is the id of a request under way", "id");
        }
        return request;
    }

    /** Stops what answers a request; without effect where that is over, or was not asked here. */
    void cancel(Asked asked, Call call) {
        UnderWay request = underWay.get(asked);
        if (request != null) {
            request.cancel(call);
        }
    }
}
