//! What a help desk is: tickets, comments and people, in the words of the unified API.
//!
//! Plain values without I/O. Everything may use this module, it uses nothing of ours. Read
//! [`ticket`] first, then [`text`] for why long strings are kept as JSON.

pub mod comment;
pub mod field;
pub mod filter;
pub mod id;
pub mod keeps;
pub mod object;
pub mod page;
pub mod patch;
pub mod person;
pub mod text;
pub mod ticket;
mod version;
