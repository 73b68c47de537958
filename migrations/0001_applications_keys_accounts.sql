-- One text for SQLite and PostgreSQL: only text, bigint and boolean.
-- Times are unix milliseconds. Sealed values are base64url text.

create table settings (
    name text not null primary key,
    value text not null,
    created_at bigint not null
);

create table applications (
    id text not null primary key,
    name text not null unique,
    created_at bigint not null
);

create table api_keys (
    key_id text not null primary key,
    secret_hash text not null,
    application_id text not null references applications (id),
    created_at bigint not null,
    revoked_at bigint
);

create table accounts (
    id bigint not null primary key,
    application_id text not null references applications (id),
    service text not null,
    origin text not null,
    account text,
    name text,
    options text not null,
    credentials text not null,
    active boolean not null,
    created_at bigint not null,
    modified_at bigint not null
);

create index accounts_in_order on accounts (application_id, created_at, id);
