package dev.parley.llm.engine;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.llm.model.Model.Outcome.Failed;
import dev.parley.schemas.ErrorCode;

/** How often model servers may still be asked for one request, by all its engines together. One thread. */
final class CallBudget {

    private int left;

    private CallBudget(int left) {
        this.left = left;
    }

    static CallBudget of(GenerationRequest request) {
        int allowed = request.getModelCallsLeft();
        return allowed == 0 ? unbounded() : new CallBudget(allowed);
    }

    /** That of what asks no model server. */
    static CallBudget unbounded() {
        return new CallBudget(Integer.MAX_VALUE);
    }

    boolean isLeft() {
        return left > 0;
    }

    /** One call is made, if there is one left. */
    boolean take() {
        if (left == 0) {
            return false;
        }
        left--;
        return true;
    }

    /** What an engine says that was not asked any more. */
    static Failed usedUp() {
        return new Failed(ErrorCode.OVERLOADED, "this turn has made as many calls of model servers as it may");
    }
}
