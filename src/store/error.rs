//! What can go wrong in the store, in words that hold neither a secret nor a database password.

use std::{io, path::PathBuf};

use sqlx::migrate::MigrateError;

use crate::{error::Error, model::id::AccountId};

/// A failure of the store.
///
/// Sources are kept for the log. They are safe there: sqlx does not put a connection's address or
/// password, nor bound values, into its errors (a test holds it to that).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be reached or refused a statement.
    #[error("the database does not answer")]
    Unavailable(#[from] sqlx::Error),
    /// A migration failed, or the database was migrated by a newer deskgate.
    #[error("the database could not be migrated")]
    Migration(#[from] MigrateError),
    /// The database was made with another master key.
    #[error("the master key does not open this database")]
    WrongMasterKey,
    /// Stored credentials do not open: they were altered, moved, or sealed under another key.
    #[error("the stored credentials of account {account} do not open")]
    Sealed {
        /// The account they stand with.
        account: AccountId,
    },
    /// A row holds what this program never writes.
    #[error("a row of {table} holds an impossible {column}")]
    Row {
        /// The table it is in.
        table: &'static str,
        /// The column that cannot be read.
        column: &'static str,
    },
    /// An intent is somebody else's by now: its holder took longer than it may.
    #[error("the intent is held by somebody else")]
    NotHeld,
    /// A statement did not come to its end: the process is about to.
    #[error("the statement was not run to its end")]
    Cancelled,
    /// The cryptographic library failed, which it does only without randomness or memory.
    #[error("sealing failed")]
    Cipher,
    /// The address of the database is of no kind that we know. It may hold a password, so it is not
    /// repeated here.
    #[error("the database address must be sqlite:PATH, a path, or postgres://…: {reason}")]
    UnsupportedUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file of an embedded database could not be made.
    #[error("the database file {} could not be created", path.display())]
    File {
        /// Where it should be.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl StoreError {
    /// Whether the database cannot be asked just now, so that what it said before is all there is.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable(error) => !matches!(error, sqlx::Error::PoolClosed),
            _ => false,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::NotHeld | StoreError::Cancelled => {
                Self::Unavailable(error.into())
            }
            StoreError::Migration(_)
            | StoreError::WrongMasterKey
            | StoreError::Sealed { .. }
            | StoreError::Row { .. }
            | StoreError::Cipher
            | StoreError::UnsupportedUrl { .. }
            | StoreError::File { .. } => Self::Internal(error.into()),
        }
    }
}
