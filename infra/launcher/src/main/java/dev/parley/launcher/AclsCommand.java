package dev.parley.launcher;

import dev.parley.launcher.Permissions.Grantee;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says, or does, what brokers that check permissions need to be told. */
@Command(
        name = "acls",
        description = {
            "What Kafka's brokers have to allow each role, where they check: printed as commands of Kafka's own tool, or written.",
            "It follows from the topics and groups of this installation (PARLEY_PREFIX), and is the least that works."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  ./parley acls",
            "  ./parley acls llm --principal User:CN=workers",
            "  ./parley acls --apply",
            ""
        })
final class AclsCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Map<String, String> environment;
    private final PrintStream out;
    private final PrintStream err;

    @Parameters(
            arity = "0..*",
            paramLabel = "WHO",
            description = "Roles, provision (who runs ./parley provision) or operator (who runs ./parley config and"
                    + " dead-letters): ${COMPLETION-CANDIDATES}. Default: all of them.",
            completionCandidates = Words.class)
    private List<String> whom = List.of();

    @Option(
            names = "--principal",
            paramLabel = "TYPE:NAME",
            description = "As whom it connects, where it is one. Default: User:parley-WHO.")
    private @Nullable String principal;

    @Option(
            names = "--apply",
            description =
                    "Write them to the brokers of KAFKA_BOOTSTRAP_SERVERS, which takes the right to alter the cluster.")
    private boolean apply;

    AclsCommand() {
        this(
                System.getenv(),
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8));
    }

    AclsCommand(Map<String, String> environment, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    /** The words for {@link Grantee}s. */
    static final class Words implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return words().iterator();
        }

        private static Stream<String> words() {
            return Arrays.stream(Grantee.values()).map(Grantee::word);
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        Set<Grantee> chosen = EnumSet.noneOf(Grantee.class);
        for (Grantee grantee : Grantee.values()) {
            if (whom.isEmpty() || whom.contains(grantee.word())) {
                chosen.add(grantee);
            }
        }
        if (chosen.size() < Set.copyOf(whom).size()) {
            err.println(
                    "parley: WHO must be of " + String.join(", ", Words.words().toList()));
            return CommandLine.ExitCode.USAGE;
        }
        if (principal != null && chosen.size() > 1) {
            err.println("parley: --principal is one role's: name the role");
            return CommandLine.ExitCode.USAGE;
        }
        Settings settings = Settings.of(Map.of(), environment, ClusterFlags.OF_UP);
        KafkaSettings kafka = KafkaSettings.from(settings);
        TopicSettings topicSettings = TopicSettings.from(settings);
        settings.check();
        Permissions permissions = new Permissions(topicSettings, names(topicSettings));
        List<AclBinding> bindings = chosen.stream()
                .flatMap(grantee ->
                        permissions
                                .of(grantee, principal == null ? "User:parley-" + grantee.word() : principal)
                                .stream())
                .toList();
        if (apply) {
            write(kafka, bindings);
            out.println("allowed " + bindings.size());
        } else {
            Permissions.commands(bindings, kafka.bootstrapServers()).forEach(out::println);
        }
        return CommandLine.ExitCode.OK;
    }

    /** The topics, of which nothing is read or written here: no registry is asked. */
    private static Topics names(TopicSettings settings) {
        return Topics.of(settings, new ValueSerdes(RegistrySettings.of(URI.create("http://nowhere.invalid"))));
    }

    private static void write(KafkaSettings kafka, List<AclBinding> bindings) throws InterruptedException {
        try (Admin admin = Admin.create(kafka.client("parley-acls", Map.of()))) {
            admin.createAcls(bindings).all().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new CommandFailedException("the brokers refuse: " + e.getMessage(), e);
        } catch (TimeoutException e) {
            throw new CommandFailedException(
                    "no answer from " + kafka.bootstrapServers() + " within " + PATIENCE.toSeconds() + " s", e);
        }
    }
}
