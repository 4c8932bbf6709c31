import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;

/**
 * Asks as a program with Spring AI 2 does, and prints what it got, a line each.
 *
 * @param args the server's address, a question, a question whose answer calls {@code get_weather} first
 */
void main(String[] args) {
    var asked = new CopyOnWriteArrayList<String>();
    var weather = FunctionToolCallback.builder("get_weather", (Place place) -> {
                asked.add(place.place());
                return "rain";
            })
            .description("The weather of a place")
            .inputType(Place.class)
            .build();
    var memory = MessageWindowChatMemory.builder().build();
    var chat = ChatClient.builder(model(args[0], "default"))
            .defaultSystem("Be brief.")
            .defaultAdvisors(MessageChatMemoryAdvisor.builder(memory).build())
            .build();
    Consumer<ChatClient.AdvisorSpec> here = advisor -> advisor.param(ChatMemory.CONVERSATION_ID, "one");

    IO.println("call: " + chat.prompt(args[1]).advisors(here).call().content());
    IO.println("stream: " + streamed(chat.prompt(args[1]).advisors(here)));
    IO.println("tool: " + chat.prompt(args[2]).advisors(here).tools(weather).call().content());
    IO.println("tool in a stream: " + streamed(chat.prompt(args[2]).advisors(here).tools(weather)));
    IO.println("asked: " + asked);
    IO.println("remembered: " + memory.get("one").size());
    try {
        IO.println("refused: " + ChatClient.create(model(args[0], "gpt-none")).prompt("x").call().content());
    } catch (RuntimeException e) {
        IO.println("refused: " + e.getMessage());
    }
    // Threads of the client's would stay for a minute.
    System.exit(0);
}

record Place(String place) {}

private static String streamed(ChatClient.ChatClientRequestSpec request) {
    return String.join("", request.stream().content().collectList().block());
}

private static ChatModel model(String url, String name) {
    var options = OpenAiChatOptions.builder();
    options.baseUrl(url + "/v1").apiKey("unused").model(name);
    return OpenAiChatModel.builder().options(options.build()).build();
}
