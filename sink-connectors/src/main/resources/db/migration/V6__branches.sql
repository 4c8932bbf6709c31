-- Conversations are trees: each message follows another.

alter table messages add column after_id text;
comment on column messages.after_id is 'The message that this one follows: the question of an answer; for a question an answer, or empty at the beginning of the conversation. Null until the turn of a question has begun, and for messages of before there were branches, which follow one another by position.';

alter table conversations add column tip_id text;
comment on column conversations.tip_id is 'The answer after which the conversation goes on, empty at its beginning; the turn that runs comes after it. Null where nothing has been said since there are branches.';
