//! What people do behind REST, seeds, and what differs from one installation to another.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::message::Kind;
use super::super::switches::{Database, Language};
use super::super::world_mail::Mail;
use super::super::world_tickets::{Change, NewTicket};
use super::super::{Options, Simulator};
use super::{START, Stage};
use crate::simulator::{DemoPlan, Simulator as _};

#[tokio::test]
async fn people_work_behind_rest() {
    let stage = Stage::plain();
    let id = stage.simulator.change(|world| {
        let id = world.create_ticket_ago(NewTicket::plain("old", 39), 3600);
        assert_eq!(
            world.tickets[&id].last_updated,
            Timestamp::from_second(START - 3600).unwrap()
        );
        id
    });
    let cases = [
        Change::Subject("new subject".to_owned()),
        Change::Status("stalled".to_owned()),
        Change::Priority("80".to_owned()),
        Change::Field(4, vec![Some("x-1".to_owned())]),
    ];
    for change in cases {
        stage.pass(10);
        stage.simulator.change(|world| world.edit(id, change));
        let now = stage.simulator.inspect(super::super::world::World::now);
        assert_eq!(stage.member(id, "LastUpdated").await, now.to_string());
    }
    assert_eq!(
        stage
            .find("Subject='new subject' AND Status='stalled' AND Priority=80 AND CF.{4}='x-1'")
            .await,
        [id]
    );
    stage
        .simulator
        .change(|world| world.add_message(id, Kind::Comment, "text/plain", "note"));
    let kinds = [
        "Create",
        "EmailRecord",
        "Set",
        "Status",
        "Set",
        "CustomField",
        "Comment",
    ];
    assert_eq!(stage.kinds(id).await, kinds);
    stage.simulator.change(|world| world.delete_ticket(id));
    assert!(stage.find("id > 0").await.is_empty());
    stage.simulator.change(|world| world.undelete_ticket(id));
    assert_eq!(stage.find("Status='open'").await, [id]);
}

#[tokio::test]
async fn mail_from_outside_has_parts_in_parts() {
    let stage = Stage::plain();
    let mail = Mail {
        from: "new@customers.example".to_owned(),
        subject: "by mail".to_owned(),
        plain: "plain".to_owned(),
        html: Some("<p>html</p>".to_owned()),
        files: vec![(
            "image/png".to_owned(),
            "a b.png".to_owned(),
            vec![0x89, b'P'],
        )],
    };

    let id = stage.simulator.change(|world| world.mail_ticket(3, &mail));

    let path =
        format!("/ticket/{id}/attachments?fields=ContentType,Filename&orderby=id&per_page=5");
    let seen = stage.get(&path).await.body;
    let kinds: Vec<_> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["ContentType"].clone())
        .collect();
    let expected = [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(
        stage.member(id, "Creator").await["id"],
        "new@customers.example"
    );
}

#[tokio::test]
async fn late_commits_carry_earlier_times() {
    let stage = Stage::new(|options| options.switches.commit_delay = SignedDuration::from_secs(5));
    let id = stage
        .simulator
        .change(|world| world.create_ticket(world.me, NewTicket::plain("a", 39)));

    assert!(stage.find("id > 0").await.is_empty());
    assert_eq!(
        stage.get(&format!("/ticket/{id}")).await.status.as_u16(),
        404
    );
    stage.pass(5);
    assert_eq!(
        stage
            .find("LastUpdated.DateTime = '2026-11-20 17:54:44'")
            .await,
        [id]
    );
    stage
        .simulator
        .change(|world| world.edit(id, Change::Subject("b".to_owned())));
    assert_eq!(stage.member(id, "Subject").await, "a");
    assert_eq!(stage.kinds(id).await, ["Create", "EmailRecord"]);
    stage.pass(5);
    assert_eq!(stage.member(id, "Subject").await, "b");
    assert_eq!(
        stage.member(id, "LastUpdated").await,
        "2026-11-20T17:54:49Z"
    );
    // What is written over REST is there when it is answered, with a time that has passed.
    stage
        .send("PUT", &format!("/ticket/{id}"), json!({"Subject": "c"}))
        .await;
    assert_eq!(stage.member(id, "Subject").await, "c");
    assert_eq!(
        stage.member(id, "LastUpdated").await,
        "2026-11-20T17:54:49Z"
    );
}

#[tokio::test]
async fn installations_differ() {
    let postgres = Stage::new(|options| options.switches.database = Database::Postgres);
    let body = json!({"Queue": "Support", "Subject": "x", "Priority": "abc"});
    assert_eq!(
        postgres.send("POST", "/ticket", body).await.status.as_u16(),
        400
    );

    let german = Stage::new(|options| options.switches.language = Language::German);
    german.create(json!({})).await;
    let seen = german
        .send("PUT", "/ticket/1", json!({"Subject": "neu"}))
        .await;
    assert_eq!(
        seen.body,
        json!(["Ticket 1: Betreff von 's' in 'neu' geändert"])
    );

    let own = Stage::new(|options| options.switches.has_development = true);
    let id = own.create(json!({"Queue": "Development"})).await;
    assert_eq!(own.member(id, "Status").await, "todo");
    own.send("PUT", "/ticket/1", json!({"Status": "done"}))
        .await;
    assert_eq!(own.find("Status='done'").await, [id]);
    own.send("PUT", "/ticket/1", json!({"Queue": "Support"}))
        .await;
    assert_eq!(own.member(id, "Status").await, "resolved");
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world() {
    let make = |tickets, seed| {
        let now = Arc::new(|| Timestamp::from_second(START).unwrap());
        Simulator::new(Options::demo(tickets, seed, DemoPlan::Small), now)
    };
    let (one, same, other) = (make(60, 1), make(60, 1), make(60, 2));
    let tickets = |simulator: &Simulator| simulator.inspect(|world| world.tickets.clone());

    assert_eq!(tickets(&one), tickets(&same));
    assert_ne!(tickets(&one), tickets(&other));
    let listed = tickets(&one)
        .values()
        .filter(|ticket| ticket.is_listable())
        .count();
    assert_eq!(listed, 60);
    assert_eq!(one.credentials("http://x")["url"], "http://x");
    assert!(one.some_ticket().is_some());
    let start = Timestamp::from_second(START).unwrap();
    assert!(
        tickets(&one)
            .values()
            .all(|ticket| ticket.last_updated <= start)
    );
}
