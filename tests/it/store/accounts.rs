//! Accounts are stored, found, listed, changed and deleted, each for its owner.

use std::time::Duration;

use deskgate::store::{
    accounts::{AccountChange, NewAccount, position::AccountPosition},
    error::StoreError,
};
use secrecy::{ExposeSecret, SecretString};

use super::{CANARY, Database, NOW, application, new_account, on_both_databases};

on_both_databases! {
    an_account_is_found_as_it_was_stored,
    a_change_changes_what_it_names_and_nothing_else,
    credentials_are_renewed_only_as_they_were_read,
    accounts_of_others_are_neither_listed_nor_changed_nor_deleted,
    an_account_needs_an_application_that_exists,
    a_walk_through_accounts_sees_each_once_even_when_they_go,
}

async fn an_account_is_found_as_it_was_stored(database: &Database) {
    let store = database.open().await;
    let application = application(&store, "first").await;

    let minimal = NewAccount {
        account: None,
        name: None,
        options: "{}".into(),
        ..new_account(&application, "")
    };
    let minimal = store.insert_account(minimal).await.unwrap();
    let whole = new_account(&application, "Ünïcode ' \" \\ 🎫");
    let whole = store.insert_account(whole).await.unwrap();

    for account in [&minimal, &whole] {
        let found = store.find_account(account.id).await.unwrap().unwrap();
        let inspected = store.inspect_account(account.id).await.unwrap();
        assert_eq!(found.account, *account);
        assert_eq!(found.credentials.expose_secret(), CANARY);
        assert_eq!(inspected.as_ref(), Some(account));
    }
    let told = new_account(&application, "Ünïcode ' \" \\ 🎫");
    assert_eq!(whole.service, told.service);
    assert_eq!(whole.origin, told.origin);
    assert_eq!(whole.account, told.account);
    assert_eq!(whole.name, told.name);
    assert_eq!(whole.options, told.options);
    assert_eq!(whole.application_id, application);
    assert!(whole.active);
    assert_eq!((whole.created_at, whole.modified_at), (NOW, NOW));
    assert_eq!((minimal.account, minimal.name), (None, None));
}

async fn a_change_changes_what_it_names_and_nothing_else(database: &Database) {
    let store = database.open().await;
    let application = application(&store, "first").await;
    let mut expected = store
        .insert_account(new_account(&application, "before"))
        .await
        .unwrap();
    let other = store
        .insert_account(new_account(&application, "other"))
        .await
        .unwrap();
    let mut credentials = CANARY;

    for step in 0..5 {
        database.clock.advance(Duration::from_secs(1));
        let mut change = AccountChange::default();
        match step {
            0 => {
                expected.name = Some("after".into());
                change.name.clone_from(&expected.name);
            }
            1 => {
                expected.account = Some("new@acme.example".into());
                change.account.clone_from(&expected.account);
            }
            2 => {
                credentials = r#"{"api_key":"new"}"#;
                change.credentials = Some(SecretString::from(credentials));
            }
            3 => {
                expected.active = false;
                change.active = Some(false);
            }
            _ => {}
        }
        expected.modified_at = database.clock.now();

        let changed = store
            .update_account(&application, expected.id, change)
            .await
            .unwrap();

        let found = store.find_account(expected.id).await.unwrap().unwrap();
        assert_eq!(changed.as_ref(), Some(&expected));
        assert_eq!(found.account, expected);
        assert_eq!(found.credentials.expose_secret(), credentials);
    }
    let untouched = store.inspect_account(other.id).await.unwrap();
    assert_eq!(untouched, Some(other));
}

