//! What differs from one installation of RT to another, as choices.
//!
//! The default of each is what the recorded server does: RT 5.0.3 on SQLite, all of it in UTC and English. A
//! gateway must behave the same whatever they say, so tests turn them.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

/// The choices of one simulated installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// The time zone of the user of the token. `TicketSQL` reads dates in it; what is shown is UTC all the same.
    pub time_zone: TimeZone,
    /// How long a write of other people stays uncommitted. RT stamps a ticket inside of a database transaction
    /// that also renders and sends mail, so a write becomes visible later than its `LastUpdated` says. Writes over
    /// REST are answered after their commit: they carry a `LastUpdated` that is this much earlier.
    pub commit_delay: SignedDuration,
    /// Which database is below: PostgreSQL refuses texts as numbers, SQLite keeps them (trap 7).
    pub database: Database,
    /// The language of messages, which is the user's choice (trap 5).
    pub language: Language,
    /// Which rows come first where nothing was asked for, and among equals. SQL promises nothing.
    pub ties: Ties,
    /// Whether there is a queue `Development` (5) with a lifecycle of its own.
    pub has_development: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            time_zone: TimeZone::UTC,
            commit_delay: SignedDuration::ZERO,
            database: Database::Sqlite,
            language: Language::English,
            ties: Ties::ByStatus,
            has_development: false,
        }
    }
}

/// The database below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// Keeps any text in any column.
    Sqlite,
    /// Has types.
    Postgres,
}

/// The language of the user of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// As recorded.
    English,
    /// German, as far as messages of changed fields go.
    German,
}

/// Which rows come first where nothing was asked for, and among equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// By id for the superuser; by status, as its database planned it, for an agent (trap 14: 6, 11, 16, 21).
    ByStatus,
    /// By id, the greatest first.
    NewestFirst,
    /// In an order that looks random, but stays the same.
    Shuffled,
}
