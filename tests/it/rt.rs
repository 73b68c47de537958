//! What is Request Tracker's alone: refused changes that look done, time zones, late commits, merged tickets.

use deskgate::providers::rt::sim::Switches;
use deskgate::providers::rt::sim::message::{Kind, Part};
use deskgate::providers::rt::sim::records_people::{Access, Right};
use deskgate::providers::rt::sim::world_mail::Mail;
use deskgate::providers::rt::sim::world_tickets::Change;
use http::Method;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::contract::attributes::with;
use crate::contract::lab::{Lab, new_ticket, public, upstream};
use crate::desks::HelpDesk;
use crate::desks::rt::Rt;

/// A gateway in front of one that behaves so.
async fn lab(switches: Switches) -> Lab<Rt> {
    let mut lab = Lab::<Rt>::start().await;
    lab.desk = Rt::with(10, 7, switches, &lab.app.clock);
    lab.wire.redirect(lab.desk.transport());
    lab
}

#[tokio::test]
async fn a_refused_change_is_400_and_says_what_did_happen() {
    let lab = Lab::<Rt>::start().await;
    let (ticket, _) = lab.ticket().await;
    let patch = json!({
        "subject": "changed", "custom_properties": [{ "id": "Severity", "value": "Terrible" }], "priority": "urgent",
    });

    let refused = lab.app.patch(&ticket, patch).await.expect(400);

    assert_eq!(refused["error_code"], "request_failed");
    assert_eq!(
        refused["message"],
        "custom_properties: the help desk did not take this; changed: subject, priority"
    );
    let read = lab.app.get(&ticket).await.expect(200);
    assert_eq!(
        (&read["subject"], &read["priority"]),
        (&json!("changed"), &json!("urgent"))
    );
}

#[tokio::test]
async fn a_create_that_was_not_taken_whole_names_the_ticket_that_it_made() {
    let lab = Lab::<Rt>::start().await;
    let before = lab.desk.tickets().await.len();
    let severity = json!({ "custom_properties": [{ "id": "Severity", "value": "Terrible" }] });

    let refused = lab
        .app
        .post("/tickets", with(new_ticket(), &severity))
        .await
        .expect(400);

    let message = refused["message"].as_str().unwrap();
    assert!(message.starts_with("custom_properties: "), "{message}");
    let made = message.split_once("ticket_").unwrap().1;
    let made = made.split_once(',').unwrap().0;
    let read = lab
        .app
        .get(&format!("/tickets/ticket_{made}"))
        .await
        .expect(200);
    assert_eq!(read["subject"], new_ticket()["subject"]);
    assert_eq!(lab.desk.tickets().await.len(), before + 1);
}

#[tokio::test]
async fn what_a_queue_does_not_have_is_refused_before_anything_is_made() {
    let lab = Lab::<Rt>::start().await;
    let before = lab.desk.tickets().await.len();
    for more in [
        json!({ "custom_properties": [{ "id": "Nope", "value": "x" }] }),
        json!({ "custom_properties": [{ "id": "Severity", "value": true }] }),
        json!({ "group": "Support" }),
        json!({ "group": "424242" }),
        json!({ "assignee": "nobody.knows" }),
        json!({ "email_ccs": [{ "user_id": "424242" }] }),
        json!({ "email_ccs": [{ "email": "two@example.com,three@example.com" }] }),
        json!({ "subject": "ü".repeat(101) }),
        json!({ "assignee": "Nobody" }),
        json!({ "custom_properties": [{ "id": "Tags", "value": ["x"] }] }),
        json!({ "due_at": "1970-01-01T00:00:00Z" }),
        json!({ "email_ccs": [{ "email": "a..b@example.com" }] }),
        json!({ "submitter": "agent1" }),
    ] {
        lab.wire.received.clear();
        let refused = lab
            .app
            .post("/tickets", with(new_ticket(), &more))
            .await
            .expect(400);
        let message = refused["message"].as_str().unwrap();
        let (name, _) = more.as_object().unwrap().iter().next().unwrap();
        assert!(
            message.contains(name.as_str()) || message.contains("example.com"),
            "{message}"
        );
        assert_eq!(lab.wire.received.writes(), 0, "{more}");
    }
    assert_eq!(lab.desk.tickets().await.len(), before);
}

