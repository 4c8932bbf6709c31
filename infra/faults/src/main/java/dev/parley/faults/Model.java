package dev.parley.faults;

import dev.parley.faults.History.ModelCall;
import dev.parley.stack.scripted.Api;
import dev.parley.stack.scripted.ModelExchange;
import dev.parley.stack.scripted.ModelRequest;
import dev.parley.stack.scripted.Quirk;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.Script.Answer;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the model server says to a trial's questions. Every call says something else, also for the same question, so that a
 * text that was put together from two attempts is no text that any call said. Thread-safe.
 */
final class Model {

    private static final Pattern QUESTION = Pattern.compile("^ask (\\S+)");

    private final ScriptedModelServer server;
    private final ConcurrentHashMap<String, Ask> asks = new ConcurrentHashMap<>();

    /** One question, and the scripts of its calls so far. */
    private static final class Ask {
        private final IntFunction<Script> scripts;
        private final List<Script> calls = new ArrayList<>();

        Ask(IntFunction<Script> scripts) {
            this.scripts = scripts;
        }

        synchronized Script next() {
            Script script = scripts.apply(calls.size());
            calls.add(script);
            return script;
        }

        synchronized List<Script> calls() {
            return List.copyOf(calls);
        }
    }

    /** Takes the server over, until another trial does. */
    Model(ScriptedModelServer server) {
        this.server = server;
        server.answerWith(this::decide);
    }

    /** Registers a question; returns the text to ask it with. {@code scripts} are by number of the call, from 0. */
    String ask(String ask, IntFunction<Script> scripts) {
        asks.put(ask, new Ask(scripts));
        return "ask " + ask + " \uD83D\uDE00";
    }

    private Script decide(ModelRequest request) {
        Matcher question = QUESTION.matcher(request.lastUserText());
        Ask ask = question.find() ? asks.get(question.group(1)) : null;
        return ask == null ? Script.refuse(400).saying("nobody asked this") : ask.next();
    }

    /** An answer whose every word names its question and call, with characters that are easily broken. */
    static Answer words(String ask, int call, int count) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            words.add(ask + "#" + call + "." + i + (i % 7 == 3 ? "\uD83D\uDE00\n" : i % 5 == 1 ? "\u00E9 " : " "));
        }
        return Script.tokens(words);
    }

    int callsOf(String ask) {
        Ask asked = asks.get(ask);
        return asked == null ? 0 : asked.calls().size();
    }

    /** The exchange of a question's latest call; empty where there was none. */
    Optional<ModelExchange> latestOf(String ask) {
        Ask asked = asks.get(ask);
        if (asked == null || asked.calls().isEmpty()) {
            return Optional.empty();
        }
        Script script = asked.calls().getLast();
        return server.exchanges().stream()
                .filter(exchange -> exchange.script().equals(script))
                .findFirst();
    }

    /** Every call so far. */
    List<ModelCall> calls() {
        IdentityHashMap<Script, ModelExchange> exchanges = exchanges();
        List<ModelCall> calls = new ArrayList<>();
        asks.forEach((name, ask) -> {
            int number = 0;
            for (Script script : ask.calls()) {
                calls.add(call(name, number, script, exchanges.get(script)));
                number++;
            }
        });
        return calls;
    }

    private IdentityHashMap<Script, ModelExchange> exchanges() {
        IdentityHashMap<Script, ModelExchange> exchanges = new IdentityHashMap<>();
        server.exchanges().forEach(exchange -> exchanges.put(exchange.script(), exchange));
        return exchanges;
    }

    private static ModelCall call(String ask, int number, Script script, @Nullable ModelExchange exchange) {
        boolean open = exchange != null && exchange.isOpen();
        return switch (script) {
            case Answer answer ->
                new ModelCall(
                        ask,
                        number,
                        answer.fullText(),
                        exchange == null ? answer.deltas().size() : exchange.outputTokens(),
                        isWhole(answer.result(Api.CHAT_COMPLETIONS)),
                        open);
            case Script.Refusal refusal -> new ModelCall(ask, number, "", 0, false, open);
            case Script.Silence silence -> new ModelCall(ask, number, "", 0, false, open);
        };
    }

    private static boolean isWhole(Quirk.Result result) {
        return switch (result) {
            case WHOLE, EITHER -> true;
            case ELSEWHERE, FAILED, REFUSED, BROKEN, SILENT -> false;
        };
    }

    /** The quirks of a call whose answer was sent whole, and that was not the last: it was paid for in vain. */
    List<String> wasted(String ask) {
        Ask asked = asks.get(ask);
        if (asked == null) {
            return List.of();
        }
        IdentityHashMap<Script, ModelExchange> exchanges = exchanges();
        List<Script> calls = asked.calls();
        return calls.subList(0, Math.max(0, calls.size() - 1)).stream()
                .filter(script -> {
                    ModelExchange exchange = exchanges.get(script);
                    return exchange != null
                            && exchange.result() == Quirk.Result.WHOLE
                            && exchange.sentText().equals(((Answer) script).fullText());
                })
                .map(script -> ((Answer) script).quirks().toString())
                .toList();
    }
}
