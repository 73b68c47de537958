//! Conditional writes: who has seen another version changes nothing.

use std::future::IntoFuture as _;

use futures_util::future::join;
use serde_json::json;

use crate::contract::lab::{Lab, upstream};
use crate::contract::law::cases;
use crate::desks::HelpDesk;
use crate::support::request::Answer;

/// The version that an answer shows.
fn etag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

/// The same for as long as nothing changes, in every answer that shows the ticket.
pub(crate) async fn a_version_is_the_same_until_the_ticket_changes<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let seen = etag(&lab.app.get(&ticket).await);
    assert_eq!(etag(&lab.app.get(&ticket).await), seen);

    let changed = lab.app.patch(&ticket, json!({ "subject": "other" })).await;

    assert_ne!(etag(&changed), seen);
    assert_eq!(etag(&lab.app.get(&ticket).await), etag(&changed));
}

/// And what has changed behind the gateway's back counts as well.
pub(crate) async fn a_stale_writer_changes_nothing<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let seen = etag(&lab.app.get(&ticket).await);
    lab.desk.edit(&upstream(&made), "changed by an agent").await;
    lab.wire.received.clear();

    let patch = lab.app.patch(&ticket, json!({ "priority": "urgent" }));
    let delete = lab.app.delete(&ticket);
    for stale in [patch, delete] {
        let answer = stale.header("if-match", &seen).await;
        assert_eq!(answer.refused(412), "precondition_failed");
    }
    assert_eq!(lab.wire.received.writes(), 0);
    for (value, status) in [("nonsense", 400), ("W/\"x\"", 412), ("\"x\", \"y\"", 412)] {
        let patch = lab.app.patch(&ticket, json!({ "priority": "urgent" }));
        patch.header("if-match", value).await.expect(status);
    }
    assert_eq!(lab.wire.received.writes(), 0);

    let now = lab.app.get(&ticket).await;
    let both = format!("\"x\", {}", etag(&now));
    let patch = lab.app.patch(&ticket, json!({ "priority": "urgent" }));
    let changed = patch.header("if-match", &both).await;
    let seen = etag(&changed);
    assert_eq!(changed.expect(200)["priority"], "urgent");
    lab.app
        .delete(&ticket)
        .header("if-match", &seen)
        .await
        .expect(204);
    lab.app
        .delete(&ticket)
        .header("if-match", "*")
        .await
        .expect(404);
}

/// Of two who have seen the same version one wins.
pub(crate) async fn of_two_writers_one_wins<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let mut seen = etag(&lab.app.get(&ticket).await);
    let rounds = cases::<D>(60).min(500);
    for round in 0..rounds {
        let write = |who: &str| {
            let patch = json!({ "subject": format!("{who} {round}") });
            let request = lab.app.patch(&ticket, patch).header("if-match", &seen);
            request.into_future()
        };

        let (one, other) = join(write("one"), write("other")).await;

        let (winner, loser) = if one.status == 200 {
            (one, other)
        } else {
            (other, one)
        };
        assert_eq!(loser.refused(412), "precondition_failed");
        seen = etag(&winner);
        let subject = winner.expect(200)["subject"].clone();
        let now = lab.app.get(&ticket).await.expect(200);
        assert_eq!(now["subject"], subject);
    }
}
