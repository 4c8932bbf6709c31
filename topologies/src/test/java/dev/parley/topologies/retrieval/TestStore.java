package dev.parley.topologies.retrieval;

import dev.parley.schemas.Topics;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.processor.BatchingStateRestoreCallback;
import org.apache.kafka.streams.processor.StateStoreContext;

/** A store as Streams would open it, with the callback that restores it. */
record TestStore(PassageStore store, BatchingStateRestoreCallback restore) {

    static TestStore open(
            Topics topics, Path dir, RetrievalMetrics metrics, InstantSource wallClock, LongSupplier nanoClock) {
        PassageStore store =
                new PassageStore("passages", PassageChange.topic(topics.passages()), metrics, wallClock, nanoClock);
        AtomicReference<BatchingStateRestoreCallback> restore = new AtomicReference<>();
        StateStoreContext context = (StateStoreContext) Proxy.newProxyInstance(
                StateStoreContext.class.getClassLoader(),
                new Class<?>[] {StateStoreContext.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "stateDir" -> dir.toFile();
                    case "register" -> {
                        restore.set((BatchingStateRestoreCallback) arguments[1]);
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
        store.init(context, store);
        return new TestStore(store, restore.get());
    }
}
