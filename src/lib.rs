//! deskgate: a vendor-neutral gateway to help desks.
//!
//! > **http** says *who may ask*, **desk** says *what may be asked*, **provider** says *how this
//! > vendor says it*, **transport** says *how bytes get there*.
//!
//! Data goes down as values and comes back as values; nothing calls upwards. In reading order:
//!
//! - [`model`]: what a help desk is; everything may use it, it uses nothing.
//! - [`provider`]: the contract that every vendor fulfils.
//! - [`providers`]: the vendors, one folder each, with their simulators.
//! - [`simulator`]: what their simulators stand on.
//! - [`transport`]: bytes on the wire.
//! - [`desk`]: use cases on one authorised account.
//! - [`http`]: the edge.
//! - [`store`]: SQL and sealed credentials. [`access_token`]: the tokens that stand for one account.
//! - [`app`]: the command line and the wiring. [`config`]: its settings. [`clock`]: what time it is.
//! - [`error`]: what can go wrong, and what the client is told.

pub mod access_token;
pub mod app;
pub mod clock;
pub mod config;
pub mod desk;
pub mod error;
pub mod http;
pub mod model;
pub mod provider;
pub mod providers;
pub mod simulator;
pub mod store;
pub mod transport;
