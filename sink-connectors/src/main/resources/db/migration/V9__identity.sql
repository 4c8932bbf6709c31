-- Which log the places belong to, and what is set aside of it.

alter table sink_offsets add column topic_id text;
comment on column sink_offsets.topic_id is 'Kafka''s own id of the topic that the place is in: a topic of the same name that was made anew has another. Null until the sink has come there since it is kept.';

create table sink_letters (
  topic         text   not null,
  log_partition int    not null,
  log_offset    bigint not null,
  code          text   not null,
  cause         text   not null,
  primary key (topic, log_partition, log_offset)
);
comment on table sink_letters is 'Records that the sink has passed over and that are not among the dead letters yet: written in the transaction that passes over them.';
