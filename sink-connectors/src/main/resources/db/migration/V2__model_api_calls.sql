-- What callers of a model API send and get beside text: earlier messages, and calls of tools.

alter table messages
  add column context    jsonb not null default '[]',
  add column tool_calls jsonb not null default '[]';
comment on column messages.context is 'Messages that the caller sent along with this one, which were not in the conversation before it.';
comment on column messages.tool_calls is 'Calls of tools that this answer asks its caller to make.';

create index events_of_turn on events (tenant, conversation_id, turn_id) where turn_id is not null;
