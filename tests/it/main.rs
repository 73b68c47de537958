//! One binary of integration tests, named by what they promise.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, also in the functions it stands on"
)]

mod api;
mod calm;
mod chaos;
mod commands;
mod contract;
mod desks;
mod documents;
mod edge;
mod freshdesk;
mod hostile_server;
mod load;
mod rt;
mod store;
mod support;
mod tidy;
mod zendesk;
