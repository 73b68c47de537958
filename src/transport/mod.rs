//! Bytes on the wire: the only user of reqwest.
//!
//! Knows HTTP, not help desks. [`call`] is plain data, [`http`] the network, [`retry`] decides
//! without a clock of its own, [`egress`] says which addresses may be called at all, `resolver` where their names may lead,
//! [`raw`] is what is passed through, and [`mod@line`] puts them together for one account.

pub mod breaker;
#[cfg(test)]
mod breaker_law;
pub mod broker;
pub mod budget;
pub mod call;
pub mod egress;
pub mod hosts;
pub mod http;
pub mod line;
pub mod meter;
pub mod raw;
mod resolver;
pub mod retry;
pub mod retry_budget;
pub mod trip;
