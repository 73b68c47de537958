//! Applications and their API keys.

use std::{collections::HashSet, time::Duration};

use secrecy::{ExposeSecret, SecretString};

use deskgate::store::keys::KeyTerms;

use super::{Database, NOW, on_both_databases};

on_both_databases! {
    applications_are_made_once_and_found_by_id_or_name,
    only_the_exact_key_is_accepted,
    a_revoked_key_is_refused,
}

async fn applications_are_made_once_and_found_by_id_or_name(database: &Database) {
    let store = database.open().await;

    let first = store
        .create_key("first", KeyTerms::default())
        .await
        .unwrap();
    database.clock.advance(Duration::from_secs(1));
    let again = store
        .create_key("first", KeyTerms::default())
        .await
        .unwrap();
    let second = store
        .create_key("second", KeyTerms::default())
        .await
        .unwrap();
    // Named like the id of another: the id wins.
    let decoy = store
        .create_key(first.application_id.as_str(), KeyTerms::default())
        .await
        .unwrap();

    assert_eq!(again.application_id, first.application_id);
    let listed = store.list_applications().await.unwrap();
    let names: HashSet<_> = listed.iter().map(|found| found.name.as_str()).collect();
    let ids: HashSet<_> = [&first, &second, &decoy]
        .map(|key| key.application_id.as_str())
        .into();
    assert_eq!(
        names,
        HashSet::from(["first", "second", first.application_id.as_str()])
    );
    assert_eq!(
        listed
            .iter()
            .map(|found| found.id.as_str())
            .collect::<HashSet<_>>(),
        ids
    );
    assert_eq!(
        (listed[0].name.as_str(), listed[0].created_at),
        ("first", NOW)
    );
    for wanted in ["first", first.application_id.as_str()] {
        let found = store.find_application(wanted).await.unwrap();
        assert_eq!(found.as_ref(), Some(&listed[0]));
    }
    assert_eq!(store.find_application("third").await.unwrap(), None);
}

async fn only_the_exact_key_is_accepted(database: &Database) {
    let store = database.open().await;
    let key = store
        .create_key("first", KeyTerms::default())
        .await
        .unwrap();
    let other = store
        .create_key("second", KeyTerms::default())
        .await
        .unwrap();
    let text = key.api_key.expose_secret();

    let found = store.find_key(text).await.unwrap();

    assert_eq!(
        found.map(|found| found.application),
        Some(key.application_id)
    );
    let mut wrong: Vec<String> = (0..text.len())
        .flat_map(|cut| <[&str; 2]>::from(text.split_at(cut)))
        .map(str::to_owned)
        .collect();
    for place in 0..text.len() {
        for replacement in ["A", "b", "_", "'", "é"] {
            let mut changed = text.to_owned();
            changed.replace_range(place..=place, replacement);
            wrong.push(changed);
        }
    }
    wrong.extend([format!("{text} "), format!(" {text}"), format!("{text}A")]);
    wrong.push(text.to_uppercase());
    let (_, secret) = text.split_at(text.len() - 43);
    wrong.push(format!("dg_{}_{secret}", other.key_id));
    wrong.push(format!("dg_{}_' or '1'='1", key.key_id));
    wrong.retain(|changed| changed != text);
    for presented in wrong {
        let found = store.find_key(&presented).await.unwrap();
        assert_eq!(found, None, "{presented:?} was accepted for {text:?}");
    }
}

async fn a_revoked_key_is_refused(database: &Database) {
    let store = database.open().await;
    let revoked = store
        .create_key("first", KeyTerms::default())
        .await
        .unwrap();
    let kept = store
        .create_key("first", KeyTerms::default())
        .await
        .unwrap();

    assert!(store.revoke_key(&revoked.key_id).await.unwrap());

    let find = async |key: &SecretString| store.find_key(key.expose_secret()).await.unwrap();
    assert_eq!(find(&revoked.api_key).await, None);
    let found = find(&kept.api_key).await;
    assert_eq!(found.map(|found| found.id), Some(kept.key_id));
    assert!(!store.revoke_key(&revoked.key_id).await.unwrap());
}
