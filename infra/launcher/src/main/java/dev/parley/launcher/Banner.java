package dev.parley.launcher;

import dev.parley.stack.Stack;
import java.util.ArrayList;
import java.util.List;

/** What a newcomer needs to know when everything is up. */
final class Banner {

    private Banner() {}

    static List<String> of(Stack stack, Roles roles, boolean ephemeral) {
        List<String> lines = new ArrayList<>();
        lines.add("Parley is ready.");
        lines.add("");
        roles.httpUrl().ifPresent(url -> {
            lines.add("Web page and API   " + url);
            lines.add("For OpenAI clients " + url + "/v1");
            lines.add("In a terminal      " + Parley.command() + " chat"
                    + (url.endsWith(":8080") ? "" : " --url " + url));
        });
        roles.engine().ifPresent(engine -> lines.add("Engine             " + engine));
        lines.add("");
        lines.add("Kafka              " + stack.bootstrapServers());
        lines.add("Schema registry    " + stack.registryUrl());
        lines.add("Postgres           " + "postgresql://postgres@127.0.0.1:"
                + stack.postgres().port() + "/parley");
        lines.add("Data               " + (ephemeral ? "temporary, removed at the end" : stack.dataDir()));
        lines.add("");
        lines.add("Ctrl-C stops everything.");
        return lines;
    }
}
