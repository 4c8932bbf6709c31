package dev.parley.ingest.protocol.mcp;

import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.ProblemException;
import io.javalin.http.Context;

/** Problems as JSON-RPC errors that answer no message. */
final class RpcErrors implements ErrorForm {

    @Override
    public boolean isFor(Context ctx) {
        return ErrorForm.isAt(ctx, "/mcp");
    }

    @Override
    public void write(Context ctx, ProblemException problem) {
        ctx.contentType("application/json").result(Rpc.error(problem).toString());
    }
}
