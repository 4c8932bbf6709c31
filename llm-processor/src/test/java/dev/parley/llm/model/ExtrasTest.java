package dev.parley.llm.model;

import static dev.parley.llm.model.Streams.DONE;
import static dev.parley.llm.model.Streams.data;
import static dev.parley.llm.model.Streams.delta;
import static dev.parley.llm.model.Streams.finish;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a model server wants to have back goes back as it came, to the model that said it and to no other. */
class ExtrasTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MODEL = "m";
    private static final String SIGNED_CALLS =
            "{\"tool_calls\":{\"0\":{\"extra_content\":{\"google\":{\"thought_signature\":\"s0\"}}},"
                    + "\"1\":{\"extra_content\":{\"google\":{\"thought_signature\":\"s1\"}}}}}";

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static PromptMessage user(String text) {
        return new PromptMessage(Role.USER, text, List.of(), null, null);
    }

    private static PromptMessage answer(String text, String model, String extras, ToolCall... calls) {
        return new PromptMessage(Role.ASSISTANT, text, List.of(calls), null, new ProviderExtras("e", model, extras));
    }

    private static PromptMessage result(String id) {
        return new PromptMessage(Role.TOOL, "r", List.of(), id, null);
    }

    private static ToolCall call(String id) {
        return new ToolCall(id, "look", "{}");
    }

    private static GenerationRequest request(PromptMessage... messages) {
        List<PromptMessage> all = new ArrayList<>(List.of(user("q")));
        all.addAll(List.of(messages));
        all.add(user("and then?"));
        return GenerationRequest.newBuilder()
                .setTenantId("t")
                .setConversationId("c")
                .setTurnId("turn")
                .setGenerationId("g")
                .setAssistantMessageId("a")
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.EPOCH)
                .setEngine("e")
                .setMessages(all)
                .build();
    }

    private static JsonNode chat(PromptMessage... messages) {
        return ChatCompletionRequest.of(request(messages), MODEL, new LearnedDialect(Dialects.USUAL))
                .json()
                .path("messages");
    }

    private static JsonNode messages(PromptMessage... messages) {
        return MessagesRequest.of(request(messages), MODEL, List.of()).json().path("messages");
    }

    @Test
    void chatCompletionsGetBackWhatTheyStreamed() {
        String details = "[{'type':'reasoning.text','text':'a','index':0,'signature':'s'}]";
        String heard = Streams.chat(data(
                        delta("'reasoning_details':" + details),
                        delta("'content':'A','extra_content':{'google':{'thought_signature':'t'}}"),
                        delta("'tool_calls':[{'index':0,'id':'c','function':{'name':'look','arguments':'{}'},"
                                + "'extra_content':{'google':{'thought_signature':'u'}}}]"),
                        finish("tool_calls"),
                        DONE))
                .finished()
                .extras()
                .orElseThrow();

        JsonNode said = chat(answer("A", MODEL, heard, call("c")), result("c")).get(1);

        assertThat(said.path("reasoning_details")).isEqualTo(json(details));
        assertThat(said.path("extra_content")).isEqualTo(json("{'google':{'thought_signature':'t'}}"));
        assertThat(said.at("/tool_calls/0/extra_content")).isEqualTo(json("{'google':{'thought_signature':'u'}}"));
        assertThat(said.at("/tool_calls/0/id").asText()).isEqualTo("c");
        assertThat(said.path("content").asText()).isEqualTo("A");
    }

    @Test
    void partsThatAreSignedGoBackAsParts() {
        String thought = "{'type':'thinking','thinking':[{'type':'text','text':'Hm.'}],'signature':'s'}";

        JsonNode said = chat(answer("A", MODEL, ("{'content':[" + thought + "]}").replace('\'', '"')))
                .get(1);
        assertThat(said.path("content")).isEqualTo(json("[" + thought + ",{'type':'text','text':'A'}]"));
    }

    @Test
    void aCallKeepsItsOwnThoughCallsBeforeItAreLeftOut() {
        JsonNode said = chat(answer("", MODEL, SIGNED_CALLS, call("lost"), call("kept")), result("kept"))
                .get(1);

        assertThat(said.path("tool_calls")).hasSize(1);
        assertThat(said.at("/tool_calls/0/id").asText()).isEqualTo("kept");
        assertThat(said.at("/tool_calls/0/extra_content/google/thought_signature")
                        .asText())
                .isEqualTo("s1");
    }

    @Test
    void messagesGetBackTheirThoughtsBeforeWhatCameOfThem() {
        String thoughts =
                "[{'type':'thinking','thinking':'Hm.','signature':'s'},{'type':'redacted_thinking','data':'eA=='}]";
        String extras = ("{'thinking':" + thoughts + "}").replace('\'', '"');

        JsonNode said =
                messages(answer("A", MODEL, extras, call("c")), result("c")).get(1);

        assertThat(said.path("content"))
                .isEqualTo(json(thoughts.substring(0, thoughts.length() - 1)
                        + ",{'type':'text','text':'A'},{'type':'tool_use','id':'c','name':'look','input':{}}]"));
    }

    @Test
    void anotherModelGetsNothingOfIt() {
        String secret = "{\"thinking\":[{\"type\":\"thinking\",\"thinking\":\"Hm.\",\"signature\":\"secret\"}],"
                + "\"reasoning_details\":[{\"data\":\"secret\"}],\"content\":[{\"signature\":\"secret\"}],"
                + "\"tool_calls\":{\"0\":{\"extra_content\":\"secret\"}}}";
        PromptMessage[] said = {answer("A", "another", secret, call("c")), result("c")};

        assertThat(chat(said).toString()).doesNotContain("secret").contains("\"A\"");
        assertThat(messages(said).toString()).doesNotContain("secret").contains("\"A\"");
    }

    @Test
    void neitherProtocolGetsWhatIsOfTheOther() {
        PromptMessage ofMessages = answer("A", MODEL, "{\"thinking\":[{\"type\":\"thinking\",\"signature\":\"s\"}]}");
        PromptMessage ofChat = answer("A", MODEL, "{\"reasoning_details\":[{\"data\":\"s\"}]}");

        assertThat(messages(ofChat).get(1).path("content")).isEqualTo(json("[{'type':'text','text':'A'}]"));
        assertThat(chat(ofMessages).get(1).has("reasoning_details")).isFalse();
    }

    @Test
    void whatIsNoJsonIsLeftOut() {
        assertThat(chat(answer("A", MODEL, "{")).get(1)).isEqualTo(json("{'role':'assistant','content':'A'}"));
    }

    @Test
    void proofsOfOneAnswerAreNoProofsOfTwoThatWereJoined() {
        JsonNode said = messages(
                        answer("A", MODEL, "{\"thinking\":[{\"type\":\"thinking\",\"signature\":\"first\"}]}"),
                        answer("B", MODEL, "{\"thinking\":[{\"type\":\"thinking\",\"signature\":\"second\"}]}"))
                .get(1);

        assertThat(said.toString()).contains("A\\n\\nB").contains("second").doesNotContain("first");
    }
}
