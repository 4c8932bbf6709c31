package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;

/** A tool that answers at once. */
interface ImmediateTool extends Tool {

    /**
     * What a call of it comes to.
     *
     * @throws ProblemException which is told as the result, for the model to see
     */
    ObjectNode call(JsonBody arguments, Request request);
}
