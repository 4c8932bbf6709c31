-- Conversations are found by what their metadata hold: completions that a caller of a model API asked to be stored, among all others.

create index conversations_by_metadata on conversations using gin (metadata jsonb_path_ops) where not deleted;
