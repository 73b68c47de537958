-- What an API key may do, until when, and when it was used last. No scopes: all of them.
alter table api_keys add column name text;
alter table api_keys add column scopes text;
alter table api_keys add column expires_at bigint;
alter table api_keys add column last_used_at bigint;

-- Access tokens of an account that were issued before then count no more, in unix seconds.
alter table accounts add column tokens_from bigint;

-- What access tokens are signed with, sealed. The newest signs, all that are not retired are accepted.
create table signing_keys (
    id text not null primary key,
    secret text not null,
    created_at bigint not null,
    retires_at bigint
);

-- Who did what with which account, and what came of it. Nothing of what was sent or read.
create table audit (
    -- In the order of time.
    id text not null primary key,
    application_id text not null references applications (id),
    happened_at bigint not null,
    actor text not null,
    method text not null,
    route text not null,
    account_id bigint,
    status bigint not null,
    error_code text,
    request_id text not null
);

create index audit_in_order on audit (application_id, happened_at, id);