#[tokio::test]
async fn somebody_elses_comment_cannot_be_written() {
    let lab = Lab::<Rt>::start().await;
    let (ticket, _) = lab.ticket().await;
    lab.wire.received.clear();
    let comment = json!({ "content": "x", "author": "agent1" });

    let refused = lab
        .app
        .post(&format!("{ticket}/comments"), comment)
        .await
        .expect(400);

    assert_eq!(
        refused["message"],
        "author cannot be set in Request Tracker"
    );
    assert_eq!(lab.wire.received.count(), 0);
}

#[tokio::test]
async fn an_emptied_field_does_not_become_an_empty_value() {
    let lab = Lab::<Rt>::start().await;
    let (ticket, made) = lab.ticket().await;
    let id: u64 = upstream(&made).parse().unwrap();
    let nothing = json!({
        "tags": null, "custom_properties": [{ "id": "External id", "value": null }, { "id": "Severity", "value": "" }],
    });
    lab.app.patch(&ticket, nothing).await.expect(200);

    lab.desk.simulator.inspect(|world| {
        let values: Vec<_> = world.tickets[&id].fields.values().flatten().collect();
        assert!(values.is_empty(), "{values:?}");
    });
}

#[tokio::test]
async fn without_a_field_for_them_tags_are_null_and_ignored() {
    let lab = Lab::<Rt>::start().await;
    let account = json!({ "service": "rt", "url": Rt::ORIGIN, "token": Rt::credentials()["token"], "tags_field": "Keywords" });
    let made = lab
        .app
        .as_application(Method::POST, "/v1/accounts")
        .json(account)
        .await
        .expect(201);
    let tickets = format!("/v1/accounts/{}/helpdesk/tickets", made["id"]);
    let new = with(new_ticket(), &json!({ "tags": ["x"] }));

    let made = lab
        .app
        .as_application(Method::POST, &tickets)
        .json(new)
        .await
        .expect(201);

    assert_eq!(made["tags"], Value::Null);
    let one = format!("{tickets}/{}", made["id"].as_str().unwrap());
    let tags = json!({ "tags": ["y"] });
    let changed = lab
        .app
        .as_application(Method::PATCH, &one)
        .json(tags)
        .await
        .expect(200);
    assert_eq!(changed["tags"], Value::Null);
}

#[tokio::test]
async fn an_account_chooses_its_queue_and_its_priorities() {
    let lab = Lab::<Rt>::start().await;
    let account = json!({
        "service": "rt", "url": Rt::ORIGIN, "token": Rt::credentials()["token"], "default_queue": "Billing",
        "priorities": { "low": 1, "normal": 2, "high": 3, "urgent": 4 },
    });
    let made = lab
        .app
        .as_application(Method::POST, "/v1/accounts")
        .json(account)
        .await
        .expect(201);
    let tickets = format!("/v1/accounts/{}/helpdesk/tickets", made["id"]);
    let new = with(new_ticket(), &json!({ "priority": "high" }));

    let made = lab
        .app
        .as_application(Method::POST, &tickets)
        .json(new)
        .await
        .expect(201);

    assert_eq!(
        (&made["group"], &made["priority"]),
        (&json!("4"), &json!("high"))
    );
    let id: u64 = upstream(&made).parse().unwrap();
    let number = lab
        .desk
        .simulator
        .inspect(|world| world.tickets[&id].priority.clone());
    assert_eq!(number, "3");
}

