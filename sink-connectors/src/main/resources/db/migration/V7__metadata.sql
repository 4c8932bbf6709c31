-- Chat completions that a caller of a model API asked to be stored are listed in the order of time, among all other conversations.

create index stored_completions on conversations (tenant, created_at, id)
    where not deleted and metadata @> '{"openai.object": "chat.completion"}';
