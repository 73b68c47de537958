//! One master key replaces another, while others work.

use deskgate::store::accounts::AccountChange;
use deskgate::store::error::StoreError;
use deskgate::store::intents::{Answer, Asked, Begun};
use deskgate::store::master_key::{MasterKey, MasterKeys};
use futures_util::future::join;
use secrecy::ExposeSecret;
use std::time::Duration;

use super::{CANARY, Database, application, new_account, on_both_databases};

on_both_databases! {
    everything_opens_with_the_new_key_alone_afterwards,
    what_changes_meanwhile_is_not_lost,
    what_does_not_open_is_named_and_left_alone,
}

/// Keys in this order.
fn keys(keys: &[&MasterKey]) -> MasterKeys {
    let texts: Vec<_> = keys.iter().map(|key| key.to_base64()).collect();
    let texts: Vec<_> = texts.iter().map(ExposeSecret::expose_secret).collect();
    MasterKeys::from_base64(&texts.join(" ")).unwrap()
}

async fn everything_opens_with_the_new_key_alone_afterwards(database: &Database) {
    let (old, new) = (&database.master_key, &MasterKey::generate());
    let store = database.open().await;
    let application = application(&store, "first").await;
    let mut accounts = Vec::new();
    for number in 0..450 {
        let account = new_account(&application, &number.to_string());
        accounts.push(store.insert_account(account).await.unwrap());
    }
    let asked = Asked {
        application: application.clone(),
        account: Some(accounts[0].id),
        key: "one".into(),
        request: "POST".into(),
    };
    let minute = Duration::from_mins(1);
    let begun = store
        .begin_intent(asked.clone(), minute, minute)
        .await
        .unwrap();
    let Begun::Yours(held) = begun else {
        panic!("{begun:?}")
    };
    let answer = Answer {
        status: 201,
        etag: None,
        body: "made".into(),
    };
    store
        .finish_intent(&asked, &held, Some("1".into()), &answer)
        .await
        .unwrap();
    let signing = store.signing_keys().await.unwrap().remove(0);
    let page_tokens = *store.page_token_key().expose_secret();

    // The new one alone opens nothing yet.
    let refused = database.try_open(&keys(&[new])).await.err().unwrap();
    assert!(matches!(refused, StoreError::WrongMasterKey));
    let both = database.try_open(&keys(&[new, old])).await.unwrap();
    let resealed = both.reseal().await.unwrap();
    assert_eq!(
        (resealed.accounts, resealed.answers, resealed.keys),
        (450, 1, 3)
    );
    assert!(resealed.unopened.is_empty());
    // The second time there is nothing to do.
    let again = both.reseal().await.unwrap();
    assert_eq!(again, deskgate::store::resealing::Resealed::default());

    let alone = database.try_open(&keys(&[new])).await.unwrap();
    for account in &accounts {
        let found = alone.find_account(account.id).await.unwrap().unwrap();
        assert_eq!(found.credentials.expose_secret(), CANARY);
        assert_eq!(found.account, *account);
    }
    let found = alone.begin_intent(asked, minute, minute).await.unwrap();
    assert!(matches!(found, Begun::Done(found) if found == answer));
    let kept = alone.signing_keys().await.unwrap().remove(0);
    assert_eq!(kept.secret.expose_secret(), signing.secret.expose_secret());
    assert_eq!(*alone.page_token_key().expose_secret(), page_tokens);
    let refused = database.try_open(&keys(&[old])).await.err().unwrap();
    assert!(matches!(refused, StoreError::WrongMasterKey));
}

async fn what_changes_meanwhile_is_not_lost(database: &Database) {
    let (old, new) = (&database.master_key, &MasterKey::generate());
    let store = database.open().await;
    let application = application(&store, "first").await;
    let mut accounts = Vec::new();
    for number in 0..100 {
        let account = new_account(&application, &number.to_string());
        accounts.push(store.insert_account(account).await.unwrap().id);
    }
    let serving = database.try_open(&keys(&[new, old])).await.unwrap();
    let rotating = database.try_open(&keys(&[new, old])).await.unwrap();
    let changes = async {
        for id in &accounts {
            let change = AccountChange {
                credentials: Some(format!("changed {id}").into()),
                ..AccountChange::default()
            };
            serving
                .update_account(&application, *id, change)
                .await
                .unwrap()
                .unwrap();
        }
    };

    let (resealed, ()) = join(rotating.reseal(), changes).await;

    resealed.unwrap();
    let alone = database.try_open(&keys(&[new])).await.unwrap();
    for id in accounts {
        let found = alone.find_account(id).await.unwrap().unwrap();
        assert_eq!(found.credentials.expose_secret(), format!("changed {id}"));
    }
}

async fn what_does_not_open_is_named_and_left_alone(database: &Database) {
    let (old, new) = (&database.master_key, &MasterKey::generate());
    let store = database.open().await;
    let application = application(&store, "first").await;
    let broken = store
        .insert_account(new_account(&application, ""))
        .await
        .unwrap()
        .id;
    let whole = store
        .insert_account(new_account(&application, ""))
        .await
        .unwrap()
        .id;
    database
        .run(&format!(
            "update accounts set credentials = 'v1.0.x' where id = {broken}"
        ))
        .await;

    let both = database.try_open(&keys(&[new, old])).await.unwrap();
    let resealed = both.reseal().await.unwrap();

    assert_eq!(resealed.unopened, [broken]);
    assert_eq!(resealed.accounts, 1);
    let left = database
        .read(&format!(
            "select credentials from accounts where id = {broken}"
        ))
        .await;
    assert_eq!(left, ["v1.0.x"]);
    both.find_account(whole).await.unwrap().unwrap();
}
