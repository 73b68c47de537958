//! Which database an address means, and how each kind is opened.

use std::{
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::store::{Db, error::StoreError, migrations::migrator};

/// How long a request waits for a free connection before the database counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long SQLite waits for another writer. Writes here take a millisecond, so this is ample.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections to the embedded database: it has one writer at a time, and reads are short.
const SQLITE_CONNECTIONS: u32 = 4;

/// Connections to PostgreSQL. Accounts are cached, so few requests need one.
const POSTGRES_CONNECTIONS: u32 = 10;

/// How often opening an embedded database is tried when another process is doing the same.
const OPEN_ATTEMPTS: u32 = 5;

/// How long the loser of such a race waits: longer than the winner needs for its migrations.
const OPEN_PAUSE: Duration = Duration::from_millis(50);

/// What an address means.
#[derive(Debug)]
enum Address {
    /// An embedded database in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
}

/// Connects to the database at an address and brings its tables up to date.
pub(super) async fn connect(database_url: &str) -> Result<Db, StoreError> {
    match Address::from_str(database_url)? {
        Address::Sqlite(path) => connect_sqlite(&path).await,
        Address::Postgres(options) => {
            let pool = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_with(*options)
                .await?;
            migrator().run(&pool).await?;
            Ok(Db::Postgres(pool))
        }
    }
}

/// Opens the embedded database, creating it when it is missing.
///
/// Unlike PostgreSQL it has no lock that a migration could hold, so of two processes that start on
/// a new file one may find its migration already done, or the file busy while the other turns the
/// write-ahead log on. The loser looks again.
async fn connect_sqlite(path: &Path) -> Result<Db, StoreError> {
    create_file(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL may lose the last commits on a power loss: sqlite.org/pragma.html#pragma_synchronous
        .synchronous(SqliteSynchronous::Full);

    let mut attempt = 1;
    loop {
        match open_sqlite(options.clone()).await {
            Err(error) if attempt < OPEN_ATTEMPTS && is_race(&error) => {
                attempt += 1;
                tokio::time::sleep(OPEN_PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// Opens and migrates the embedded database once.
async fn open_sqlite(options: SqliteConnectOptions) -> Result<Db, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(SQLITE_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection is a file handle of ours: it neither ages nor breaks.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    if let Err(error) = migrator().run(&pool).await {
        pool.close().await;
        return Err(error.into());
    }
    Ok(Db::Sqlite(pool))
}

/// Says whether opening may have failed because another process was opening the same new file.
fn is_race(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unavailable(sqlx::Error::Database(_))
            | StoreError::Migration(
                MigrateError::Execute(_) | MigrateError::ExecuteMigration(_, _)
            )
    )
}

/// Creates the file so that only its owner can read it; SQLite gives its log the same mode.
///
/// A file that exists is not touched, not even opened: closing it again would drop the locks that
/// another connection of this process holds on it (sqlite.org/howtocorrupt.html, section 2.2).
fn create_file(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);

    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StoreError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

impl FromStr for Address {
    type Err = StoreError;

    /// Reads an address: `sqlite:PATH`, a bare path, or `postgres://…`.
    ///
    /// What stands before a colon is a scheme unless it has a slash in it, so a typing error in a
    /// scheme is an error and not a file of that name.
    fn from_str(database_url: &str) -> Result<Self, StoreError> {
        let unsupported = |reason| StoreError::UnsupportedUrl { reason };
        let scheme = database_url
            .split_once(':')
            .filter(|(scheme, _)| !scheme.contains('/'));
        let path = match scheme {
            None => database_url,
            Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                return PgConnectOptions::from_str(database_url)
                    .map(|options| Self::Postgres(Box::new(options)))
                    .map_err(|_| unsupported("it cannot be read as a PostgreSQL address"));
            }
            Some(_) => return Err(unsupported("its scheme is none of these")),
        };

        if path.is_empty() {
            return Err(unsupported("the path is missing"));
        }
        if path == ":memory:" {
            return Err(unsupported("a database in memory would be lost at the end"));
        }
        if path.contains('?') {
            return Err(unsupported("an embedded database has no parameters"));
        }
        // SQLite reads names that begin with `file:` as URLs; below `.` or `/` none does.
        Ok(Self::Sqlite(Path::new(".").join(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_mean_what_they_say() {
        let read = |text: &str| match Address::from_str(text) {
            Ok(Address::Sqlite(path)) => format!("file {}", path.display()),
            Ok(Address::Postgres(options)) => format!("server {}", options.get_host()),
            Err(error) => error.to_string(),
        };

        let addresses = [
            "sqlite:deskgate.db",
            "sqlite://data/deskgate.db",
            "sqlite:///data/deskgate.db",
            "/data/deskgate.db",
            "./odd:name.db",
            "postgres://user:canary@db.example/deskgate",
            "postgresql://db.example",
            "postgres:deskgate",
            "mysql://user:canary@db.example/deskgate",
            "postgres://user:canary@db.example:99999999/deskgate",
            "sqlite:",
            "sqlite::memory:",
            "sqlite://deskgate.db?mode=rwc",
            "file:deskgate.db",
        ]
        .map(read);

        insta::assert_snapshot!(addresses.join("\n"), @r"
        file ./deskgate.db
        file ./data/deskgate.db
        file /data/deskgate.db
        file /data/deskgate.db
        file ././odd:name.db
        server db.example
        server db.example
        the database address must be sqlite:PATH, a path, or postgres://…: its scheme is none of these
        the database address must be sqlite:PATH, a path, or postgres://…: its scheme is none of these
        the database address must be sqlite:PATH, a path, or postgres://…: it cannot be read as a PostgreSQL address
        the database address must be sqlite:PATH, a path, or postgres://…: the path is missing
        the database address must be sqlite:PATH, a path, or postgres://…: a database in memory would be lost at the end
        the database address must be sqlite:PATH, a path, or postgres://…: an embedded database has no parameters
        the database address must be sqlite:PATH, a path, or postgres://…: its scheme is none of these
        ");
    }
}
