package dev.parley.stack.scripted;

import dev.parley.stack.scripted.Quirk.Result;
import java.util.List;
import java.util.Optional;

/**
 * From what a script says to what goes on the wire.
 *
 * @param result what a careful client makes of it
 * @param outputTokens that it reports, where it reports any
 */
record Rendering(Response response, Result result, int outputTokens) {

    static Rendering of(ModelRequest request, Script script) {
        return switch (script) {
            case Script.Refusal refusal -> new Rendering(refused(request, refusal), Result.FAILED, 0);
            case Script.Silence() -> new Rendering(new Response.Nothing(), Result.SILENT, 0);
            case Script.Answer answer -> answer(request, answer);
        };
    }

    private static Response refused(ModelRequest request, Script.Refusal refusal) {
        Response.Whole plain = Dialect.of(request.api()).refusal(refusal.status(), refusal.message());
        Optional<String> retryAfter = refusal.retryAfter().map(delay -> Long.toString(delay.toSeconds()));
        return retryAfter.map(seconds -> plain.header("retry-after", seconds)).orElse(plain);
    }

    private static Rendering answer(ModelRequest request, Script.Answer scripted) {
        List<Quirk> quirks = Catalogue.ordered(scripted.quirks(), request.api());
        Script.Answer answer = scripted;
        for (Quirk quirk : quirks) {
            answer = quirk.answer(request, answer);
        }
        Dialect dialect = Dialect.of(request.api());
        Response response = request.stream() ? dialect.streamed(request, answer) : dialect.whole(request, answer);
        for (Quirk quirk : quirks) {
            response = quirk.response(request, answer, response);
        }
        Result result = scripted.result(request.api());
        // A picky server may have refused what its script would have answered.
        boolean refused = response instanceof Response.Whole whole && whole.status() != 200;
        return new Rendering(
                response,
                refused ? result.and(Result.FAILED) : result,
                quirks.contains(UsageQuirk.USAGE_ZERO)
                        ? 0
                        : Dialect.Tokens.of(request, answer).output());
    }
}