#[tokio::test]
async fn the_time_zone_of_the_tokens_owner_changes_nothing() {
    for zone in ["Pacific/Kiritimati", "America/New_York", "Europe/Berlin"] {
        let time_zone = TimeZone::get(zone).unwrap();
        let lab = lab(Switches {
            time_zone,
            ..Switches::default()
        })
        .await;
        let old = lab.desk.create("an hour ago", 3600).await;
        let new = lab.desk.create("a minute ago", 60).await;
        let since = lab.app.clock.now() - SignedDuration::from_mins(30);

        let (shown, _) = lab
            .walk(&format!("/tickets?modified_since={since}&page_size=1"))
            .await;

        let ids: Vec<_> = shown.iter().map(upstream).collect();
        assert!(ids.contains(&new) && !ids.contains(&old), "{zone}: {ids:?}");
        let due = json!({ "due_at": "2027-06-02T03:04:05Z" });
        let ticket = format!("/tickets/{}", public(&new));
        for _ in 0..2 {
            let changed = lab.app.patch(&ticket, due.clone()).await.expect(200);
            assert_eq!(changed["due_at"], due["due_at"]);
        }
    }
}

#[tokio::test]
async fn a_change_that_is_seen_late_is_not_missed() {
    let commit_delay = SignedDuration::from_secs(4);
    let lab = lab(Switches {
        commit_delay,
        ..Switches::default()
    })
    .await;
    let slow = lab.desk.create("slow", 3600).await;
    let quick = lab.desk.create("quick", 1800).await;
    lab.wait();
    // It is stamped now and seen in four seconds; what happens meanwhile is seen before.
    lab.desk.edit(&slow, "changed").await;
    lab.app.clock.advance(std::time::Duration::from_secs(2));
    let patch = json!({ "subject": "changed meanwhile" });
    lab.app
        .patch(&format!("/tickets/{}", public(&quick)), patch)
        .await
        .expect(200);

    let (shown, last) = lab.walk("/tickets?page_size=100").await;
    lab.wait();
    let sync = last["sync_token"].as_str().unwrap();
    let (more, _) = lab.walk(&format!("/tickets?page={sync}")).await;

    let all = shown.into_iter().chain(more);
    let told: Vec<_> = all.filter(|ticket| upstream(ticket) == slow).collect();
    assert_eq!(told.last().unwrap()["subject"], "changed");
}

#[tokio::test]
async fn the_comments_of_a_merged_ticket_are_told_where_it_went() {
    let lab = Lab::<Rt>::start().await;
    let (ticket, made) = lab.ticket().await;
    let (other, merged) = lab.ticket().await;
    lab.comment(&ticket, true).await;
    lab.comment(&other, false).await;
    let (into, from) = (
        upstream(&made).parse().unwrap(),
        upstream(&merged).parse().unwrap(),
    );
    lab.desk
        .simulator
        .change(|world| world.merge(world.me, from, into));

    let (comments, _) = lab.walk(&format!("{ticket}/comments?page_size=1")).await;

    let public: Vec<_> = comments
        .iter()
        .map(|comment| comment["public"] == true)
        .collect();
    assert_eq!(
        public,
        [true, true, false],
        "its own, the first message of the other one, and that one's"
    );
    let read = lab.app.get(&ticket).await.expect(200);
    assert_eq!(read["description"], made["description"]);
    assert_eq!(lab.app.get(&other).await.refused(404), "not_found");
}

#[tokio::test]
async fn a_status_of_another_lifecycle_survives_a_change() {
    let lab = Lab::<Rt>::start().await;
    let id = lab.desk.create("develop", 60).await;
    lab.desk.set_status(&id, "waiting").await;
    let ticket = format!("/tickets/{}", public(&id));

    let changed = lab
        .app
        .patch(&ticket, json!({ "subject": "x", "status": "open" }))
        .await
        .expect(200);

    assert_eq!(changed["native_status"]["id"], "waiting");
    let refused = lab
        .app
        .patch(&ticket, json!({ "status": "closed" }))
        .await
        .expect(400);
    assert_eq!(
        refused["message"],
        "status: the help desk did not take this; nothing else was changed"
    );
}

