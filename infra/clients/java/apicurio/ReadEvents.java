import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads a conversation's events until its answer is complete, and prints them, a line each.
 *
 * @param args Kafka's address, the registry's own API, a topic, a key
 */
void main(String[] args) {
    var settings = Map.<String, Object>of(
            "bootstrap.servers", args[0], "group.id", "apicurio-" + args[3], "auto.offset.reset", "earliest",
            "apicurio.registry.url", args[1]);
    var values = new AvroKafkaDeserializer<GenericRecord>();
    values.configure(settings, false);
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), values)) {
        consumer.subscribe(List.of(args[2]));
        for (var name = ""; !name.equals("MessageCompleted"); ) {
            for (ConsumerRecord<String, GenericRecord> read : consumer.poll(Duration.ofSeconds(1))) {
                if (read.key().equals(args[3])) {
                    var body = (GenericRecord) read.value().get("body");
                    name = body.getSchema().getName();
                    IO.println(name + (body.hasField("content") ? ": " + body.get("content") : ""));
                    if (name.equals("MessageCompleted")) {
                        break;
                    }
                }
            }
        }
    }
    // The serde's own client keeps threads.
    System.exit(0);
}
