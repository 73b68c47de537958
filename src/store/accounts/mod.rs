//! Accounts: the connections to help desks that applications have stored.
//!
//! Everything but the credentials is plain; the credentials are sealed for their row by the vault
//! and opened only by `Store::find_account`. This file says what an account is; `queries` stores and
//! finds them, [`position`] is how far a walk through their list has come.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::{model::id::AccountId, store::applications::ApplicationId};

pub mod position;
mod queries;
pub(super) mod row;

/// A stored connection, without its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id, unique in the database.
    pub id: AccountId,
    /// The application that owns it.
    pub application_id: ApplicationId,
    /// The vendor, as in `freshdesk`.
    pub service: String,
    /// Where the help desk is, as in `https://acme.freshdesk.com`.
    pub origin: String,
    /// The login that the credentials belong to, where it is known.
    pub account: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// What only this vendor needs, as the text of a JSON object. Not secret.
    pub options: String,
    /// Whether it may be used.
    pub active: bool,
    /// Since when the help desk refuses to renew its credentials.
    pub reconnect_since: Option<Timestamp>,
    /// Access tokens for it that were issued before then, in unix seconds, count no more.
    pub tokens_from: Option<i64>,
    /// When it was connected.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// A connection to be stored; it becomes an active [`Account`].
#[derive(Debug)]
pub struct NewAccount {
    /// The application that owns it, which must exist.
    pub application_id: ApplicationId,
    /// The vendor.
    pub service: String,
    /// Where the help desk is.
    pub origin: String,
    /// The login, where it is known.
    pub account: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The text of a JSON object; `{}` when there is nothing to say.
    pub options: String,
    /// What the vendor wants to see, as the text of a JSON object. Stored sealed.
    pub credentials: SecretString,
}

/// A stored connection with its credentials, opened.
#[derive(Debug)]
pub struct StoredAccount {
    /// The connection.
    pub account: Account,
    /// What the vendor wants to see.
    pub credentials: SecretString,
}

/// What to change about an account; what is not given stays.
///
/// Vendor and address never change: the credentials are sealed for them.
#[derive(Debug, Default)]
pub struct AccountChange {
    /// A new name.
    pub name: Option<String>,
    /// A new login.
    pub account: Option<String>,
    /// New credentials.
    pub credentials: Option<SecretString>,
    /// Whether it may be used.
    pub active: Option<bool>,
    /// Only if it has not changed since then.
    pub as_of: Option<Timestamp>,
}
