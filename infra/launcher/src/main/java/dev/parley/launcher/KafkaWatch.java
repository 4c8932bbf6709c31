package dev.parley.launcher;

import dev.parley.schemas.ClientThread;
import dev.parley.schemas.Role;
import dev.parley.schemas.settings.KafkaSettings;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Kafka every two seconds whether it is there, since its clients wait for it without a word: a process whose Kafka does not
 * answer does no work, whatever its roles think.
 */
final class KafkaWatch implements Role {

    private static final Logger logger = LoggerFactory.getLogger(KafkaWatch.class);

    private static final Duration BETWEEN = Duration.ofSeconds(2);

    /** A broker that fails over is not away. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final KafkaSettings kafka;
    private final ClientThread thread;
    private volatile Health health = new Health(false, "connecting");

    private KafkaWatch(KafkaSettings kafka) {
        this.kafka = kafka;
        this.thread = new ClientThread("kafka-watch", this::run);
    }

    static KafkaWatch start(KafkaSettings kafka) {
        KafkaWatch watch = new KafkaWatch(kafka);
        watch.thread.start();
        return watch;
    }

    @Override
    public String name() {
        return "kafka";
    }

    @Override
    public Health health() {
        return health;
    }

    @Override
    public boolean hasDied() {
        return thread.hasDied();
    }

    private void run() {
        while (!thread.isClosing()) {
            try (Admin admin = Admin.create(kafka.client("parley-kafka-watch", Map.of()))) {
                while (!thread.isClosing()) {
                    ask(admin);
                    thread.pause(BETWEEN);
                }
            } catch (KafkaException e) {
                // Not one of its addresses can be resolved.
                isAway(e);
                thread.pause(BETWEEN);
            }
        }
    }

    private void ask(Admin admin) {
        int millis = (int) PATIENCE.toMillis();
        try {
            int brokers = admin.describeCluster(new DescribeClusterOptions().timeoutMs(millis))
                    .nodes()
                    .get(millis, TimeUnit.MILLISECONDS)
                    .size();
            if (!health.ready()) {
                logger.info("Kafka answers");
            }
            health = new Health(true, brokers == 1 ? "1 broker" : brokers + " brokers");
        } catch (ExecutionException | TimeoutException e) {
            isAway(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void isAway(Exception e) {
        if (health.ready()) {
            logger.warn("Kafka does not answer: {}", e.toString());
        }
        health = new Health(false, "does not answer at " + kafka.bootstrapServers());
    }

    @Override
    public void close() {
        thread.close();
    }
}