async fn credentials_are_renewed_only_as_they_were_read(database: &Database) {
    let store = database.open().await;
    let application = application(&store, "first").await;
    let read = store
        .insert_account(new_account(&application, "a"))
        .await
        .unwrap();
    let secret = |text: &str| SecretString::from(text.to_owned());

    // The clock stands still: the time of change moves all the same.
    assert!(store.mark_for_reconnection(&read).await.unwrap());
    let marked = store.inspect_account(read.id).await.unwrap().unwrap();
    assert!(marked.reconnect_since.is_some() && marked.modified_at > read.modified_at);
    assert!(
        !store
            .renew_credentials(&read, &secret("late"))
            .await
            .unwrap()
    );
    assert!(!store.mark_for_reconnection(&read).await.unwrap());

    assert!(
        store
            .renew_credentials(&marked, &secret("fresh"))
            .await
            .unwrap()
    );
    let renewed = store.find_account(read.id).await.unwrap().unwrap();
    assert_eq!(renewed.credentials.expose_secret(), "fresh");
    assert_eq!(renewed.account.reconnect_since, None);

    let change = |as_of| AccountChange {
        credentials: Some(secret("by hand")),
        as_of: Some(as_of),
        ..AccountChange::default()
    };
    let late = change(marked.modified_at);
    assert_eq!(
        store
            .update_account(&application, read.id, late)
            .await
            .unwrap(),
        None
    );
    let right = change(renewed.account.modified_at);
    let changed = store.update_account(&application, read.id, right).await;
    assert!(changed.unwrap().is_some());
    let found = store.find_account(read.id).await.unwrap().unwrap();
    assert_eq!(found.credentials.expose_secret(), "by hand");

    // New credentials by hand clear the mark, a new name does not.
    assert!(store.mark_for_reconnection(&found.account).await.unwrap());
    let named = AccountChange {
        name: Some("b".into()),
        ..AccountChange::default()
    };
    let named = store.update_account(&application, read.id, named).await;
    assert!(named.unwrap().unwrap().reconnect_since.is_some());
    let by_hand = AccountChange {
        credentials: Some(secret("again")),
        ..AccountChange::default()
    };
    let cleared = store.update_account(&application, read.id, by_hand).await;
    assert_eq!(cleared.unwrap().unwrap().reconnect_since, None);
}

async fn accounts_of_others_are_neither_listed_nor_changed_nor_deleted(database: &Database) {
    let store = database.open().await;
    let owner = application(&store, "owner").await;
    let stranger = application(&store, "stranger").await;
    let account = store
        .insert_account(new_account(&owner, "before"))
        .await
        .unwrap();

    for credentials in [None, Some(SecretString::from("theirs"))] {
        let change = AccountChange {
            name: Some("theirs".into()),
            credentials,
            ..AccountChange::default()
        };
        let changed = store.update_account(&stranger, account.id, change).await;
        assert_eq!(changed.unwrap(), None);
    }
    let deleted = store.delete_account(&stranger, account.id).await.unwrap();
    let listed = store.list_accounts(&stranger, None, 10).await.unwrap();

    assert!(!deleted);
    assert_eq!(listed, []);
    let found = store.find_account(account.id).await.unwrap().unwrap();
    assert_eq!(found.account, account);
    assert_eq!(found.credentials.expose_secret(), CANARY);
    assert!(store.delete_account(&owner, account.id).await.unwrap());
    assert!(!store.delete_account(&owner, account.id).await.unwrap());
    assert!(store.find_account(account.id).await.unwrap().is_none());
    assert!(store.inspect_account(account.id).await.unwrap().is_none());
}

async fn an_account_needs_an_application_that_exists(database: &Database) {
    let store = database.open().await;
    let nobody = "0123456789abcdef".parse().unwrap();

    let outcome = store.insert_account(new_account(&nobody, "lost")).await;

    assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
}

async fn a_walk_through_accounts_sees_each_once_even_when_they_go(database: &Database) {
    let store = database.open().await;
    let first = application(&store, "first").await;
    let second = application(&store, "second").await;
    let mut expected = Vec::new();
    for number in 0..7 {
        // Some are made at the same time: then their ids decide.
        database.clock.advance(Duration::from_millis(number % 2));
        let account = new_account(&first, &number.to_string());
        expected.push(store.insert_account(account).await.unwrap());
    }
    expected.sort_by_key(|account| (account.created_at, account.id));
    let others = store
        .insert_account(new_account(&second, "others"))
        .await
        .unwrap();

    let mut walked = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_accounts(&first, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(AccountPosition::from(last).to_string().parse().unwrap());
        assert!(store.delete_account(&first, last.id).await.unwrap());
        walked.extend(page);
    }

    assert_eq!(walked, expected);
    let left = store.list_all_accounts(None, 100).await.unwrap();
    assert_eq!(left.len(), 1 + 3);
    let behind = Some(AccountPosition::from(&left[1]));
    let rest = store.list_all_accounts(behind, 100).await.unwrap();
    assert_eq!(rest, left[2..]);
    assert!(left.contains(&others));
}
