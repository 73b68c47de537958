//! A database is opened by the right key only, by many at once, and again.

use std::{collections::HashSet, error::Error};

use deskgate::{
    clock::Clock,
    store::{
        Store,
        error::StoreError,
        master_key::{MasterKey, MasterKeys},
    },
};
use futures_util::future::join_all;
use secrecy::ExposeSecret;

use deskgate::store::keys::KeyTerms;

use super::{CANARY, Database, NOW, application, new_account, on_both_databases, on_sqlite};

on_both_databases! {
    another_master_key_is_refused,
    only_the_first_master_key_counts,
    stores_share_a_database,
    opening_again_changes_nothing,
    a_closed_store_says_so,
}

async fn another_master_key_is_refused(database: &Database) {
    let store = database.open().await;
    let application = application(&store, "first").await;
    let account = store
        .insert_account(new_account(&application, ""))
        .await
        .unwrap();
    store.close().await;

    let refused = database.try_open(&MasterKey::generate().into()).await;

    let error = refused.err().unwrap();
    assert!(matches!(error, StoreError::WrongMasterKey));
    assert_eq!(
        error.to_string(),
        "the master key does not open this database"
    );
    let text = database.master_key.to_base64();
    let same = MasterKeys::from_base64(text.expose_secret()).unwrap();
    let store = database.try_open(&same).await.unwrap();
    let found = store.find_account(account.id).await.unwrap().unwrap();
    assert_eq!(found.credentials.expose_secret(), CANARY);
}

async fn only_the_first_master_key_counts(database: &Database) {
    let keys: Vec<_> = (0..4).map(|_| MasterKey::generate().into()).collect();

    let opened = join_all(keys.iter().map(|key| database.try_open(key))).await;

    let (accepted, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    assert_eq!(accepted.len(), 1);
    for outcome in refused {
        let error = outcome.err().unwrap();
        assert!(matches!(error, StoreError::WrongMasterKey), "{error:?}");
    }
}

async fn stores_share_a_database(database: &Database) {
    let stores = join_all((0..8).map(|_| database.open())).await;

    let keys = join_all(
        stores
            .iter()
            .map(|store| store.create_key("shared", KeyTerms::default())),
    )
    .await;

    let ids: HashSet<_> = keys
        .into_iter()
        .map(|key| key.unwrap().application_id)
        .collect();
    assert_eq!(ids.len(), 1);
    let application = ids.into_iter().next().unwrap();
    let writes = stores.iter().flat_map(|store| {
        (0..10).map(|number| store.insert_account(new_account(&application, &number.to_string())))
    });
    for account in join_all(writes).await {
        let account = account.unwrap();
        let found = stores[0].find_account(account.id).await.unwrap().unwrap();
        assert_eq!(found.account, account);
    }
    let listed = stores[7]
        .list_accounts(&application, None, 100)
        .await
        .unwrap();
    assert_eq!(listed.len(), 80);
}

async fn opening_again_changes_nothing(database: &Database) {
    const MIGRATIONS: &str =
        "select cast(installed_on as text) from _sqlx_migrations order by version";
    let store = database.open().await;
    let application = application(&store, "first").await;
    let account = store
        .insert_account(new_account(&application, ""))
        .await
        .unwrap();
    let migrations = database.read(MIGRATIONS).await;
    let settings = database.read("select value from settings").await;
    store.close().await;

    let store = database.open().await;

    assert!(!migrations.is_empty());
    assert_eq!(database.read(MIGRATIONS).await, migrations);
    assert_eq!(database.read("select value from settings").await, settings);
    let found = store.find_account(account.id).await.unwrap().unwrap();
    assert_eq!(found.account, account);
}

async fn a_closed_store_says_so(database: &Database) {
    let store = database.open().await;
    store.ready().await.unwrap();

    store.close().await;

    let outcome = store.ready().await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_an_embedded_database() {
    use std::os::unix::fs::PermissionsExt;

    on_sqlite(async |database: &Database| {
        let store = database.open().await;
        store
            .create_key("first", KeyTerms::default())
            .await
            .unwrap();

        let folder = database.folder.as_ref().unwrap();
        let mut modes: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| {
                let file = file.unwrap();
                let mode = file.metadata().unwrap().permissions().mode() & 0o777;
                format!("{} {mode:o}", file.file_name().display())
            })
            .collect();
        modes.sort();

        let expected = [
            "deskgate.db 600",
            "deskgate.db-shm 600",
            "deskgate.db-wal 600",
        ];
        assert_eq!(modes, expected);
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/missing/deskgate.db", folder.path().display());

    let outcome = Store::open(&url, &MasterKey::generate().into(), Clock::at(NOW)).await;

    let error = outcome.err().unwrap();
    assert!(matches!(error, StoreError::File { .. }));
    assert!(error.to_string().contains("missing/deskgate.db"));
}

#[tokio::test(start_paused = true)]
async fn errors_do_not_tell_the_password_of_the_database() {
    let mut told = String::new();
    for url in [
        // Nothing listens on port 1.
        "postgres://user:canary@127.0.0.1:1/deskgate",
        "postgres://user:canary@127.0.0.1:1/deskgate?sslmode=canary",
        "postgres://user:canary@[::1/deskgate",
        "postgres://127.0.0.1:1/deskgate?user=user&password=canary",
        "mysql://user:canary@127.0.0.1/deskgate",
    ] {
        let outcome = Store::open(url, &MasterKey::generate().into(), Clock::at(NOW)).await;
        let error = outcome.err().unwrap();
        told.extend([format!("{error:?}"), error.to_string()]);
        let mut cause = error.source();
        while let Some(error) = cause {
            told.push_str(&error.to_string());
            cause = error.source();
        }
    }

    assert!(!told.contains("canary"), "{told}");
}
