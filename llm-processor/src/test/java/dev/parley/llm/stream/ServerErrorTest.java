package dev.parley.llm.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerErrorTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'error':{'message':'WHY','type':'invalid_request_error','param':null,'code':null}}",
                "{'object':'error','message':'WHY','type':'BadRequestError','code':400}",
                "{'error':'WHY'}",
                "{'error':{'message':'','detail':'WHY'}}",
                "{'detail':'WHY'}",
                "{'detail':[{'loc':['body','stream_options'],'msg':'WHY','input':'SECRET'}]}",
                "{'object':'error','message':{'detail':[{'loc':['body'],'msg':'WHY','input':{'q':'SECRET'}}]}}",
                "[{'error':{'code':400,'message':'WHY','status':'INVALID_ARGUMENT'}}]",
                "{'type':'error','error':{'type':'invalid_request_error','message':'WHY'},'request_id':'r'}",
                "{'message':'WHY'}",
                "{'msg':'WHY','code':1234}",
                "{'errors':[{'x':1}],'message':'WHY'}",
                "{'error':{'message':'{\\'error\\':{\\'message\\':\\'WHY\\'}}','code':400}}",
                "{'error':{'message':'Provider returned error','metadata':{'raw':'WHY'}}}",
                "'WHY'",
                "WHY",
                "  WHY\n",
                "<html><head><title>WHY</title></head><body>SECRET</body></html>",
                "<!DOCTYPE html><style>SECRET</style><body><!-- SECRET --><h1>502</h1><p>WHY</p></body>"
            })
    void theServersWordsAreFoundInEveryUsualForm(String body) {
        ServerError error = ServerError.ofBody(body.replace('\'', '"'));

        assertThat(error.message()).contains("WHY").doesNotContain("SECRET").doesNotContain("<");
    }

    @Test
    void theFieldThatIsWrongIsNamed() {
        assertThat(ServerError.ofBody("{\"detail\":[{\"loc\":[\"body\",\"stream_options\"],\"msg\":\"not permitted\"},"
                                + "{\"loc\":[\"body\",0],\"msg\":\"bad\"}]}")
                        .message())
                .isEqualTo("body.stream_options: not permitted; body.0: bad");
    }

    private static int status(String body) {
        return ServerError.ofBody(body).status();
    }

    @Test
    void theStatusIsANumberOrFollowsFromAName() {
        assertThat(status("{\"error\":{\"message\":\"x\",\"code\":429}}")).isEqualTo(429);
        assertThat(status("{\"error\":{\"message\":\"x\",\"code\":\"503\"}}")).isEqualTo(503);
        assertThat(status("{\"object\":\"error\",\"message\":\"x\",\"code\":400}"))
                .isEqualTo(400);
        assertThat(status("{\"error\":{\"status\":\"RESOURCE_EXHAUSTED\"}}")).isEqualTo(429);
        assertThat(status("{\"error\":{\"type\":\"overloaded_error\"}}")).isEqualTo(503);
        assertThat(status("{\"error\":{\"type\":\"authentication_error\"}}")).isEqualTo(401);
        assertThat(status("{\"error\":{\"code\":\"context_length_exceeded\"}}")).isEqualTo(400);
        assertThat(status("{\"error\":{\"code\":17,\"type\":\"strange\"}}")).isZero();
        assertThat(status("{\"error\":\"x\"}")).isZero();
    }

    @Test
    void theTimeToWaitMayStandInTheBody() {
        assertThat(ServerError.ofBody("{\"error\":{\"message\":\"x\",\"retry_after\":1.5}}")
                        .retryAfter())
                .contains(Duration.ofMillis(1500));
        assertThat(ServerError.ofBody(
                                "[{\"error\":{\"code\":429,\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
                                        + "\"retryDelay\":\"31s\"}]}}]")
                        .retryAfter())
                .hasValueSatisfying(wait -> assertThat(wait).isGreaterThanOrEqualTo(Duration.ofSeconds(31)));
        assertThat(ServerError.ofBody("{\"error\":{\"message\":\"x\",\"retry_after\":\"soon\"}}")
                        .retryAfter())
                .isEmpty();
    }

    @Test
    void wordsAreBoundedAndInOneLine() {
        ServerError error = ServerError.ofBody("a\n\u0000b " + "\uD83D\uDE00".repeat(10_000));

        assertThat(error.message()).startsWith("a b ").endsWith("…").hasSizeLessThan(510);
        assertThat(Character.isHighSurrogate(
                        error.message().charAt(error.message().length() - 2)))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"message\":\"x\"}}",
                "{\"object\":\"error\",\"message\":\"x\"}",
                "[{\"error\":{\"code\":400,\"message\":\"x\"}}]"
            })
    void anErrorIsKnownWhateverItsStatus(String body) {
        assertThat(ServerError.found(body)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"object\":\"chat.completion\",\"choices\":[],\"error\":null}",
                "<html>",
                "",
                "{}",
                "[]",
                "{\"error\":{}}"
            })
    void whatIsNoErrorIsNone(String body) {
        assertThat(ServerError.found(body)).isEmpty();
    }
}
