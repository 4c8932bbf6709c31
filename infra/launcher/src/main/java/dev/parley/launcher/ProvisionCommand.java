package dev.parley.launcher;

import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.Provisioner;
import dev.parley.stack.ProvisioningException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Creates topics and registers schemas on outside services. */
@Command(
        name = "provision",
        description = "Create the topics on KAFKA_BOOTSTRAP_SERVERS and register the schemas at SCHEMA_REGISTRY_URL,"
                + " once the brokers have been found fit for it. Safe to repeat.",
        mixinStandardHelpOptions = true)
final class ProvisionCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        Settings settings = Settings.of(System.getenv());
        KafkaSettings kafka = KafkaSettings.from(settings);
        RegistrySettings registry = RegistrySettings.from(settings);
        TopicSettings topicSettings = TopicSettings.from(settings);
        settings.check();
        ValueSerdes serdes = new ValueSerdes(registry);
        try {
            Provisioner.Outcome outcome =
                    new Provisioner(kafka, serdes.registry()).provision(Topics.of(topicSettings, serdes));
            outcome.createdTopics().forEach(topic -> System.out.println("created topic " + topic));
            outcome.registeredSubjects().forEach(subject -> System.out.println("schema in place: " + subject));
            outcome.warnings().forEach(warning -> System.err.println("warning: " + warning));
            return 0;
        } catch (ProvisioningException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()), e);
        }
    }
}
