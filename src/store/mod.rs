//! The store: what outlives a restart, in SQL.
//!
//! One text of queries serves two databases: SQLite, embedded, and PostgreSQL. Every query is a
//! `const` beside the function that runs it, in the subset that both understand (text, bigint,
//! boolean; times are unix milliseconds), and `on_db!` runs it against the pool that we have.
//! Every query is tested on both.
//!
//! [`accounts`] has the stored connections, [`applications`] who owns them, [`keys`] who may call, [`intents`] what is
//! being done, [`belief`] how long what was read is used.
//! Credentials are sealed by the [`vault`] under the [`master_key`]; `connect` opens the database.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgPool, SqlitePool};
use tokio::time::timeout;

use crate::{
    clock::Clock,
    store::{
        belief::Belief,
        error::StoreError,
        master_key::MasterKey,
        vault::{Place, Vault},
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
pub mod belief;
mod connect;
pub mod error;
pub mod intents;
pub mod keys;
pub mod master_key;
mod migrations;
mod random;
pub mod vault;

/// The database, with the keys to what is sealed in it. A clone is the same store.
#[derive(Clone)]
pub struct Store {
    /// Where the rows are.
    db: Db,
    /// Seals and opens the secrets in them.
    vault: Arc<Vault>,
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

/// The setting that proves the master key.
const MASTER_KEY_CHECK: &str = "master-key-check";

impl Store {
    /// Connects to the database, migrates it and checks that the master key opens it.
    ///
    /// The first to open a database decides its master key.
    pub async fn open(
        database_url: &str,
        master_key: &MasterKey,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let store = Self {
            vault: Arc::new(Vault::new(master_key)?),
            db: connect::connect(database_url).await?,
            clock,
            answers: Arc::new(Belief::new(Duration::ZERO)),
        };
        if let Err(error) = store.check_master_key().await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// Returns the vault, for the keys of page tokens and access tokens.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Whether it can be worked with: it answers and has our tables, or did so until a while ago.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let asked = timeout(ANSWER_WITHIN, self.read_setting(MASTER_KEY_CHECK)).await;
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
        on_db!(&self.db, |pool| pool.close().await);
    }

    /// Compares the master key with the one that this database was first opened with.
    async fn check_master_key(&self) -> Result<(), StoreError> {
        let place = Place::Setting(MASTER_KEY_CHECK);
        let mut sealed = self.read_setting(MASTER_KEY_CHECK).await?;
        if sealed.is_none() {
            let fresh = self
                .vault
                .seal(place, &SecretString::from(MASTER_KEY_CHECK))?;
            self.insert_setting(MASTER_KEY_CHECK, &fresh).await?;
            // Somebody else may have been first: what counts is what stands there now.
            sealed = self.read_setting(MASTER_KEY_CHECK).await?;
        }

        match sealed.and_then(|sealed| self.vault.open(place, &sealed)) {
            Some(text) if text.expose_secret() == MASTER_KEY_CHECK => Ok(()),
            Some(_) | None => Err(StoreError::WrongMasterKey),
        }
    }

    /// Reads one setting.
    async fn read_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        /// The value of a setting.
        const READ_SETTING: &str = "
            select value
            from settings
            where name = $1";

        let value = on_db!(&self.db, |pool| sqlx::query_scalar(READ_SETTING)
            .bind(name)
            .fetch_optional(pool)
            .await)?;
        Ok(value)
    }

    /// Writes one setting unless it exists.
    async fn insert_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        /// Adds a setting; one that exists stays.
        const INSERT_SETTING: &str = "
            insert into settings (name, value, created_at)
            values ($1, $2, $3)
            on conflict (name) do nothing";

        on_db!(&self.db, |pool| sqlx::query(INSERT_SETTING)
            .bind(name)
            .bind(value)
            .bind(self.now())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Tells the time as the database writes it.
    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

/// Reads a time that the database holds in this table.
fn read_time(milliseconds: i64, table: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Row {
        table,
        column: "time",
    })
}
