//! A write whose outcome is not known, step by step: said to be unknown, then settled.
//!
//! What the promise rests on, one fault at a time. The rest of the way is calm, so that the test knows what
//! each answer has to be.

use std::time::{Duration, Instant};

use deskgate::model::id::{CommentId, TicketId};
use futures_util::future::join_all;
use tokio::time::sleep;

use super::SETTLE_AFTER;
use super::cases::{self, Case};
use super::clients::{Answer, Client};
use super::faults::{Fault, Shares};
use super::inside::Inside;
use super::stage::Stage;
use crate::desks::freshdesk::Freshdesk;
use crate::desks::rt::Rt;
use crate::desks::zendesk::Zendesk;

/// How long settling may take in all.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

/// The two kinds of writes, each with a marker of its own: a ticket, a public and a private reply.
pub(super) fn all_kinds<D: Inside>(stage: &Stage<D>, seed: u64) -> Vec<Case> {
    let replies = cases::replies(seed, 5, &stage.tickets);
    let public_and_private = [replies[0].clone(), replies[3].clone()];
    let mut all = cases::creates(seed, 1, &stage.requester);
    all.extend(public_and_private);
    all
}

/// Sends a case until it is done; says what came before that.
pub(super) async fn insist(client: &Client, case: &Case) -> (Vec<String>, Answer) {
    let begun = Instant::now();
    let mut before = Vec::new();
    while begun.elapsed() < SETTLED_WITHIN {
        let Some(answer) = client.send(case).await else {
            before.push("broken".to_owned());
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        if answer.status == 201 {
            return (before, answer);
        }
        before.push(answer.name());
        sleep(Duration::from_millis(200)).await;
    }
    panic!("{} is not settled: {before:?}", case.marker);
}

/// Whether nothing was said but that the outcome is not known yet.
fn is_honest(answers: &[String]) -> bool {
    let honest = ["409 request_in_progress", "504 outcome_unknown"];
    answers.iter().all(|name| honest.contains(&name.as_str()))
}

/// Whether the help desk knows a case again by its key: it is sent to it again without harm.
fn is_known_again<D: Inside>(case: &Case) -> bool {
    case.is_create() && D::capabilities().keys_last.is_some()
}

/// Asserts that a case was sent to the help desk once, unless it knows it again.
#[track_caller]
fn is_sent_once<D: Inside>(stage: &Stage<D>, case: &Case, before: &[String]) {
    if !is_known_again::<D>(case) {
        assert_eq!(stage.writes(&case.marker), 1, "{before:?}");
    }
}

/// Asserts that a case is there once, under the id that was told, as visible as it was meant to be.
#[track_caller]
pub(super) fn is_there_once<D: Inside>(stage: &Stage<D>, case: &Case, answer: &Answer) {
    let found = stage.written().into_iter();
    let found: Vec<_> = found
        .filter(|one| one.text.contains(&case.marker))
        .collect();
    assert_eq!(found.len(), 1, "{}: {found:?}", case.marker);
    let told = answer.text("id");
    let told = if case.is_create() {
        told.parse::<TicketId>().unwrap().upstream().to_owned()
    } else {
        told.parse::<CommentId>().unwrap().upstream().to_owned()
    };
    assert_eq!(told, found[0].id);
    assert_eq!(found[0].is_public, case.is_public);
}

/// The help desk has acted, and nobody was told.
async fn found_again<D: Inside>() {
    let stage = Stage::<D>::set(1, Shares::CALM, SETTLE_AFTER).await;
    let client = Client::of(&stage.gateway);
    let lost = [Fault::ResetAfter, Fault::Truncate, Fault::ErrorAfter];
    for (number, fault) in (0..).zip(lost) {
        for case in all_kinds(&stage, number) {
            stage.vendor.schedule().order([fault]);

            let (before, answer) = insist(&client, &case).await;

            // It may have looked at once, or with the next request.
            assert!(is_honest(&before), "{fault:?}: {before:?}");
            is_sent_once(&stage, &case, &before);
            is_there_once(&stage, &case, &answer);
            let again = client.send(&case).await.unwrap();
            assert_eq!((again.status, &again.body), (201, &answer.body));
            assert!(again.is_replayed());
        }
    }
}

/// The help desk acts after the connection is gone.
async fn found_when_it_comes<D: Inside>() {
    let stage = Stage::<D>::set(2, Shares::CALM, SETTLE_AFTER).await;
    let client = Client::of(&stage.gateway);
    for (number, fault) in (0..).zip([Fault::LateApply, Fault::StallBefore]) {
        let cases = all_kinds(&stage, number);
        stage.vendor.schedule().order([fault; 3]);

        let settled = join_all(cases.iter().map(|case| insist(&client, case))).await;

        for (case, (before, answer)) in cases.iter().zip(settled) {
            // It was waited for.
            is_sent_once(&stage, case, &before);
            is_there_once(&stage, case, &answer);
        }
    }
}

/// The help desk has not acted, and nobody was told that either.
async fn sent_again<D: Inside>() {
    let stage = Stage::<D>::set(3, Shares::CALM, SETTLE_AFTER).await;
    let client = Client::of(&stage.gateway);
    let cases = all_kinds(&stage, 0);
    let settle = cases.iter().map(async |case| {
        let begun = Instant::now();
        let first = client.send(case).await.unwrap();
        let (_, answer) = insist(&client, case).await;
        (case, first, begun.elapsed(), answer)
    });
    stage.vendor.schedule().order([Fault::ResetBefore; 3]);

    for (case, first, took, answer) in join_all(settle).await {
        if is_known_again::<D>(case) {
            assert_eq!(first.name(), "201 ");
            is_there_once(&stage, case, &answer);
            continue;
        }
        assert_eq!(first.name(), "504 outcome_unknown");
        assert!(
            took >= Duration::from_secs(SETTLE_AFTER),
            "sent again after {took:?}: the absence was no proof yet"
        );
        is_there_once(&stage, case, &answer);
    }
}

/// The gateway is killed while the help desk has its writes.
async fn settled_after_a_kill<D: Inside>() {
    let mut stage = Stage::<D>::set(4, Shares::CALM, SETTLE_AFTER).await;
    // It has acted, it will act when the gateway is gone, it never will.
    let cut_off = [Fault::StallAfter, Fault::StallBefore, Fault::Silence];
    for (number, fault) in (0..).zip(cut_off) {
        let cases = all_kinds(&stage, number);
        stage.vendor.schedule().order([fault; 3]);
        let client = Client::of(&stage.gateway);
        let sent = join_all(cases.iter().map(|case| client.send(case)));
        let kill = async {
            sleep(Duration::from_millis(150)).await;
            stage.gateway.kill().await;
            stage.gateway.restart().await;
        };
        tokio::join!(sent, kill);

        let settled = join_all(cases.iter().map(|case| insist(&client, case))).await;

        for (case, (before, answer)) in cases.iter().zip(settled) {
            is_sent_once(&stage, case, &before);
            is_there_once(&stage, case, &answer);
        }
    }
}

/// A client that hangs up has its write done all the same, once.
async fn done_without_the_client<D: Inside>() {
    let stage = Stage::<D>::set(5, Shares::CALM, SETTLE_AFTER).await;
    let client = Client::of(&stage.gateway);
    for (number, fault) in (0..).zip([Fault::SlowAfter, Fault::SlowBefore]) {
        for case in all_kinds(&stage, number) {
            stage.vendor.schedule().order([fault]);
            let soon = Duration::from_millis(30);
            let _ = tokio::time::timeout(soon, client.send(&case)).await;

            let (before, answer) = insist(&client, &case).await;

            assert!(is_honest(&before), "{fault:?}: {before:?}");
            is_there_once(&stage, &case, &answer);
        }
    }
}

/// Without a key a write is looked for at once, and left to the client where that does not settle it.
async fn left_alone<D: Inside>() {
    let stage = Stage::<D>::set(6, Shares::CALM, SETTLE_AFTER).await;
    let client = Client::of(&stage.gateway);
    let acted = [
        Fault::ResetAfter,
        Fault::Truncate,
        Fault::ErrorAfter,
        Fault::LateApply,
    ];
    let mut sent = Vec::new();
    for (number, fault) in (0..).zip(acted) {
        for case in all_kinds(&stage, number) {
            let case = Case { key: None, ..case };
            stage.vendor.schedule().order([fault]);

            let answer = client.send(&case).await.unwrap();

            let is_honest = matches!(answer.name().as_str(), "201 " | "504 outcome_unknown");
            assert!(is_honest, "{fault:?} {}", answer.name());
            sent.push((fault, case.marker));
        }
    }
    stage.calm_down().await;
    for (fault, marker) in sent {
        assert_eq!(stage.count(&marker), 1, "{fault:?}");
    }
}

/// Declares one promise as a test for each kind of help desk, side by side.
macro_rules! promise {
    ($name:ident, $holds:ident) => {
        #[tokio::test]
        async fn $name() {
            tokio::join!($holds::<Freshdesk>(), $holds::<Zendesk>(), $holds::<Rt>());
        }
    };
}

promise!(
    a_write_whose_answer_was_lost_is_found_and_not_sent_again,
    found_again
);
promise!(
    a_write_that_happens_late_is_waited_for_and_not_sent_again,
    found_when_it_comes
);
promise!(
    a_write_that_did_not_happen_is_sent_again_once_its_absence_is_a_proof,
    sent_again
);
promise!(
    a_write_that_a_kill_cut_off_is_settled_by_the_next_start,
    settled_after_a_kill
);
promise!(
    a_write_whose_client_hung_up_happens_once,
    done_without_the_client
);
promise!(
    a_write_without_a_key_is_left_to_the_client_and_never_doubled,
    left_alone
);
