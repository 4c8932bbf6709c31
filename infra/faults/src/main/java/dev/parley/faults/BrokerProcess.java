package dev.parley.faults;

import dev.parley.stack.EmbeddedKafka;
import java.nio.file.Path;

/**
 * A Kafka broker in a process of its own, so that it can be killed: directory and port are the arguments. Its groups are as
 * Kafka has them, since those of installations are.
 */
public final class BrokerProcess {

    private BrokerProcess() {}

    public static void main(String[] arguments) throws InterruptedException {
        EmbeddedKafka kafka = EmbeddedKafka.start(
                Path.of(arguments[0]), Integer.parseInt(arguments[1]), EmbeddedKafka.Groups.BY_DEFAULT);
        Runtime.getRuntime().addShutdownHook(new Thread(kafka::close, "broker-stop"));
        Thread.currentThread().join();
    }
}
