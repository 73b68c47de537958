//! The API, as its clients see it. Every answer is also held against the OpenAPI document.

mod access;
mod accounts;
mod audit;
mod bad_input;
mod cors;
mod forged;
mod idempotency;
mod keys;
mod raw;
mod tenants;
