-- Images and files of messages: what they are and where, never their contents.

alter table messages add column attachments jsonb not null default '[]';
comment on column messages.attachments is 'Of a message: [{id?, mediaType, name?, bytes?, url, at?, detail?}]; the content of a file with an id is on the topic of files. Those of messages that came along are in context.';
