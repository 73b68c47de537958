//! The store's promises, each on SQLite and, where `DESKGATE_TEST_POSTGRES_URL` is set, PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "the steps of a test stand outside of test functions, so that both databases run them"
)]

use deskgate::store::keys::KeyTerms;
use deskgate::{
    clock::Clock,
    store::{
        Store,
        accounts::NewAccount,
        applications::ApplicationId,
        error::StoreError,
        master_key::{MasterKey, MasterKeys},
    },
};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use tempfile::TempDir;

use crate::support::postgres::Schema;

mod accounts;
mod audit;
mod intents;
mod keys;
mod opening;
mod outage;
mod resealing;
mod sealing;

/// When the tests happen.
const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// Credentials that are found wherever they leak to.
const CANARY: &str = r#"{"api_key":"canary-7f3a9c51e8"}"#;

/// An empty database of one test.
struct Database {
    /// Its address.
    url: String,
    /// A way into it beside the store, as a thief or a vandal has.
    raw: Raw,
    /// The folder of an embedded database.
    folder: Option<TempDir>,
    /// The key that its stores use.
    master_key: MasterKey,
    /// The clock that its stores use.
    clock: Clock,
}

/// A connection beside the store.
enum Raw {
    /// To the same file. It waits until the store has made it.
    Sqlite(SqlitePool),
    /// To the same schema.
    Postgres(PgPool),
}

impl Database {
    /// Opens the store.
    async fn open(&self) -> Store {
        let keys = MasterKeys::from_base64(self.master_key.to_base64().expose_secret());
        self.try_open(&keys.unwrap()).await.unwrap()
    }

    /// Opens the store with some key.
    async fn try_open(&self, master_keys: &MasterKeys) -> Result<Store, StoreError> {
        Store::open(&self.url, master_keys, self.clock.clone()).await
    }

    /// Changes rows behind the store's back.
    async fn run(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.raw {
            Raw::Sqlite(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
            Raw::Postgres(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
        }
    }

    /// Reads a column of text behind the store's back.
    async fn read(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.raw {
            Raw::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
            Raw::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
        }
    }

    /// Copies all that a thief of the database gets.
    async fn dump(&self) -> Vec<u8> {
        if let Some(folder) = &self.folder {
            let files = std::fs::read_dir(folder).unwrap();
            return files
                .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect();
        }
        let mut dump = Vec::new();
        for table in [
            "settings",
            "applications",
            "api_keys",
            "accounts",
            "intents",
            "signing_keys",
            "audit",
        ] {
            let rows = format!("select row_to_json(row)::text from {table} row");
            dump.extend(self.read(&rows).await.concat().into_bytes());
        }
        dump
    }
}

/// Runs a promise on a new file.
async fn on_sqlite(promise: impl AsyncFnOnce(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deskgate.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);

    promise(&Database {
        url: format!("sqlite:{}", file.display()),
        raw: Raw::Sqlite(SqlitePool::connect_lazy_with(options)),
        folder: Some(folder),
        master_key: MasterKey::generate(),
        clock: Clock::at(NOW),
    })
    .await;
}

/// Runs a promise in a new schema, which is dropped also when the promise is not kept.
async fn on_postgres(promise: impl AsyncFnOnce(&Database)) {
    let Some(schema) = Schema::create().await else {
        eprintln!("DESKGATE_TEST_POSTGRES_URL is not set: nothing was tested on PostgreSQL");
        return;
    };
    promise(&Database {
        url: schema.url.clone(),
        raw: Raw::Postgres(PgPool::connect(&schema.url).await.unwrap()),
        folder: None,
        master_key: MasterKey::generate(),
        clock: Clock::at(NOW),
    })
    .await;
}

/// Makes every promise a test on both databases.
macro_rules! on_both_databases {
    ($($promise:ident,)*) => {
        /// The embedded database.
        mod sqlite {
            $(#[tokio::test]
            async fn $promise() {
                $crate::store::on_sqlite(super::$promise).await;
            })*
        }

        /// The server.
        mod postgres {
            $(#[tokio::test]
            async fn $promise() {
                $crate::store::on_postgres(super::$promise).await;
            })*
        }
    };
}

pub(crate) use on_both_databases;

/// An account to be stored.
fn new_account(application: &ApplicationId, name: &str) -> NewAccount {
    NewAccount {
        application_id: application.clone(),
        service: "freshdesk".into(),
        origin: "https://acme.freshdesk.com".into(),
        account: Some("agent@acme.example".into()),
        name: Some(name.into()),
        options: r#"{"language":"en"}"#.into(),
        credentials: SecretString::from(CANARY),
    }
}

/// Makes an application.
async fn application(store: &Store, name: &str) -> ApplicationId {
    store
        .create_key(name, KeyTerms::default())
        .await
        .unwrap()
        .application_id
}
