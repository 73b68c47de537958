//! Intents: a key means one thing, and is held by one at a time.

use std::collections::HashMap;
use std::time::Duration;

use deskgate::store::Store;
use deskgate::store::applications::ApplicationId;
use deskgate::store::error::StoreError;
use deskgate::store::intents::{Answer, Asked, Begun, Held};
use jiff::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use deskgate::store::keys::KeyTerms;

use super::{Database, on_both_databases};
use crate::contract::law::cases;
use crate::desks::freshdesk::Freshdesk;

on_both_databases! {
    a_key_means_one_thing_and_is_held_by_one,
    an_answer_is_kept_for_a_day_and_sealed,
    keys_are_apart_by_application_and_account,
    what_was_made_is_claimed_once,
}

/// How long a row is held.
const HOLD: Duration = Duration::from_secs(35);
/// How long what was sent may take to show.
const SETTLE: Duration = Duration::from_mins(2);

/// A request of this application under a key.
fn asked(application: &ApplicationId, key: &str, request: &str) -> Asked {
    Asked {
        application: application.clone(),
        account: deskgate::model::id::AccountId::new(7),
        key: key.to_owned(),
        request: request.to_owned(),
    }
}

/// An answer with this body.
fn answer(body: &str) -> Answer {
    Answer {
        status: 201,
        etag: None,
        body: body.to_owned(),
    }
}

/// An application.
async fn application(store: &Store) -> ApplicationId {
    store
        .create_key("first", KeyTerms::default())
        .await
        .unwrap()
        .application_id
}

/// Begins, and expects to be the one who does it.
async fn take(store: &Store, asked: &Asked) -> Held {
    match store
        .begin_intent(asked.clone(), HOLD, SETTLE)
        .await
        .unwrap()
    {
        Begun::Yours(held) => held,
        begun => panic!("{begun:?}"),
    }
}

/// What a key stands for, by the book.
#[derive(Debug)]
enum Model {
    /// Somebody holds it until then.
    Running(Timestamp),
    /// Nobody does, and what was sent is in doubt.
    Unknown,
    /// This is its answer.
    Done(String),
}

/// Random steps of several callers on two replicas, against a model: 5,000 cases in the long run.
async fn a_key_means_one_thing_and_is_held_by_one(database: &Database) {
    let stores = [database.open().await, database.open().await];
    let application = application(&stores[0]).await;
    for case in 0..u64::from(cases::<Freshdesk>(150)) {
        let mut random = ChaCha8Rng::seed_from_u64(case);
        let key = format!("key {case}");
        let mut model: Option<(&str, Model)> = None;
        let mut holders: HashMap<usize, (Held, Timestamp)> = HashMap::new();
        let callers = random.random_range(2..=8);
        for step in 0..random.random_range(4..30) {
            let at = format!("case {case}, step {step}");
            let caller = random.random_range(0..callers);
            let store = &stores[caller % 2];
            let now = database.clock.now();
            let held = holders.get(&caller).cloned();
            let is_holder = matches!((&model, &held), (Some((_, Model::Running(until))), Some((_, mine))) if until == mine);
            match (random.random_range(0..8), held) {
                (0..=2, _) => {
                    let request = ["one", "other"][usize::from(random.random_ratio(1, 4))];
                    let asked = asked(&application, &key, request);
                    let begun = store.begin_intent(asked, HOLD, SETTLE).await.unwrap();
                    match (&model, begun) {
                        (Some((first, _)), Begun::Another) => assert_ne!(*first, request, "{at}"),
                        (Some((first, Model::Done(kept))), Begun::Done(told)) => {
                            assert_eq!((*first, kept), (request, &told.body), "{at}");
                        }
                        (Some((first, Model::Running(until))), Begun::Running(_)) => {
                            assert!(*first == request && *until > now, "{at}");
                        }
                        (
                            None | Some((_, Model::Unknown | Model::Running(_))),
                            Begun::Yours(held),
                        ) => {
                            if let Some((first, before)) = &model {
                                assert_eq!(*first, request, "{at}");
                                let is_free =
                                    !matches!(before, Model::Running(until) if *until > now);
                                assert!(is_free, "{at}");
                            }
                            let until = now + HOLD;
                            holders.insert(caller, (held, until));
                            model = Some((request, Model::Running(until)));
                            // One holder has one end: no two of them are the same.
                            database.clock.advance(Duration::from_millis(1));
                        }
                        (model, begun) => panic!("{at}: {model:?} at {now}, {begun:?}"),
                    }
                }
                (3, Some((held, _))) => {
                    let sent = store.intent_is_sent(&held, SETTLE).await;
                    match sent {
                        Ok(()) => assert!(is_holder, "{at}"),
                        Err(StoreError::NotHeld) => assert!(!is_holder, "{at}"),
                        Err(error) => panic!("{at}: {error}"),
                    }
                }
                (4, Some((held, _))) => {
                    let body = format!("{case} {step}");
                    let request = model.as_ref().map_or("one", |(request, _)| request);
                    let asked = asked(&application, &key, request);
                    store
                        .finish_intent(&asked, &held, None, &answer(&body))
                        .await
                        .unwrap();
                    if is_holder {
                        model = Some((request, Model::Done(body)));
                    }
                }
                (5, Some((held, _))) => {
                    store.leave_intent_in_doubt(&held, None).await.unwrap();
                    if let (true, Some((_, state))) = (is_holder, &mut model) {
                        *state = Model::Unknown;
                    }
                }
                (6, Some((held, _))) => {
                    store.release_intent(&held).await.unwrap();
                    if is_holder {
                        model = None;
                    }
                }
                _ => database
                    .clock
                    .advance(Duration::from_secs(random.random_range(1..20))),
            }
        }
    }
}

