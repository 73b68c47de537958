//! The API, as its clients see it. Every answer is also held against the OpenAPI document.

mod access;
mod accounts;
mod bad_input;
mod cors;
mod idempotency;
