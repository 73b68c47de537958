//! The store: what outlives a restart, in SQL.
//!
//! One text of queries serves two databases: SQLite, embedded, and PostgreSQL. Every query is a
//! `const` beside the function that runs it, in the subset that both understand (text, bigint,
//! boolean; times are unix milliseconds), and `on_db!` runs it against the pool that we have.
//! Every query is tested on both.
//!
//! [`accounts`] has the stored connections, [`applications`] who owns them, [`keys`] who may call, [`intents`] what is
//! being done, [`audit`] what was done, [`belief`] how long what was read is used.
//! Credentials are sealed by the `vault` under the [`master_key`], and again by `resealing` under another one; `own_keys`
//! and [`signing_keys`] are keys that the store makes. `connect` opens the database.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{PgPool, SqlitePool};
use tokio::time::timeout;

use crate::{
    clock::Clock,
    store::{
        belief::Belief,
        error::StoreError,
        master_key::MasterKeys,
        own_keys::{OwnKeys, PAGE_TOKEN_KEY},
        vault::Vault,
    },
};

/// Runs one expression against whichever pool we have; it is type-checked for both.
macro_rules! on_db {
    ($db:expr, |$pool:ident| $run:expr) => {
        match $db {
            $crate::store::Db::Sqlite($pool) => $run,
            $crate::store::Db::Postgres($pool) => $run,
        }
    };
}

pub mod accounts;
pub mod applications;
pub mod audit;
pub mod belief;
mod connect;
pub mod error;
pub mod intents;
pub mod keys;
pub mod master_key;
mod migrations;
mod own_keys;
mod random;
pub mod resealing;
pub mod signing_keys;
mod vault;

/// The database, with the keys to what is sealed in it. A clone is the same store.
#[derive(Clone)]
pub struct Store {
    /// Where the rows are.
    db: Db,
    /// Seals and opens the secrets in them.
    vault: Arc<Vault>,
    /// Keys that stand in it.
    own_keys: Arc<OwnKeys>,
    /// Says when they were written.
    clock: Clock,
    /// That the database answers.
    answers: Arc<Belief>,
}

/// One of the two databases that we speak to.
#[derive(Clone)]
enum Db {
    /// An embedded database in one file.
    Sqlite(SqlitePool),
    /// A PostgreSQL server.
    Postgres(PgPool),
}

/// How soon the database answers if it is well.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

impl Store {
    /// Connects to the database, migrates it and checks that one of the master keys opens it.
    ///
    /// The first to open a database decides its master key.
    pub async fn open(
        database_url: &str,
        master_keys: &MasterKeys,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let vault = Vault::new(master_keys)?;
        let db = connect::connect(database_url).await?;
        match OwnKeys::open(&db, &vault, &clock).await {
            Ok(own_keys) => Ok(Self {
                db,
                vault: Arc::new(vault),
                own_keys: Arc::new(own_keys),
                clock,
                answers: Arc::new(Belief::new(Duration::ZERO)),
            }),
            Err(error) => {
                db.close().await;
                Err(error)
            }
        }
    }

    /// Whether it can be worked with: it answers and has our tables, or did so until a while ago.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let asked = timeout(ANSWER_WITHIN, self.db.read_setting(PAGE_TOKEN_KEY)).await;
        match asked.unwrap_or(Err(sqlx::Error::PoolTimedOut.into())) {
            Ok(_) => self.answers.confirm(),
            Err(error) if error.is_outage() && self.answers.bear() => {
                tracing::warn!(%error, "what is at hand is served without the database");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Waits for what is running and closes the connections; afterwards every call fails.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Tells the time as the database writes it.
    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

impl Db {
    /// Reads one setting.
    async fn read_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        /// The value of a setting.
        const READ_SETTING: &str = "
            select value
            from settings
            where name = $1";

        let value = on_db!(self, |pool| sqlx::query_scalar(READ_SETTING)
            .bind(name)
            .fetch_optional(pool)
            .await)?;
        Ok(value)
    }

    /// Writes one setting unless it exists.
    async fn insert_setting(&self, name: &str, value: &str, now: i64) -> Result<(), StoreError> {
        /// Adds a setting; one that exists stays.
        const INSERT_SETTING: &str = "
            insert into settings (name, value, created_at)
            values ($1, $2, $3)
            on conflict (name) do nothing";

        on_db!(self, |pool| sqlx::query(INSERT_SETTING)
            .bind(name)
            .bind(value)
            .bind(now)
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Closes the connections.
    async fn close(&self) {
        on_db!(self, |pool| pool.close().await);
    }
}

/// Reads a time that the database holds in this table.
fn read_time(milliseconds: i64, table: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Row {
        table,
        column: "time",
    })
}

/// A time after another, as the database writes them.
fn later(from: i64, by: Duration) -> i64 {
    from.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}
