-- Where an answer came from, by which configuration, and what it cost.

alter table messages add column cost_micros bigint;
alter table generations add column cost_micros bigint, add column endpoint text, add column configuration text;
comment on column messages.cost_micros is 'In millionths of the currency that the engine''s prices are in; null where it has none.';
comment on column generations.endpoint is 'Base URL of the model server that was asked; null where the engine has none.';
comment on column generations.configuration is 'Version of the configuration under which the turn ran.';
