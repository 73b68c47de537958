//! How far a walk through a list of accounts has come.

use std::{fmt, str::FromStr};

use crate::store::accounts::Account;

/// A place in the order of accounts (by time, then id): behind the account that it was taken from.
///
/// It stays a place when that account is deleted, so a walk through a list never ends early. As
/// text it is `<unix milliseconds>-<id>`, for a page token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountPosition {
    /// When the account was made, in unix milliseconds.
    pub(super) created_at: i64,
    /// Its id, which orders the accounts of one time.
    pub(super) id: i64,
}

/// Says that a text is not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position among accounts reads <milliseconds>-<id>")]
pub struct NotAPosition;

impl AccountPosition {
    /// Before every account.
    pub(super) const START: Self = Self {
        created_at: i64::MIN,
        id: i64::MIN,
    };
}

impl From<&Account> for AccountPosition {
    fn from(account: &Account) -> Self {
        Self {
            created_at: account.created_at.as_millisecond(),
            id: account.id.get().cast_signed(),
        }
    }
}

impl fmt::Display for AccountPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.created_at, self.id)
    }
}

impl FromStr for AccountPosition {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        // From the right: a time before 1970 begins with the same sign.
        let (created_at, id) = text.rsplit_once('-').ok_or(NotAPosition)?;
        Ok(Self {
            created_at: created_at.parse().map_err(|_| NotAPosition)?,
            id: id.parse().map_err(|_| NotAPosition)?,
        })
    }
}
