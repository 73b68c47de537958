-- What is meant to be done under an idempotency key, written down before a help desk is called, and what came of it.
-- The key and the request stand here as keyed hashes, the answer sealed.
create table intents (
    id text not null primary key,
    application_id text not null references applications (id),
    -- 0 where the request names no account.
    account_id bigint not null,
    key_hash text not null,
    request_hash text not null,
    -- running, unknown or done.
    state text not null,
    -- Who runs it, and until when at the latest.
    holder text not null,
    held_until bigint not null,
    -- When a call that must not be repeated was first about to be sent; null while none was.
    sent_at bigint,
    -- When what is not there by then certainly did not happen.
    settles_at bigint,
    -- What it made, in the help desk's own terms.
    object text,
    status bigint,
    answer text,
    created_at bigint not null,
    expires_at bigint not null
);

create unique index intents_by_key on intents (application_id, account_id, key_hash);

-- What was made is one intent's only.
create unique index intents_by_object on intents (account_id, object);

create index intents_by_request on intents (account_id, request_hash);

create index intents_by_expiry on intents (expires_at);
