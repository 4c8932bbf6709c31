-- The read model: a fold of the log of record (topic chat.events). Everything here can be rebuilt from it.

create table events (
  tenant          text        not null,
  conversation_id text        not null,
  sequence        bigint      not null,
  type            text        not null,
  turn_id         text,
  time            timestamptz not null,
  data            bytea       not null,
  log_partition   int         not null,
  log_position    bigint      not null,
  primary key (tenant, conversation_id, sequence)
);
create index events_by_position on events (tenant, log_partition, log_position);
comment on table events is 'The log of record, event by event, as it stands on the topic.';
comment on column events.data is 'The record''s value as on the topic: Avro in the Confluent wire format.';

create table conversations (
  tenant          text        not null,
  id              text        not null,
  title           text,
  title_exact     bytea,
  workspace_id    text        not null,
  metadata        jsonb       not null default '{}',
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  message_count   int         not null default 0,
  last_sequence   bigint      not null,
  active_turn_id  text,
  active_user_message_id      text,
  active_assistant_message_id text,
  active_since    timestamptz,
  deleted         boolean     not null default false,
  primary key (tenant, id)
);
create index conversations_by_activity on conversations (tenant, updated_at desc, id desc) where not deleted;
comment on column conversations.last_sequence is 'Sequence of the last event folded into this and its messages.';

create table messages (
  tenant          text        not null,
  conversation_id text        not null,
  id              text        not null,
  turn_id         text        not null,
  position        bigint      not null,
  role            text        not null,
  status          text        not null,
  content         text        not null,
  content_exact   bytea,
  reasoning       text,
  reasoning_exact bytea,
  fingerprint     text,
  created_at      timestamptz not null,
  completed_at    timestamptz,
  finish_reason   text,
  engine          text,
  model           text,
  input_tokens    int,
  output_tokens   int,
  usage_basis     text,
  sources         jsonb       not null default '[]',
  error_code      text,
  error_detail    text,
  primary key (tenant, conversation_id, id)
);
create index messages_in_order on messages (tenant, conversation_id, position);
comment on column messages.position is 'Sequence of the event that brought the message: its place in the conversation.';
comment on column messages.content_exact is 'UTF-8 of the content where it holds U+0000, which text cannot; content then has U+FFFD in its place.';

create table generations (
  tenant          text        not null,
  conversation_id text        not null,
  id              text        not null,
  turn_id         text        not null,
  message_id      text        not null,
  outcome         text        not null,
  attempt         int,
  attempt_id      text,
  engine          text,
  model           text,
  worker_id       text,
  finish_reason   text,
  error_code      text,
  input_tokens    int,
  output_tokens   int,
  usage_basis     text,
  queued_millis       double precision,
  claim_millis        double precision,
  first_token_millis  double precision,
  generation_millis   double precision,
  ended_at        timestamptz not null,
  primary key (tenant, conversation_id, id)
);
comment on table generations is 'One row for each call of a model that ended, however it ended.';

create table feedback (
  tenant          text        not null,
  conversation_id text        not null,
  message_id      text        not null,
  rating          text        not null,
  comment         text,
  comment_exact   bytea,
  time            timestamptz not null,
  primary key (tenant, conversation_id, message_id)
);

create table sink_offsets (
  topic         text   not null,
  log_partition int    not null,
  next_position bigint not null,
  primary key (topic, log_partition)
);
comment on table sink_offsets is 'How far the sink has come; advanced in the transaction that writes the rows.';