#[tokio::test]
async fn changes_of_one_ticket_wait_for_each_other() {
    let lab = Lab::<Rt>::start().await;
    let (ticket, _) = lab.ticket().await;
    lab.wire.received.clear();
    let change = |subject: &str| {
        let request = lab.app.patch(&ticket, json!({ "subject": subject }));
        async move { request.await.expect(200) }
    };

    let (one, other) = futures_util::future::join(change("one"), change("other")).await;

    assert_eq!(
        (&one["subject"], &other["subject"]),
        (&json!("one"), &json!("other"))
    );
    let lines = lab.wire.received.lines();
    let writes: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("PUT"))
        .collect();
    let [(first, _), (second, _)] = writes[..] else {
        panic!("{lines:?}")
    };
    assert!(
        second > first + 2,
        "the second began before the first was done: {lines:?}"
    );
}

#[tokio::test]
async fn files_are_listed_and_a_mails_html_is_its_text() {
    let lab = Lab::<Rt>::start().await;
    let (ticket, made) = lab.ticket().await;
    let id: u64 = upstream(&made).parse().unwrap();
    let mail = Mail {
        from: "customer1@example.org".into(),
        subject: "Re: x".into(),
        plain: "plain größe".into(),
        html: Some("<p>html größe</p>".into()),
        files: vec![
            (
                "text/plain".into(),
                "log.txt".into(),
                b"not the text".into(),
            ),
            ("application/pdf".into(), "Größe.pdf".into(), b"%PDF".into()),
        ],
    };
    lab.desk
        .simulator
        .change(|world| world.mail_reply(id, &mail));

    let (comments, _) = lab.walk(&format!("{ticket}/comments")).await;

    assert_eq!(comments[0]["content"], "<p>html größe</p>");
    let files = comments[0]["attachments"].as_array().unwrap();
    let names: Vec<_> = files
        .iter()
        .map(|file| file["filename"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["log.txt", "Größe.pdf"]);
    assert_eq!(
        (&files[1]["size"], &files[1]["url"]),
        (&json!(4), &Value::Null)
    );
}

#[tokio::test]
async fn a_queue_in_which_the_token_may_not_make_tickets_is_passed_over() {
    let lab = Lab::<Rt>::start().await;
    let account = json!({ "service": "rt", "url": Rt::ORIGIN, "token": "1-35-agent" });
    let made = lab
        .app
        .as_application(Method::POST, "/v1/accounts")
        .json(account)
        .await
        .expect(201);
    let tickets = format!("/v1/accounts/{}/helpdesk/tickets", made["id"]);

    let made = lab
        .app
        .as_application(Method::POST, &tickets)
        .json(new_ticket())
        .await
        .expect(201);

    let id: u64 = upstream(&made).parse().unwrap();
    let support = lab.desk.simulator.inspect(|world| world.tickets[&id].queue);
    assert_eq!(made["group"], support.to_string());
    let billing = with(new_ticket(), &json!({ "group": "4" }));
    let refused = lab
        .app
        .as_application(Method::POST, &tickets)
        .json(billing)
        .await
        .expect(400);
    assert!(
        refused["message"].as_str().unwrap().starts_with("group: "),
        "{refused}"
    );
    let other = lab.desk.create("x", 60).await;
    lab.desk
        .simulator
        .change(|world| world.edit(other.parse().unwrap(), Change::Queue(4)));
    let one = format!("{tickets}/{}", public(&other));
    assert_eq!(
        lab.app.as_application(Method::GET, &one).await.refused(404),
        "not_found"
    );
}

#[tokio::test]
async fn comments_that_the_token_may_not_see_hide_none_that_it_may() {
    let lab = Lab::<Rt>::start().await;
    let id = lab.desk.create("much said", 60).await;
    for number in 0..9 {
        lab.desk.add_comment(&id, "between us", false).await;
        if number % 4 == 0 {
            lab.desk.add_comment(&id, "to all", true).await;
        }
    }
    lab.desk.simulator.change(|world| {
        let agents = world
            .users
            .values_mut()
            .filter(|user| user.name == "agent1");
        for agent in agents {
            if let Access::Queues(_, lacking) = &mut agent.access {
                lacking.push(Right::SeeComments);
            }
        }
    });
    let account = json!({ "service": "rt", "url": Rt::ORIGIN, "token": "1-35-agent" });
    let connect = lab.app.as_application(Method::POST, "/v1/accounts");
    let made = connect.json(account).await.expect(201);
    let comments = format!(
        "/v1/accounts/{}/helpdesk/tickets/{}/comments",
        made["id"],
        public(&id)
    );
    for page_size in [1, 2, 100] {
        let mut seen = Vec::new();
        let mut page = String::new();
        loop {
            let path = format!("{comments}?page_size={page_size}{page}");
            let list = lab.app.as_application(Method::GET, &path).await.expect(200);
            let shown = list["objects"].as_array().unwrap().iter();
            seen.extend(shown.map(|comment| comment["content"].clone()));
            let Some(next) = list["next_page"].as_str() else {
                break;
            };
            page = format!("&page={next}");
        }
        assert_eq!(seen, ["to all"; 3], "{page_size}");
    }
}

/// The content and the files of the only comment of a new ticket, which a mail has made.
async fn mailed(message: Part) -> (Value, Vec<Value>) {
    let lab = Lab::<Rt>::start().await;
    let (ticket, made) = lab.ticket().await;
    let id: u64 = upstream(&made).parse().unwrap();
    lab.desk.simulator.change(|world| {
        world.add_part(id, Kind::Correspond, message);
    });
    let (comments, _) = lab.walk(&format!("{ticket}/comments")).await;
    let files = comments[0]["attachments"].as_array().unwrap();
    let kinds = files.iter().map(|file| file["content_type"].clone());
    (comments[0]["content"].clone(), kinds.collect())
}

#[tokio::test]
async fn what_a_mail_says_is_told_whole_and_nothing_of_another_one() {
    let plain = |text| Part::body("text/plain", text);
    let html = |text| Part::body("text/html", text);
    let mixed = |parts| Part::multipart("multipart/mixed", parts);
    let both = Part::multipart(
        "multipart/alternative",
        vec![plain("in short"), html("<p>at length</p>")],
    );
    let forwarded = Part::multipart("message/rfc822", vec![html("<p>FORWARDED</p>")]);
    let pdf = || Part::file("application/pdf", "", b"%PDF");

    let (content, _) = mailed(mixed(vec![plain("MINE"), forwarded])).await;
    assert_eq!(content, "MINE");
    let (content, _) = mailed(mixed(vec![plain("one"), html("<p>footer</p>")])).await;
    assert_eq!(content, "one<br><p>footer</p>");
    let (content, files) = mailed(mixed(vec![both, pdf(), plain("two")])).await;
    assert_eq!(
        (content, files),
        (
            json!("<p>at length</p><br>two"),
            vec![json!("application/pdf")]
        )
    );
    let (content, files) = mailed(pdf()).await;
    assert_eq!(
        (content, files),
        (Value::Null, vec![json!("application/pdf")])
    );
}

#[tokio::test]
async fn a_change_of_letter_case_is_a_change() {
    let lab = Lab::<Rt>::start().await;
    let (ticket, _) = lab.ticket().await;
    for value in ["abc", "ABC"] {
        let patch = json!({ "custom_properties": [{ "id": "External id", "value": value }] });
        let changed = lab.app.patch(&ticket, patch).await.expect(200);
        assert!(
            changed["custom_properties"].to_string().contains(value),
            "{changed}"
        );
    }
}

#[tokio::test]
async fn a_ticket_is_made_in_a_queue_with_a_lifecycle_of_its_own() {
    let lab = Lab::<Rt>::start().await;
    let new = with(new_ticket(), &json!({ "group": "5" }));

    let made = lab.app.post("/tickets", new).await.expect(201);

    assert_eq!(
        (&made["status"], &made["native_status"]["id"]),
        (&json!("open"), &json!("todo"))
    );
}

#[tokio::test]
async fn the_same_person_twice_is_one() {
    let lab = Lab::<Rt>::start().await;
    let twice = json!([{ "email": "copy@example.com" }, { "email": "COPY@example.com" }, { "user_id": "agent1" }, { "user_id": "agent1" }]);

    let made = lab
        .app
        .post(
            "/tickets",
            with(new_ticket(), &json!({ "email_ccs": twice })),
        )
        .await
        .expect(201);

    assert_eq!(made["email_ccs"].as_array().unwrap().len(), 2);
}
