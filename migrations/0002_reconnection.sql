-- Since when the help desk refuses to renew an account's credentials; null while nothing is wrong.
alter table accounts add column reconnect_since bigint;