async fn an_answer_is_kept_for_a_day_and_sealed(database: &Database) {
    let store = database.open().await;
    let application = application(&store).await;
    let asked = asked(&application, "key", "one");
    let held = take(&store, &asked).await;
    let told = answer("CANARY-body");
    store
        .finish_intent(&asked, &held, None, &told)
        .await
        .unwrap();

    database.clock.advance(Duration::from_secs(24 * 3600 - 1));
    let again = store
        .begin_intent(asked.clone(), HOLD, SETTLE)
        .await
        .unwrap();
    assert!(matches!(again, Begun::Done(kept) if kept == told));
    assert_eq!(store.forget_old_intents().await.unwrap(), 0);
    let rows = database
        .read("select key_hash || request_hash || answer from intents")
        .await;
    assert!(
        rows.iter()
            .all(|row| !row.contains("CANARY") && !row.contains("one")),
        "{rows:?}"
    );

    database.clock.advance(Duration::from_secs(2));
    assert_eq!(store.forget_old_intents().await.unwrap(), 1);
    take(&store, &asked).await;
}

async fn keys_are_apart_by_application_and_account(database: &Database) {
    let store = database.open().await;
    let first = asked(&application(&store).await, "key", "one");
    let second = Asked {
        application: store
            .create_key("second", KeyTerms::default())
            .await
            .unwrap()
            .application_id,
        ..first.clone()
    };
    let elsewhere = Asked {
        account: None,
        ..first.clone()
    };

    for asked in [&first, &second, &elsewhere] {
        take(&store, asked).await;
    }
}

async fn what_was_made_is_claimed_once(database: &Database) {
    let store = database.open().await;
    let application = application(&store).await;
    let [first, second] = ["a", "b"].map(|key| asked(&application, key, "one"));
    let [a, b] = [take(&store, &first).await, take(&store, &second).await];
    store.intent_is_sent(&a, SETTLE).await.unwrap();

    assert!(store.is_sent_elsewhere(&b).await.unwrap());
    assert!(!store.is_sent_elsewhere(&a).await.unwrap());
    assert!(store.claim(&b, "ticket_MQ").await.unwrap());
    assert!(!store.claim(&a, "ticket_MQ").await.unwrap());
    assert!(store.is_claimed(&a, "ticket_MQ").await.unwrap());
    assert!(!store.is_claimed(&b, "ticket_MQ").await.unwrap());
    store.leave_intent_in_doubt(&a, None).await.unwrap();
    assert!(!store.is_sent_elsewhere(&b).await.unwrap());
    // What it has made is another's already: the answer is kept all the same.
    let a = take(&store, &first).await;
    let made = Some("ticket_MQ".to_owned());
    store
        .finish_intent(&first, &a, made, &answer("x"))
        .await
        .unwrap();
    let again = store.begin_intent(first, HOLD, SETTLE).await.unwrap();
    assert!(matches!(again, Begun::Done(_)));
}
