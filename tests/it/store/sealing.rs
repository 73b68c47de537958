//! What is sealed opens only where, and with what, it was sealed.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use deskgate::{
    model::id::AccountId,
    store::{accounts::AccountChange, error::StoreError},
};
use secrecy::{ExposeSecret, SecretString};

use deskgate::store::keys::KeyTerms;

use super::{CANARY, Database, application, new_account, on_both_databases};

on_both_databases! {
    credentials_open_only_in_the_row_they_were_sealed_for,
    altered_credentials_do_not_open_and_can_be_replaced,
    equal_credentials_look_different,
    a_stolen_database_holds_no_secret,
}

async fn credentials_open_only_in_the_row_they_were_sealed_for(database: &Database) {
    let store = database.open().await;
    let first = application(&store, "first").await;
    let second = application(&store, "second").await;
    let mut ids = Vec::new();
    for owner in [&first, &first, &second] {
        let account = store.insert_account(new_account(owner, "")).await.unwrap();
        ids.push(account.id);
    }
    let is_sealed = async |id| {
        let outcome = store.find_account(id).await;
        matches!(outcome, Err(StoreError::Sealed { account }) if account == id)
    };

    let sealed = async |id: AccountId| {
        let read = format!("select credentials from accounts where id = {id}");
        database.read(&read).await.remove(0)
    };
    for (here, there) in ids
        .iter()
        .flat_map(|here| ids.iter().map(move |there| (here, there)))
    {
        let (own, other) = (sealed(*here).await, sealed(*there).await);
        database
            .run(&format!(
                "update accounts set credentials = '{other}' where id = {here}"
            ))
            .await;
        assert_eq!(is_sealed(*here).await, here != there);
        database
            .run(&format!(
                "update accounts set credentials = '{own}' where id = {here}"
            ))
            .await;
        assert!(!is_sealed(*here).await);
    }

    let id = ids[0];
    for (column, wrong, right) in [
        ("application_id", second.as_str(), first.as_str()),
        ("service", "zendesk", "freshdesk"),
        (
            "origin",
            "https://evil.example",
            "https://acme.freshdesk.com",
        ),
    ] {
        database
            .run(&format!(
                "update accounts set {column} = '{wrong}' where id = {id}"
            ))
            .await;
        assert!(is_sealed(id).await, "opened with another {column}");
        database
            .run(&format!(
                "update accounts set {column} = '{right}' where id = {id}"
            ))
            .await;
        assert!(!is_sealed(id).await);
    }
    database
        .run(&format!("update accounts set id = 42 where id = {id}"))
        .await;
    assert!(
        is_sealed("42".parse().unwrap()).await,
        "opened under another id"
    );
}

async fn altered_credentials_do_not_open_and_can_be_replaced(database: &Database) {
    let store = database.open().await;
    let application = application(&store, "first").await;
    let account = store
        .insert_account(new_account(&application, ""))
        .await
        .unwrap();
    let sealed = database
        .read("select credentials from accounts")
        .await
        .remove(0);

    let flipped = (0..sealed.len()).map(|place| {
        let mut bytes = sealed.clone().into_bytes();
        bytes[place] ^= 1;
        String::from_utf8(bytes).unwrap()
    });
    let cut = (0..sealed.len()).map(|length| sealed.chars().take(length).collect());
    let longer = ["A", "AAAA", "=", " "].map(|more| format!("{sealed}{more}"));
    for altered in flipped.chain(cut).chain(longer) {
        database
            .run(&format!("update accounts set credentials = '{altered}'"))
            .await;
        let outcome = store.find_account(account.id).await;
        assert!(
            matches!(outcome, Err(StoreError::Sealed { .. })),
            "{altered} opened"
        );
    }

    // The account is still known, and new credentials make it whole.
    assert!(store.inspect_account(account.id).await.unwrap().is_some());
    let change = AccountChange {
        credentials: Some(SecretString::from("new")),
        ..AccountChange::default()
    };
    store
        .update_account(&application, account.id, change)
        .await
        .unwrap()
        .unwrap();
    let found = store.find_account(account.id).await.unwrap().unwrap();
    assert_eq!(found.credentials.expose_secret(), "new");
}

async fn equal_credentials_look_different(database: &Database) {
    let store = database.open().await;
    let application = application(&store, "first").await;
    let account = store
        .insert_account(new_account(&application, ""))
        .await
        .unwrap();
    let mut seen = HashSet::new();

    for _ in 0..20 {
        let change = AccountChange {
            credentials: Some(SecretString::from(CANARY)),
            ..AccountChange::default()
        };
        store
            .update_account(&application, account.id, change)
            .await
            .unwrap();
        seen.extend(database.read("select credentials from accounts").await);
    }

    assert_eq!(seen.len(), 20);
}

async fn a_stolen_database_holds_no_secret(database: &Database) {
    let store = database.open().await;
    let key = store
        .create_key("visible-name", KeyTerms::default())
        .await
        .unwrap();
    let account = new_account(&key.application_id, "");
    store.insert_account(account).await.unwrap();
    let master_key = database.master_key.to_base64();
    let api_key = key.api_key.expose_secret();

    let open = database.dump().await;
    store.close().await;
    let closed = database.dump().await;

    for dump in [open, closed] {
        let holds = |secret: &[u8]| dump.windows(secret.len()).any(|window| window == secret);
        assert!(holds(b"visible-name"), "the dump misses what is there");
        assert!(!holds(b"canary-7f3a9c51e8"));
        assert!(!holds(&STANDARD.encode(CANARY).as_bytes()[..40]));
        assert!(!holds(master_key.expose_secret().as_bytes()));
        assert!(!holds(
            &STANDARD.decode(master_key.expose_secret()).unwrap()
        ));
        assert!(!holds(&api_key.as_bytes()[api_key.len() - 43..]));
    }
}
