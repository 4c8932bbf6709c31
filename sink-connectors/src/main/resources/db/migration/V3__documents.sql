-- The knowledge of workspaces: a fold of topic chat.documents, the latest record of each path.

create table documents (
  tenant          text        not null,
  workspace_id    text        not null,
  path            text        collate "C" not null,
  title           text,
  uri             text,
  content_type    text        not null,
  bytes           bigint      not null,
  characters      int         not null,
  content_hash    text        not null,
  updated_at      timestamptz not null,
  content         text        not null,
  content_exact   bytea,
  primary key (tenant, workspace_id, path)
);
comment on column documents.bytes is 'Of the text as kept, in UTF-8.';
comment on column documents.characters is 'Of the text as kept, in Unicode code points.';
comment on column documents.content_hash is 'Of the text and what is said about it; the same for a record that would change nothing.';
comment on column documents.content_exact is 'UTF-8 of the content where it holds U+0000, which text cannot; content then has U+FFFD in its place.';
