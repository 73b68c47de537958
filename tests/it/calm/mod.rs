//! Calm under load: rate limits that are kept and shared fairly, deadlines, and help desks that are slow or dead.
//!
//! Each test sends requests through the whole gateway to a simulated help desk with its rate limits on, in time that
//! jumps over every wait ([`stage`]). A newcomer reads [`crowd`] first: clients that ask, wait when told, and keep a
//! diary. The queue and the breaker have tests of their own beside their code, on models; here they stand in their
//! places.
//!
//! `cargo test --test it calm -- --nocapture` prints the figures that docs/RELIABILITY.md has.

mod breaker;
mod budget;
mod crowd;
mod deadlines;
mod fair;
mod foreign;
mod joined;
mod stage;
