//! The audit log: in order, page by page, each application its own, and not for ever.

use std::time::Duration;

use deskgate::model::id::AccountId;
use deskgate::store::applications::ApplicationId;
use deskgate::store::audit::{AuditPosition, AuditQuery, Entry};
use jiff::{SignedDuration, Timestamp};

use super::{Database, NOW, application, on_both_databases};

on_both_databases! {
    a_walk_through_the_log_sees_each_entry_of_its_application_once,
    what_is_too_old_is_forgotten_and_nothing_else,
}

/// An entry of this application, so many seconds after the start.
fn entry(application: &ApplicationId, seconds: i64) -> Entry {
    Entry {
        application: application.clone(),
        happened_at: NOW + SignedDuration::from_secs(seconds),
        actor: "key:abc".into(),
        method: "GET".into(),
        route: "/v1/accounts".into(),
        account: AccountId::new(u64::try_from(seconds).unwrap() % 3),
        status: 200,
        error_code: None,
        request_id: seconds.to_string(),
    }
}

/// All entries of an application.
fn everything(application: &ApplicationId) -> AuditQuery {
    AuditQuery {
        application: application.clone(),
        account: None,
        since: None,
        until: None,
        before: None,
        limit: 1000,
    }
}

async fn a_walk_through_the_log_sees_each_entry_of_its_application_once(database: &Database) {
    let store = database.open().await;
    let first = application(&store, "first").await;
    let second = application(&store, "second").await;
    // Several at one time, and more than one statement takes.
    let entries: Vec<_> = (0..250).map(|number| entry(&first, number / 4)).collect();
    store.insert_audit(&entries).await.unwrap();
    store.insert_audit(&[entry(&second, 3)]).await.unwrap();

    let mut seen = Vec::new();
    let mut query = AuditQuery {
        limit: 7,
        ..everything(&first)
    };
    loop {
        let page = store.list_audit(query.clone()).await.unwrap();
        let Some(last) = page.last() else { break };
        query.before = Some(AuditPosition::from(last).to_string().parse().unwrap());
        seen.extend(page);
    }

    let times: Vec<_> = seen.iter().map(|stored| stored.entry.happened_at).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    let mut names: Vec<_> = seen.iter().map(|stored| stored.id.clone()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 250);
    let mut read: Vec<_> = seen.into_iter().map(|stored| stored.entry).collect();
    read.reverse();
    assert_eq!(read, entries);
    let of_one = AuditQuery {
        account: AccountId::new(2),
        since: Some(NOW + SignedDuration::from_secs(10)),
        until: Some(NOW + SignedDuration::from_secs(20)),
        ..everything(&first)
    };
    // Seconds 11, 14 and 17, four entries each.
    assert_eq!(store.list_audit(of_one).await.unwrap().len(), 12);
}

async fn what_is_too_old_is_forgotten_and_nothing_else(database: &Database) {
    let store = database.open().await;
    let application = application(&store, "first").await;
    let entries: Vec<_> = (0..1500)
        .map(|number| entry(&application, number))
        .collect();
    store.insert_audit(&entries).await.unwrap();
    database.clock.advance(Duration::from_secs(2000));

    let mut forgotten = Vec::new();
    while forgotten.last() != Some(&0) {
        forgotten.push(
            store
                .forget_old_audit(Duration::from_secs(700))
                .await
                .unwrap(),
        );
    }

    assert_eq!(forgotten, [1000, 300, 0]);
    let left = store.list_audit(everything(&application)).await.unwrap();
    let oldest: Timestamp = left.last().unwrap().entry.happened_at;
    assert_eq!(
        (left.len(), oldest),
        (200, NOW + SignedDuration::from_secs(1300))
    );
    store.forget_old_audit(Duration::ZERO).await.unwrap();
    assert!(
        store
            .list_audit(everything(&application))
            .await
            .unwrap()
            .is_empty()
    );
}
