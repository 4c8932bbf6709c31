package dev.parley.stack.scripted;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.parley.schemas.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What {@link ScriptedModelServer} does with one request. Values; every method returns a changed copy. */
public sealed interface Script {

    /** Says {@code text}, a word a token, at once, then stops. */
    static Answer text(String text) {
        return tokens(words(text));
    }

    /** Says exactly these tokens, one delta each. A lone surrogate is sent as its JSON escape. */
    static Answer tokens(List<String> tokens) {
        return new Answer(
                tokens.stream().<Delta>map(Delta.Text::new).toList(),
                Duration.ZERO,
                Duration.ZERO,
                new Ending.Finished("stop"),
                true,
                List.of());
    }

    /** Says exactly these tokens, one delta each. */
    static Answer tokens(String... tokens) {
        return tokens(List.of(tokens));
    }

    /** {@code count} numbered words, {@code pace} apart: {@code "w0 w1 w2 …"}. */
    static Answer numbered(int count, Duration pace) {
        List<String> tokens = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            tokens.add(i == 0 ? "w0" : " w" + i);
        }
        return tokens(tokens).pacedAt(pace);
    }

    /** Answers with an HTTP error and an OpenAI error object. */
    static Refusal refuse(int status) {
        return new Refusal(status, Optional.empty(), "scripted refusal with status " + status);
    }

    /** Takes the request and never answers, not even with headers, until the client goes. */
    static Silence silence() {
        return new Silence();
    }

    /** One event of a streamed answer. */
    sealed interface Delta {

        /** {@code delta.content}. */
        record Text(String text) implements Delta {}

        /** {@code delta.reasoning_content}, as vLLM and others send a model's thinking. */
        record Reasoning(String text) implements Delta {}

        /** A whole call of a tool, in two deltas as models send them: the name first, then the arguments. */
        record Call(int index, String id, String name, String arguments) implements Delta {}

        /** A {@code data:} line of these characters, whatever they are. */
        record Raw(String line) implements Delta {}
    }

    /** How an answer ends when its deltas are sent. */
    sealed interface Ending {

        /** As it should, with a {@code finish_reason} and {@code [DONE]}. */
        record Finished(String reason) implements Ending {}

        /** The stream ends properly, but nothing said why: no {@code finish_reason}, no {@code [DONE]}. */
        record Unfinished() implements Ending {}

        /** The connection is closed in the middle of the response. */
        record Dropped() implements Ending {}

        /** Nothing more comes, until the client goes. */
        record Stuck() implements Ending {}
    }

    /**
     * An answer.
     *
     * @param firstTokenAfter from the request's arrival; the headers are sent at once
     * @param pace between intended send times, so that a slow send does not delay the later ones
     * @param usage whether usage is reported, where the request asks for it or does not stream
     * @param quirks that it is played with; those of another API than the request's do nothing
     */
    record Answer(
            List<Delta> deltas,
            Duration firstTokenAfter,
            Duration pace,
            Ending ending,
            boolean usage,
            List<Quirk> quirks)
            implements Script {

        public Answer {
            deltas = List.copyOf(deltas);
            quirks = List.copyOf(quirks);
        }

        /** Played with these, besides those that it has already. */
        public Answer with(Quirk... more) {
            return with(List.of(more));
        }

        /** Played with the quirks of these names, besides those that it has already. */
        public Answer with(String... names) {
            return with(Stream.of(names).map(Quirk::called).toList());
        }

        /** Played with these, besides those that it has already. */
        public Answer with(List<Quirk> more) {
            List<Quirk> all = new ArrayList<>(quirks);
            all.addAll(more);
            return new Answer(deltas, firstTokenAfter, pace, ending, usage, all);
        }

        /** What a careful client makes of it, as long as the request is to the server's taste. */
        public Quirk.Result result(Api api) {
            Quirk.Result result = switch (ending) {
                case Ending.Finished _ -> Quirk.Result.WHOLE;
                case Ending.Unfinished _, Ending.Dropped _ -> Quirk.Result.BROKEN;
                case Ending.Stuck _ -> Quirk.Result.SILENT;
            };
            if (deltas.stream().anyMatch(Delta.Raw.class::isInstance)) {
                result = result.and(Quirk.Result.BROKEN);
            }
            for (Quirk quirk : quirks) {
                if (quirk.apis().contains(api) && !(quirk instanceof RequestQuirk)) {
                    result = result.and(quirk.result());
                }
            }
            return result;
        }

        /** What comes of it in a client that makes the best of it, as long as the request is to the server's taste. */
        public Outcome outcome(ModelRequest request) {
            Api api = request.api();
            Answer played = this;
            Outcome outcome = switch (ending) {
                case Ending.Finished _ -> Outcome.whole();
                case Ending.Unfinished _ -> Outcome.broken(ErrorCode.ENGINE_TRUNCATED);
                case Ending.Dropped _ -> Outcome.broken(ErrorCode.ENGINE_ERROR);
                case Ending.Stuck _ -> Outcome.silent();
            };
            List<Quirk> inOrder = Catalogue.ordered(quirks, api);
            for (Quirk quirk : inOrder) {
                played = quirk.answer(request, played);
            }
            Heard heard = Heard.of(request, played);
            for (Quirk quirk : inOrder) {
                Outcome next = quirk instanceof RequestQuirk ? Outcome.whole() : quirk.outcome(api);
                if (next instanceof Outcome.Ends(Quirk.Result _, Outcome.Change change)) {
                    heard = change.of(api, heard);
                }
                outcome = outcome.result().compareTo(next.result()) > 0 ? outcome : next;
            }
            Heard all = heard;
            return outcome instanceof Outcome.Ends ends ? new Outcome.Ends(ends.result(), (_, _) -> all) : outcome;
        }

        public Answer firstTokenAfter(Duration delay) {
            return new Answer(deltas, delay, pace, ending, usage, quirks);
        }

        public Answer pacedAt(Duration gap) {
            return new Answer(deltas, firstTokenAfter, gap, ending, usage, quirks);
        }

        /** Thinks first, a word a delta. */
        public Answer reasoning(String thoughts) {
            List<Delta> all = new ArrayList<>();
            words(thoughts).forEach(word -> all.add(new Delta.Reasoning(word)));
            all.addAll(deltas);
            return saying(all);
        }

        /** Asks for a tool call after what is said, and finishes for that reason. */
        public Answer calling(String id, String name, String arguments) {
            List<Delta> all = new ArrayList<>(deltas);
            int index =
                    (int) deltas.stream().filter(Delta.Call.class::isInstance).count();
            all.add(new Delta.Call(index, id, name, arguments));
            return saying(all).finishing("tool_calls");
        }

        public Answer finishing(String reason) {
            return ending(new Ending.Finished(reason));
        }

        public Answer withoutUsage() {
            return new Answer(deltas, firstTokenAfter, pace, ending, false, quirks);
        }

        public Answer withoutFinish() {
            return ending(new Ending.Unfinished());
        }

        /** Closes the connection after that many deltas. */
        public Answer dyingAfter(int count) {
            return first(count).ending(new Ending.Dropped());
        }

        /** Sends that many deltas, then nothing; 0 hangs before the first token, with the headers sent. */
        public Answer hangingAfter(int count) {
            return first(count).ending(new Ending.Stuck());
        }

        /** Sends a line that is no JSON after that many deltas, then goes on. */
        public Answer garbageAfter(int count) {
            List<Delta> all = new ArrayList<>(deltas);
            all.add(Math.min(count, all.size()), new Delta.Raw("{\"choices\": [<html>"));
            return saying(all);
        }

        /** The text that a client that reads all of it ends up with. */
        public String fullText() {
            StringBuilder text = new StringBuilder();
            for (Delta delta : deltas) {
                if (delta instanceof Delta.Text(String part)) {
                    text.append(part);
                }
            }
            return text.toString();
        }

        /** The text of that many deltas. */
        String textOf(int count) {
            return first(count).fullText();
        }

        /** With other deltas, and all else the same. */
        Answer saying(List<Delta> others) {
            return new Answer(others, firstTokenAfter, pace, ending, usage, quirks);
        }

        /** With some reasoning, where there is none. */
        Answer thinkingSomething() {
            return deltas.stream().anyMatch(Delta.Reasoning.class::isInstance) ? this : reasoning("Because of this. ");
        }

        /** With two calls of the first tools that are offered, where it calls none and none has answered. */
        Answer callingSomething(ModelRequest request) {
            if (deltas.stream().anyMatch(Delta.Call.class::isInstance)
                    || !(ending instanceof Ending.Finished)
                    || request.isAfterTool()) {
                return this;
            }
            List<String> tools = request.tools().isEmpty() ? List.of("get", "put") : request.tools();
            String id = "call_" + Long.toHexString(System.nanoTime());
            return calling(id + "_1", tools.getFirst(), "{\"a\":1}")
                    .calling(id + "_2", tools.get(Math.min(1, tools.size() - 1)), "{\"b\":2}");
        }

        private Answer first(int count) {
            return saying(deltas.subList(0, Math.min(count, deltas.size())));
        }

        private Answer ending(Ending changed) {
            return new Answer(deltas, firstTokenAfter, pace, changed, usage, quirks);
        }
    }

    /** An HTTP error. */
    record Refusal(int status, Optional<Duration> retryAfter, String message) implements Script {

        public Refusal {
            if (status < 400 || status > 599) {
                throw new IllegalArgumentException("a refusal has a status from 400 to 599, not " + status);
            }
        }

        public Refusal retryAfter(Duration delay) {
            return new Refusal(status, Optional.of(delay), message);
        }

        public Refusal saying(String text) {
            return new Refusal(status, retryAfter, text);
        }
    }

    /** No answer at all. */
    record Silence() implements Script {}

    /** Words with the blanks that follow them, so that they join up to {@code text} again. */
    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        Matcher matcher = Pattern.compile("\\S+\\s*|\\s+").matcher(text);
        while (matcher.find()) {
            words.add(matcher.group());
        }
        return words;
    }

    /**
     * Scripts that a user's message carries, so that a client in another process can drive each answer: {@code script} and
     * a JSON object with {@code tokens} (list of texts), {@code repeat} (how often each token says its text), {@code reasoning} (text), {@code calls} (list of
     * {@code {id, name, arguments}}), {@code afterMillis}, {@code paceMillis}, {@code finish} (a reason), {@code dieAfter},
     * {@code hangAfter} (tokens), {@code refuse} (a status), {@code quirks} (list of their names); or {@code heard} (true):
     * it says the prompt's messages, as a JSON array of {@code [role, text]}.
     */
    final class InMessage {

        private static final String PREFIX = "script {";
        private static final ObjectMapper MAPPER = new ObjectMapper();

        private InMessage() {}

        static Optional<Script> parse(ModelRequest request) {
            String text = request.lastUserText();
            if (!text.startsWith(PREFIX)) {
                return Optional.empty();
            }
            try {
                return Optional.of(script(MAPPER.readTree(text.substring(PREFIX.length() - 1)), request));
            } catch (JsonProcessingException e) {
                return Optional.of(Script.refuse(400).saying("the script is not JSON: " + e.getOriginalMessage()));
            }
        }

        private static List<String> saying(JsonNode json) {
            return json.path("tokens")
                    .valueStream()
                    .map(token -> token.asText().repeat(json.path("repeat").asInt(1)))
                    .toList();
        }

        private static String heard(ModelRequest request) {
            ArrayNode heard = MAPPER.createArrayNode();
            request.messages()
                    .forEach(message -> heard.addArray().add(message.role()).add(message.text()));
            return heard.toString();
        }

        private static Script script(JsonNode json, ModelRequest request) {
            if (json.has("refuse")) {
                return refuse(json.path("refuse").asInt());
            }
            Answer answer = tokens(json.path("heard").asBoolean() ? List.of(heard(request)) : saying(json))
                    .firstTokenAfter(Duration.ofMillis(json.path("afterMillis").asLong()))
                    .pacedAt(Duration.ofMillis(json.path("paceMillis").asLong()));
            if (json.has("reasoning")) {
                answer = answer.reasoning(json.path("reasoning").asText());
            }
            // Once the tool has answered, there is nothing left to call.
            boolean answered = request.messages().getLast().role().equals("tool");
            for (JsonNode call : answered
                    ? List.<JsonNode>of()
                    : json.path("calls").valueStream().toList()) {
                answer = answer.calling(
                        call.path("id").asText(),
                        call.path("name").asText(),
                        call.path("arguments").asText());
            }
            if (json.has("finish")) {
                answer = answer.finishing(json.path("finish").asText());
            }
            if (json.has("dieAfter")) {
                answer = answer.dyingAfter(json.path("dieAfter").asInt());
            }
            if (json.has("hangAfter")) {
                answer = answer.hangingAfter(json.path("hangAfter").asInt());
            }
            return answer.with(json.path("quirks")
                    .valueStream()
                    .map(quirk -> Quirk.called(quirk.asText()))
                    .toList());
        }
    }

    /** Model names that carry a script, so that a server in another process can be driven by its clients. */
    final class ModelName {

        /** Says what it was asked. */
        static final String ECHO = "scripted";

        /** For people: the names' grammar. */
        public static final String GRAMMAR = "scripted[-<tokens>x<gap>ms][-after<delay>ms][-reasoning<words>]"
                + "[-die<n>|-hang<n>|-garbage<n>|-nofinish][-nousage][+<quirk>…][+rude<seed>],"
                + " scripted-refuse<status>, scripted-silence";

        private static final Pattern RUDE = Pattern.compile("rude(\\d{0,18})");
        private static final Pattern REFUSAL = Pattern.compile("scripted-refuse([45]\\d\\d)");
        private static final Pattern ANSWER =
                Pattern.compile("scripted(?:-(\\d{1,6})x(\\d{1,6})ms)?(?:-after(\\d{1,6})ms)?"
                        + "(?:-reasoning(\\d{1,4}))?(?:-(die|hang|garbage|nofinish)(\\d{0,6}))?(-nousage)?");

        private ModelName() {}

        /**
         * The script that {@code request}'s model names; {@code echo} is what it says where no tokens are named.
         *
         * @param rudeness draws the quirks of {@code +rude<seed>}
         * @throws Quirk.UnknownException where it names a quirk that there is not
         */
        static Optional<Script> parse(ModelRequest request, Answer echo, LongFunction<Rudeness> rudeness) {
            List<String> parts = List.of(request.model().split("\\+", -1));
            Optional<Script> plain = plain(parts.getFirst(), echo);
            if (parts.size() == 1 || !(plain.orElse(null) instanceof Answer)) {
                return plain;
            }
            List<Quirk> quirks = new ArrayList<>();
            for (String part : parts.subList(1, parts.size())) {
                Matcher rude = RUDE.matcher(part);
                if (rude.matches()) {
                    long seed = rude.group(1).isEmpty() ? 1 : Long.parseLong(rude.group(1));
                    quirks.addAll(rudeness.apply(seed).next(request));
                } else {
                    quirks.add(Quirk.called(part));
                }
            }
            return plain.map(script -> script instanceof Answer answer ? answer.with(quirks) : script);
        }

        private static Optional<Script> plain(String model, Answer echo) {
            Matcher refusal = REFUSAL.matcher(model);
            if (refusal.matches()) {
                return Optional.of(refuse(Integer.parseInt(refusal.group(1))));
            }
            if (model.equals("scripted-silence")) {
                return Optional.of(silence());
            }
            Matcher named = ANSWER.matcher(model);
            return named.matches() ? Optional.of(answer(named, echo)) : Optional.empty();
        }

        private static Script answer(Matcher named, Answer echo) {
            Answer answer = named.group(1) == null
                    ? echo
                    : numbered(Integer.parseInt(named.group(1)), Duration.ofMillis(Long.parseLong(named.group(2))));
            if (named.group(3) != null) {
                answer = answer.firstTokenAfter(Duration.ofMillis(Long.parseLong(named.group(3))));
            }
            if (named.group(4) != null) {
                answer = answer.reasoning(numbered(Integer.parseInt(named.group(4)), Duration.ZERO)
                        .fullText());
            }
            if (named.group(5) != null) {
                int count = named.group(6).isEmpty() ? 0 : Integer.parseInt(named.group(6));
                answer = switch (named.group(5)) {
                    case "die" -> answer.dyingAfter(count);
                    case "hang" -> answer.hangingAfter(count);
                    case "garbage" -> answer.garbageAfter(count);
                    default -> answer.withoutFinish();
                };
            }
            return named.group(7) == null ? answer : answer.withoutUsage();
        }
    }
}
