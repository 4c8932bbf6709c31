-- What became known at the model servers that were asked for an answer.

alter table messages add column upstream jsonb;
alter table generations add column upstream jsonb;
comment on column messages.upstream is 'Parts of the tokens (cachedInputTokens, reasoningTokens, …), modelCalls, leftOut, retryAfterMillis, and refusalFrom: where in the content a refusal begins, in UTF-16 code units. Null where nothing is known.';
comment on column generations.upstream is 'As that of its message.';
