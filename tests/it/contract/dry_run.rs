//! Dry runs: what a write would send, and nothing of it sent.

use std::collections::VecDeque;

use deskgate::model::field::TicketField;
use deskgate::provider::capability::Operation;
use serde_json::json;

use crate::contract::lab::{Lab, new_ticket, upstream};
use crate::desks::HelpDesk;

/// No write reaches the help desk, and the one that is shown is the one that is sent without `dry_run`.
pub(crate) async fn a_dry_run_sends_nothing_and_shows_what_would_be_sent<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let comments = format!("{ticket}/comments");
    let tickets = lab.desk.tickets().await.len();
    let asked = [
        (Operation::CreateTicket, "/tickets", Some(new_ticket())),
        (
            Operation::UpdateTicket,
            &ticket,
            Some(json!({ "subject": "other" })),
        ),
        (
            Operation::CreateComment,
            &comments,
            Some(json!({ "content": "c", "public": false })),
        ),
        (Operation::DeleteTicket, &ticket, None),
    ];
    let mut planned = VecDeque::new();
    for is_dry in [true, false] {
        for (operation, path, body) in &asked {
            lab.wire.received.clear();
            let path = if is_dry {
                format!("{path}?dry_run=true")
            } else {
                (*path).to_owned()
            };
            let request = match (operation, body) {
                (Operation::UpdateTicket, Some(body)) => lab.app.patch(&path, body.clone()),
                (_, Some(body)) => lab.app.post(&path, body.clone()),
                (_, None) => lab.app.delete(&path),
            };
            // A dry run uses up no key.
            let answer = request.header("idempotency-key", operation.name()).await;

            let received = lab.wire.received.lines();
            let writes: Vec<_> = received
                .iter()
                .filter(|line| !line.starts_with("GET "))
                .collect();
            if is_dry {
                let shown = answer.expect(202);
                assert_eq!(writes, Vec::<&String>::new());
                let calls = shown["calls"].as_array().unwrap();
                let last = calls.last().unwrap();
                assert_eq!(last["is_sent"], false, "{shown}");
                let cost = shown["cost"].as_u64().unwrap();
                assert!(cost >= calls.len() as u64, "{shown}");
                let path = last["path"].as_str().unwrap().split('?').next().unwrap();
                let line = format!("{} {path}", last["method"].as_str().unwrap());
                planned.push_back(line);
            } else {
                assert!(answer.status.is_success(), "{answer}");
                assert_eq!(Some(writes[0].clone()), planned.pop_front());
            }
        }
        if is_dry {
            assert_eq!(lab.desk.tickets().await.len(), tickets);
            assert_eq!(lab.desk.comments(&upstream(&made)).await.len(), 0);
        }
    }
}

/// By name; what is refused is refused as ever, and what is no ticket is not rehearsed.
pub(crate) async fn a_dry_run_tells_what_would_be_ignored_or_refused<D: HelpDesk>(lab: Lab<D>) {
    let mut ticket = new_ticket();
    ticket["company"] = json!("4711");
    ticket["followers"] = json!([{ "email": "f@example.com" }]);
    let accepts = &D::capabilities().create_ticket;
    let lacks = |field| !accepts.optional.contains(&field) && !accepts.required.contains(&field);

    let shown = lab
        .app
        .post("/tickets?dry_run=true", ticket)
        .await
        .expect(202);

    let ignored = shown["ignored"].as_array().unwrap();
    for (field, name) in [
        (TicketField::Company, "company"),
        (TicketField::Followers, "followers"),
    ] {
        assert_eq!(ignored.contains(&json!(name)), lacks(field), "{shown}");
    }
    let refused = lab
        .app
        .post("/tickets?dry_run=true", json!({ "subject": "s" }))
        .await;
    assert_eq!(refused.refused(400), "bad_request");
    let odd = lab.app.post("/tickets?dry_run=yes", new_ticket()).await;
    assert_eq!(odd.refused(400), "bad_request");
    let account = format!("/v1/accounts/{}?dry_run=true", lab.app.account);
    let delete = lab.app.as_application(http::Method::DELETE, &account).await;
    assert_eq!(delete.refused(501), "not_implemented");
    lab.app
        .as_application(http::Method::GET, &account)
        .await
        .expect(200);
}
