package dev.parley.launcher;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Converses with a running server in a terminal. */
@Command(
        name = "chat",
        description = "Talk to a running server. With TEXT: one question, the answer on stdout.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Ctrl-C stops the answer that is coming; at the prompt it leaves, as do Ctrl-D and /quit.",
            "A line that ends in a backslash goes on in the next."
        })
final class ChatCommand implements Callable<Integer> {

    private static final String DIM = "\u001b[2m";
    private static final String PLAIN = "\u001b[0m";

    @Option(
            names = "--conversation",
            paramLabel = "ID",
            description = "Go on with this conversation; it is created where there is none.")
    private @Nullable String conversation;

    @Option(
            names = "--workspace",
            paramLabel = "NAME",
            description = "The workspace whose knowledge a new conversation draws on. Default: the server's own.")
    private @Nullable String workspace;

    @Mixin
    private final ServerFlags server = new ServerFlags();

    @Parameters(arity = "0..*", paramLabel = "TEXT", description = "The question.")
    private String @Nullable [] text;

    @Override
    public Integer call() throws IOException {
        ChatClient client = new ChatClient(server.server(), server.apiKey());
        if (text != null && text.length > 0) {
            return askOnce(client, String.join(" ", text));
        }
        return converse(client);
    }

    /** One question: the answer, whole and nothing else, on stdout; anything else on stderr. */
    private int askOnce(ChatClient client, String question) {
        String id = client.open(Optional.ofNullable(conversation), Optional.ofNullable(workspace));
        ChatClient.Question asked = client.ask(id, question);
        // The process ends by the signal; the answer is cancelled on the way out.
        AtomicReference<ChatClient.@Nullable Question> running = new AtomicReference<>(asked);
        Thread cancelling = new Thread(
                () -> {
                    ChatClient.Question left = running.getAndSet(null);
                    if (left != null) {
                        client.cancel(left);
                    }
                },
                "cancel-on-exit");
        Runtime.getRuntime().addShutdownHook(cancelling);
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        boolean watched = Console.isTerminal();
        ChatClient.Outcome outcome = client.follow(asked, watched ? new Printed(out, true) : new Unshown());
        running.set(null);
        out.println(watched ? "" : outcome.content());
        sources(outcome).ifPresent(System.err::println);
        outcome.trouble().ifPresent(trouble -> System.err.println("parley: " + trouble));
        return outcome.trouble().isPresent() ? Parley.FAILED : 0;
    }

    private int converse(ChatClient client) throws IOException {
        try (Terminal terminal =
                TerminalBuilder.builder().system(true).dumb(true).build()) {
            LineReader prompt = LineReaderBuilder.builder()
                    .terminal(terminal)
                    .appName("parley")
                    .build();
            PrintWriter out = terminal.writer();
            String id = client.open(Optional.ofNullable(conversation), Optional.ofNullable(workspace));
            out.println(dim(terminal, "Conversation " + id + ". Ctrl-C stops an answer, Ctrl-D leaves."));
            AtomicReference<ChatClient.@Nullable Question> running = new AtomicReference<>();
            terminal.handle(Terminal.Signal.INT, signal -> {
                ChatClient.Question question = running.get();
                if (question != null) {
                    // Not on the signal's thread: the request may take a while, and another Ctrl-C may come.
                    Thread.ofVirtual().name("cancel").start(() -> client.cancel(question));
                }
            });
            while (true) {
                String line;
                try {
                    line = readQuestion(prompt);
                } catch (UserInterruptException | EndOfFileException e) {
                    return 0;
                }
                if (line.isBlank()) {
                    continue;
                }
                if (line.strip().equals("/quit") || line.strip().equals("/exit")) {
                    return 0;
                }
                answer(client, id, line, terminal, running);
            }
        }
    }

    private static String readQuestion(LineReader prompt) {
        StringBuilder question = new StringBuilder();
        String line = prompt.readLine("> ");
        while (line.endsWith("\\")) {
            question.append(line, 0, line.length() - 1).append('\n');
            line = prompt.readLine("… ");
        }
        return question.append(line).toString();
    }

    private static void answer(
            ChatClient client,
            String conversation,
            String question,
            Terminal terminal,
            AtomicReference<ChatClient.@Nullable Question> running) {
        PrintWriter out = terminal.writer();
        try {
            ChatClient.Question asked = client.ask(conversation, question);
            running.set(asked);
            ChatClient.Outcome outcome = client.follow(asked, new Printed(out, styled(terminal)));
            out.println();
            sources(outcome).ifPresent(sources -> out.println(dim(terminal, sources)));
            outcome.trouble().ifPresent(trouble -> out.println(dim(terminal, "[" + trouble + "]")));
        } catch (CommandFailedException e) {
            out.println(dim(terminal, "[" + e.getMessage() + "]"));
        } finally {
            running.set(null);
        }
        out.flush();
    }

    /** The sources by the numbers under which the answer cites them. */
    private static Optional<String> sources(ChatClient.Outcome outcome) {
        List<String> titles = outcome.sources();
        return titles.isEmpty()
                ? Optional.empty()
                : Optional.of(IntStream.range(0, titles.size())
                        .mapToObj(i -> "[" + (i + 1) + "] " + titles.get(i))
                        .collect(Collectors.joining(" · ", "Sources: ", "")));
    }

    private static boolean styled(Terminal terminal) {
        return !Terminal.TYPE_DUMB.equals(terminal.getType()) && !Terminal.TYPE_DUMB_COLOR.equals(terminal.getType());
    }

    private static String dim(Terminal terminal, String text) {
        return styled(terminal) ? DIM + text + PLAIN : text;
    }

    /** Prints an answer as it comes. A reset cannot take back printed text: it says so and begins on a new line. */
    private record Printed(PrintWriter out, boolean styled) implements ChatClient.Answer {

        @Override
        public void text(String piece) {
            out.print(piece);
            out.flush();
        }

        @Override
        public void reasoning(String piece) {
            if (styled) {
                out.print(DIM + piece + PLAIN);
                out.flush();
            }
        }

        @Override
        public void reset(String reason) {
            note("the answer starts again: " + reason);
        }

        @Override
        public void reconnecting() {
            note("connection lost, reconnecting");
        }

        private void note(String what) {
            System.err.println();
            System.err.println(styled ? DIM + "[" + what + "]" + PLAIN : "[" + what + "]");
        }
    }

    /** For an answer that goes into a file or a pipe: nothing is written before it is whole, so a reset leaves no trace. */
    private record Unshown() implements ChatClient.Answer {

        @Override
        public void text(String piece) {}

        @Override
        public void reasoning(String piece) {}

        @Override
        public void reset(String reason) {}

        @Override
        public void reconnecting() {}
    }
}
