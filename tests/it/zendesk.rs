//! What is Zendesk's alone: OAuth, the archive, solving, people in copy, templates.

use std::time::Duration;

use deskgate::providers::zendesk::sim::records_people::Token;
use deskgate::transport::http::TransportError;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::lab::{Lab, address, new_ticket, upstream};
use crate::desks::HelpDesk;
use crate::desks::zendesk::Zendesk;
use crate::support::upstream::Fault;

/// A simulated Zendesk and a gateway, with an account that has an OAuth pair which expires in an hour. The
/// account's address.
async fn with_oauth(lab: &Lab<Zendesk>, expires: bool) -> (String, Token) {
    let life = expires.then(|| jiff::SignedDuration::from_hours(1));
    let token = lab
        .desk
        .simulator
        .change(|world| world.issue_token("read write", life));
    let body = json!({
        "service": "zendesk", "url": Zendesk::ORIGIN, "access_token": token.access, "refresh_token": token.refresh,
        "client_id": "deskgate", "client_secret": "simulated-client-secret",
    });
    let made = lab
        .app
        .as_application(Method::POST, "/v1/accounts")
        .json(body)
        .await
        .expect(201);
    assert_eq!(made["reconnect_since"], Value::Null);
    (format!("/v1/accounts/{}", made["id"]), token)
}

/// How often a new pair was asked for.
fn exchanges(lab: &Lab<Zendesk>) -> usize {
    let lines = lab.wire.received.lines();
    lines
        .iter()
        .filter(|line| *line == "POST /oauth/tokens")
        .count()
}

/// The credentials that the store holds.
async fn stored(lab: &Lab<Zendesk>, account: &str) -> Value {
    use secrecy::ExposeSecret as _;
    let id = account.rsplit('/').next().unwrap().parse().unwrap();
    let found = lab.app.edge.store.find_account(id).await.unwrap().unwrap();
    serde_json::from_str(found.credentials.expose_secret()).unwrap()
}

#[tokio::test]
async fn an_expired_token_is_exchanged_once_for_all_requests_and_stored_before_it_is_used() {
    let lab = Lab::<Zendesk>::start().await;
    let (account, old) = with_oauth(&lab, true).await;
    let tickets = format!("{account}/helpdesk/tickets?page_size=2");
    lab.app
        .as_application(Method::GET, &tickets)
        .await
        .expect(200);
    assert_eq!(exchanges(&lab), 0);

    lab.app.clock.advance(Duration::from_hours(2));
    let requests = (0..20).map(|_| async {
        lab.app
            .as_application(Method::GET, &tickets)
            .await
            .expect(200)
    });
    let lists = join_all(requests).await;
    let made = format!("{account}/helpdesk/tickets");
    let made = lab
        .app
        .as_application(Method::POST, &made)
        .json(new_ticket())
        .await;
    made.expect(201);

    assert!(lists.iter().all(|list| list["count"] == 2));
    assert_eq!(exchanges(&lab), 1);
    let now = stored(&lab, &account).await;
    let newest = lab
        .desk
        .simulator
        .inspect(|world| world.tokens.values().next_back().unwrap().clone());
    assert_ne!(now["access_token"], old.access);
    assert_eq!(now["access_token"], newest.access);
    assert_eq!(now["refresh_token"], json!(newest.refresh));
    assert_eq!(now["client_secret"], "simulated-client-secret");
}

#[tokio::test]
async fn a_write_that_meets_an_expired_token_is_carried_out_once() {
    let lab = Lab::<Zendesk>::start().await;
    let (account, _) = with_oauth(&lab, true).await;
    lab.app.clock.advance(Duration::from_hours(2));
    let before = lab.desk.tickets().await.len();

    let tickets = format!("{account}/helpdesk/tickets");
    let made = lab
        .app
        .as_application(Method::POST, &tickets)
        .json(new_ticket())
        .await;

    made.expect(201);
    assert_eq!(lab.desk.tickets().await.len(), before + 1);
}

#[tokio::test]
async fn a_refused_exchange_marks_the_account_until_it_gets_new_credentials() {
    let lab = Lab::<Zendesk>::start().await;
    let (account, _) = with_oauth(&lab, true).await;
    lab.desk
        .simulator
        .change(|world| world.oauth.refuses_refreshes = true);
    lab.app.clock.advance(Duration::from_hours(2));
    let tickets = format!("{account}/helpdesk/tickets");

    for _ in 0..3 {
        let refused = lab
            .app
            .as_application(Method::GET, &tickets)
            .await
            .expect(401);
        assert_eq!(refused["error_code"], "service_unauthorized");
        assert!(
            refused["message"]
                .as_str()
                .unwrap()
                .contains("connect it again"),
            "{refused}"
        );
    }

    assert_eq!(exchanges(&lab), 1, "what was refused is not asked again");
    let shown = lab
        .app
        .as_application(Method::GET, &account)
        .await
        .expect(200);
    assert!(shown["reconnect_since"].is_string());
    let fresh = lab.desk.simulator.change(|world| {
        world.oauth.refuses_refreshes = false;
        world.issue_token("read write", None)
    });
    let patch = json!({ "access_token": fresh.access, "refresh_token": fresh.refresh });
    let changed = lab
        .app
        .as_application(Method::PATCH, &account)
        .json(patch)
        .await
        .expect(200);
    assert_eq!(changed["reconnect_since"], Value::Null);
    lab.app
        .as_application(Method::GET, &tickets)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_help_desk_in_trouble_is_no_refusal() {
    let lab = Lab::<Zendesk>::start().await;
    let (account, old) = with_oauth(&lab, true).await;
    lab.app.clock.advance(Duration::from_hours(2));
    let tickets = format!("{account}/helpdesk/tickets");
    lab.desk.simulator.fail_next([
        deskgate::simulator::Fault::Pass,
        deskgate::simulator::Fault::Status(503, String::new(), Vec::new()),
    ]);
    lab.app
        .as_application(Method::GET, &account)
        .await
        .expect(200);

    let first = lab.app.as_application(Method::GET, &tickets).await;

    assert!(matches!(first.status.as_u16(), 200 | 502), "{first}");
    let shown = lab
        .app
        .as_application(Method::GET, &account)
        .await
        .expect(200);
    assert_eq!(shown["reconnect_since"], Value::Null);
    lab.app
        .as_application(Method::GET, &tickets)
        .await
        .expect(200);
    assert_ne!(stored(&lab, &account).await["access_token"], old.access);
}

#[tokio::test]
async fn nobody_is_not_an_agent() {
    let lab = Lab::<Zendesk>::start().await;
    for (email, token) in [
        ("agent@acme.example", "wrong-token-1"),
        ("nobody@acme.example", "CANARY-zendesk-token-4b7e"),
    ] {
        let body = json!({ "service": "zendesk", "url": Zendesk::ORIGIN, "email": email, "api_token": token });
        let refused = lab
            .app
            .as_application(Method::POST, "/v1/accounts")
            .json(body)
            .await;
        assert_eq!(refused.refused(401), "service_unauthorized");
    }
    for body in [
        json!({ "subdomain": "acme" }),
        json!({ "subdomain": "acme", "email": "a@example.com" }),
        json!({ "subdomain": "acme.evil.example", "email": "a@example.com", "api_token": "t" }),
        json!({ "subdomain": "acme", "url": "http://zendesk.test", "access_token": "t" }),
        json!({ "subdomain": "acme", "email": "a@example.com", "api_token": "t", "access_token": "t" }),
        json!({ "subdomain": "acme", "email": "a:b@example.com", "api_token": "t" }),
    ] {
        let mut body = body;
        body["service"] = json!("zendesk");
        let refused = lab
            .app
            .as_application(Method::POST, "/v1/accounts")
            .json(body)
            .await;
        assert_eq!(refused.refused(400), "invalid_parameters");
    }
}

#[tokio::test]
async fn archived_tickets_are_listed_when_they_are_asked_for() {
    let lab = Lab::<Zendesk>::start().await;
    let count = |holds: fn(&deskgate::providers::zendesk::sim::records::Ticket) -> bool| {
        let count = |world: &deskgate::providers::zendesk::sim::world::World| {
            world
                .tickets
                .values()
                .filter(|ticket| holds(ticket))
                .count()
        };
        lab.desk.simulator.inspect(count)
    };
    lab.app.clock.advance(Duration::from_mins(10));
    let archived = count(|ticket| ticket.archived && ticket.is_there());
    assert!(archived > 0);

    let (plain, last) = lab.walk("/tickets?page_size=30").await;
    assert!(
        last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("archived"))
    );
    let (all, last) = lab
        .walk("/tickets?include_archived=true&page_size=30")
        .await;
    let told = last["coverage"]["not_listed"].as_array().unwrap();
    assert!(!told.contains(&json!("archived")));

    assert_eq!(all.len(), plain.len() + archived);
    assert!(
        all.iter()
            .all(|ticket| ticket["requester"]["user_id"].is_string())
    );
    let since = "2026-01-01T00:00:00Z";
    let (recent, _) = lab
        .walk(&format!(
            "/tickets?include_archived=true&modified_since={since}&page_size=30"
        ))
        .await;
    let expected = all
        .iter()
        .filter(|ticket| ticket["modified_at"].as_str().unwrap() >= since);
    assert_eq!(recent.len(), expected.count());

    let token = last["sync_token"].as_str().unwrap();
    let id = upstream(&plain[0]);
    lab.desk.edit(&id, "changed").await;
    lab.app.clock.advance(Duration::from_mins(10));
    let (changed, _) = lab.walk(&format!("/tickets?page={token}")).await;
    assert!(
        changed
            .iter()
            .any(|ticket| upstream(ticket) == id && ticket["subject"] == "changed")
    );
    assert_eq!(
        lab.app
            .get("/tickets?include_archived=true&order_by=-created_at")
            .await
            .refused(501),
        "not_implemented"
    );
}

#[tokio::test]
async fn an_export_that_begins_too_late_is_an_empty_list() {
    let lab = Lab::<Zendesk>::start().await;
    let now = lab.app.clock.now();
    let (tickets, last) = lab
        .walk(&format!(
            "/tickets?include_archived=true&modified_since={now}"
        ))
        .await;
    assert_eq!(tickets, Vec::<Value>::new());
    assert!(last["sync_token"].is_string());
}

#[tokio::test]
async fn the_connected_agent_solves_what_nobody_works_on() {
    let lab = Lab::<Zendesk>::start().await;
    let cast = lab.desk.cast().await;
    let (ticket, made) = lab.ticket().await;
    assert_eq!(made["assignee"], Value::Null);

    let solved = lab
        .app
        .patch(&ticket, json!({ "status": "resolved" }))
        .await
        .expect(200);

    assert_eq!(
        (&solved["status"], &solved["assignee"]),
        (&json!("resolved"), &json!(cast.me))
    );
    let (ticket, _) = lab.ticket().await;
    let named = json!({ "status": "resolved", "assignee": cast.agent });
    let solved = lab.app.patch(&ticket, named).await.expect(200);
    assert_eq!(solved["assignee"], cast.agent);
    let mut new = new_ticket();
    new["status"] = json!("resolved");
    let made = lab.app.post("/tickets", new).await.expect(201);
    assert_eq!(
        (&made["status"], &made["assignee"]),
        (&json!("resolved"), &json!(cast.me))
    );
}

#[tokio::test]
async fn a_closed_ticket_takes_no_changes() {
    let lab = Lab::<Zendesk>::start().await;
    let (ticket, _) = lab.ticket().await;
    lab.app
        .patch(&ticket, json!({ "status": "closed" }))
        .await
        .expect(200);
    let refused = lab.app.patch(&ticket, json!({ "subject": "x" })).await;
    assert_eq!(refused.refused(409), "conflict");
    let comments = format!("{ticket}/comments");
    let refused = lab.app.post(&comments, json!({ "content": "x" })).await;
    assert_eq!(refused.refused(409), "conflict");
}

#[tokio::test]
async fn people_in_copy_and_followers_become_those_of_the_request() {
    let lab = Lab::<Zendesk>::start().await;
    let cast = lab.desk.cast().await;
    let mut new = new_ticket();
    new["email_ccs"] =
        json!([{ "email": "one@example.com", "name": "One" }, { "user_id": cast.customer.0 }]);
    new["followers"] = json!([{ "user_id": cast.agent }]);
    let made = lab.app.post("/tickets", new).await.expect(201);
    let addresses = |ticket: &Value| -> Vec<String> {
        let people = ticket["email_ccs"].as_array().unwrap().iter();
        let mut all: Vec<_> = people
            .map(|person| person["email"].as_str().unwrap().to_owned())
            .collect();
        all.sort();
        all
    };
    let mut both = vec!["one@example.com".to_owned(), cast.customer.1.clone()];
    both.sort();
    assert_eq!(addresses(&made), both);
    assert_eq!(made["followers"][0]["user_id"], cast.agent);

    let patch =
        json!({ "email_ccs": [{ "email": "ONE@example.com" }, { "email": "two@example.com" }] });
    let changed = lab.app.patch(&address(&made), patch).await.expect(200);

    assert_eq!(addresses(&changed), ["one@example.com", "two@example.com"]);
    assert_eq!(changed["followers"], made["followers"]);
    let patch = json!({ "email_ccs": null, "followers": [] });
    let emptied = lab.app.patch(&address(&made), patch).await.expect(200);
    assert_eq!(
        (&emptied["email_ccs"], &emptied["followers"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn what_clients_write_is_no_template() {
    let lab = Lab::<Zendesk>::start().await;
    let mut new = new_ticket();
    new["description"] = json!("<p>{{ticket.id}} and {% if true %}x{% endif %}</p>");
    let made = lab.app.post("/tickets", new).await.expect(201);
    let body =
        json!({ "content": "<p>{{ticket.requester.email}} {{{ticket.id}}}</p>", "public": false });
    let comment = lab
        .app
        .post(&format!("{}/comments", address(&made)), body)
        .await
        .expect(201);

    let description = made["description"].as_str().unwrap();
    assert!(description.contains("{{ticket.id}}"), "{description}");
    let content = comment["content"]
        .as_str()
        .unwrap()
        .replace("&#123;", "{")
        .replace("&#37;", "%");
    assert!(
        content.contains("{{ticket.requester.email}} {{{ticket.id}}}"),
        "{content}"
    );
}

#[tokio::test]
async fn the_description_is_not_a_comment() {
    let lab = Lab::<Zendesk>::start().await;
    let (ticket, made) = lab.ticket().await;
    let comments = format!("{ticket}/comments");
    assert_eq!(lab.app.get(&comments).await.expect(200)["count"], 0);
    let first = lab.desk.simulator.inspect(|world| {
        let id: u64 = upstream(&made).parse().unwrap();
        world.tickets[&id].comments[0].id
    });
    let first = deskgate::model::id::CommentId::from_upstream(first.to_string());
    let address = format!("{comments}/{first}");
    assert_eq!(lab.app.get(&address).await.refused(404), "not_found");
    let hidden = lab.app.patch(&address, json!({ "public": false })).await;
    assert_eq!(hidden.refused(404), "not_found");
    assert_eq!(
        lab.app.delete(&address).await.refused(501),
        "not_implemented"
    );
}

#[tokio::test]
async fn comments_are_made_unreadable_only_where_the_account_asks_for_it() {
    let lab = Lab::<Zendesk>::start().await;
    let (ticket, made) = lab.ticket().await;
    let (comment, _) = lab.comment(&ticket, false).await;
    lab.wire.received.clear();
    let refused = lab.app.delete(&comment).await.expect(501);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("redact_comments: true")
    );
    assert_eq!(lab.wire.received.count(), 0);

    let mut body = Zendesk::credentials();
    body["service"] = json!("zendesk");
    body["redact_comments"] = json!(true);
    let account = lab
        .app
        .as_application(Method::POST, "/v1/accounts")
        .json(body)
        .await
        .expect(201);
    let path = format!("/v1/accounts/{}/helpdesk{comment}", account["id"]);
    lab.app
        .as_application(Method::DELETE, &path)
        .await
        .expect(204);

    let stored = lab.desk.simulator.inspect(|world| {
        let id: u64 = upstream(&made).parse().unwrap();
        world.tickets[&id].comments[1].clone()
    });
    assert!(!stored.html_body.contains("ünï") && stored.html_body.contains('▇'));
    assert!(!stored.public);
    let nothing = format!(
        "/v1/accounts/{}/helpdesk{ticket}/comments/comment_MQ",
        account["id"]
    );
    let missing = lab.app.as_application(Method::DELETE, &nothing).await;
    assert_eq!(missing.refused(404), "not_found");
}

#[tokio::test]
async fn markup_in_a_plain_description_was_text() {
    let lab = Lab::<Zendesk>::start().await;
    let id = lab.desk.create("s", 0).await;
    let number: u64 = id.parse().unwrap();
    lab.desk.simulator.change(|world| {
        world.edit_ticket(number, |ticket| {
            ticket.description = "<script>alert(1)</script>\na & b".into();
        })
    });
    let read = lab
        .app
        .get(&format!("/tickets/{}", crate::contract::lab::public(&id)))
        .await
        .expect(200);
    assert_eq!(
        read["description"],
        "&lt;script&gt;alert(1)&lt;/script&gt;<br>a &amp; b"
    );
}

#[tokio::test]
async fn writes_that_collide_are_sent_again() {
    let lab = Lab::<Zendesk>::start().await;
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    let collision = || {
        let body = r#"{"error":"DatabaseConflict","description":"Database collision"}"#;
        deskgate::simulator::Fault::Status(409, body.into(), Vec::new())
    };
    lab.desk.simulator.fail_next([collision(), collision()]);
    let changed = lab
        .app
        .patch(&ticket, json!({ "subject": "after all" }))
        .await
        .expect(200);
    assert_eq!(changed["subject"], "after all");
    lab.desk
        .simulator
        .fail_next([collision(), collision(), collision()]);
    let refused = lab.app.patch(&ticket, json!({ "subject": "never" })).await;
    assert_eq!(refused.refused(409), "conflict");
}

#[tokio::test]
async fn zendesk_compares_once_more_when_it_changes_a_ticket() {
    let lab = Lab::<Zendesk>::start().await;
    let (ticket, made) = lab.ticket().await;
    let seen = lab.app.get(&ticket).await.headers["etag"].clone();
    lab.app.clock.advance(Duration::from_secs(2));
    // Between the gateway's look and its change an agent is quicker.
    let (desk, id) = (lab.desk.clone(), upstream(&made));
    let line = lab.desk.transport();
    lab.wire
        .redirect(BoxCloneSyncService::new(tower::service_fn(
            move |request: http::Request<bytes::Bytes>| {
                let (desk, line, id) = (desk.clone(), line.clone(), id.clone());
                async move {
                    if request.method() == http::Method::PUT {
                        desk.edit(&id, "changed by an agent").await;
                    }
                    line.oneshot(request).await
                }
            },
        )));

    let patch = lab.app.patch(&ticket, json!({ "subject": "mine" }));
    let answer = patch.header("if-match", seen.to_str().unwrap()).await;

    assert_eq!(answer.refused(412), "precondition_failed");
    let now = lab.app.get(&ticket).await.expect(200);
    assert_eq!(now["subject"], "changed by an agent");
}

#[tokio::test]
async fn requests_cost_the_calls_that_the_readme_says() {
    let lab = Lab::<Zendesk>::start().await;
    let (ticket, _) = lab.ticket().await;
    lab.app
        .patch(&ticket, json!({ "status": "resolved" }))
        .await
        .expect(200);
    let (comment, _) = lab.comment(&ticket, true).await;
    let cost = |answer: &crate::support::request::Answer| {
        let calls = answer.headers["x-deskgate-upstream-calls"]
            .to_str()
            .unwrap();
        assert!(!answer.headers.contains_key("x-deskgate-upstream-credits"));
        calls.parse::<u32>().unwrap()
    };
    assert_eq!(cost(&lab.app.get(&ticket).await), 1);
    assert_eq!(cost(&lab.app.get("/tickets").await), 1);
    assert_eq!(
        cost(
            &lab.app
                .get("/tickets?requester=new.person@example.com")
                .await
        ),
        2
    );
    assert_eq!(cost(&lab.app.get(&format!("{ticket}/comments")).await), 1);
    assert_eq!(
        cost(&lab.app.patch(&ticket, json!({ "subject": "x" })).await),
        2
    );
    assert_eq!(
        cost(
            &lab.app
                .post(&format!("{ticket}/comments"), json!({ "content": "c" }))
                .await
        ),
        1
    );
    assert_eq!(
        cost(&lab.app.patch(&comment, json!({ "public": false })).await),
        3
    );
    assert_eq!(cost(&lab.app.post("/tickets", new_ticket()).await), 2);
    let since = "/tickets?modified_since=2026-11-20T00:00:00Z";
    lab.wait();
    assert_eq!(cost(&lab.app.get(since).await), 1);
    assert_eq!(cost(&lab.app.delete(&ticket).await), 1);
}

#[tokio::test]
async fn a_large_trash_is_listed_as_far_as_its_calls_go_and_said_to_be_cut() {
    let lab = Lab::<Zendesk>::start().await;
    for number in 0..1000 {
        let id = lab.desk.create("to be trashed", 500).await;
        assert!(lab.desk.trash(&id, false).await, "{number}");
    }
    lab.wait();
    let (tickets, last) = lab
        .walk("/tickets?include_deleted=true&page_size=1000")
        .await;
    let trashed = tickets
        .iter()
        .filter(|ticket| ticket["deleted"] == true)
        .count();
    assert_eq!(trashed, 800);
    let not_listed = last["coverage"]["not_listed"].as_array().unwrap();
    assert!(not_listed.contains(&json!("trash")));
    let token = last["sync_token"].as_str().unwrap();
    let (changed, last) = lab.walk(&format!("/tickets?page={token}")).await;
    assert_eq!(changed.len(), 0);
    assert!(
        !last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("trash"))
    );
}

#[tokio::test]
async fn a_filter_that_the_trash_cannot_answer_leaves_it_out_and_says_so() {
    let lab = Lab::<Zendesk>::start().await;
    let id = lab.desk.create("trashed", 50).await;
    lab.desk.trash(&id, false).await;
    lab.wait();
    lab.wire.received.clear();
    let (_, last) = lab.walk("/tickets?include_deleted=true&tag=vip").await;
    assert!(
        last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("trash"))
    );
    assert!(
        !lab.wire
            .received
            .lines()
            .iter()
            .any(|line| line.contains("deleted_tickets"))
    );
    let (open, last) = lab.walk("/tickets?include_deleted=true&status=open").await;
    assert!(open.iter().any(|ticket| upstream(ticket) == id));
    assert!(
        !last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("trash"))
    );
}

#[tokio::test]
async fn what_was_found_is_given_out_when_the_help_desk_has_had_enough() {
    let lab = Lab::<Zendesk>::start().await;
    let lab = lab.in_still_time();
    let limit = || {
        let headers = vec![("Retry-After".to_owned(), "60".to_owned())];
        deskgate::simulator::Fault::Status(429, String::new(), headers)
    };
    lab.app.get("/tickets?page_size=1").await.expect(200);
    lab.desk
        .simulator
        .fail_next([deskgate::simulator::Fault::Pass, limit()]);
    let first = lab
        .app
        .get("/tickets?page_size=30&status=open")
        .await
        .expect(200);
    assert!(first["count"].as_u64().unwrap() > 0 && first["next_page"].is_string());
}

#[tokio::test]
async fn what_zendesk_would_cut_is_refused_before_any_call() {
    let lab = Lab::<Zendesk>::start().await;
    let (ticket, _) = lab.ticket().await;
    lab.wire.received.clear();
    let long = "x".repeat(65_536);
    let mut new = new_ticket();
    new["description"] = json!(long);
    let refused = lab.app.post("/tickets", new).await;
    assert_eq!(refused.refused(400), "invalid_parameters");
    let comments = format!("{ticket}/comments");
    let refused = lab.app.post(&comments, json!({ "content": long })).await;
    assert_eq!(refused.refused(400), "invalid_parameters");
    assert_eq!(lab.wire.received.count(), 0);
}

#[tokio::test]
async fn a_firewall_is_no_refusal_of_the_credentials_and_nothing_it_says_is_passed_on() {
    let lab = Lab::<Zendesk>::start().await;
    let (account, old) = with_oauth(&lab, true).await;
    lab.app.clock.advance(Duration::from_hours(2));
    let refresh = old.refresh.unwrap();
    let tickets = format!("{account}/helpdesk/tickets");
    for status in [400, 403, 404, 409, 429, 500] {
        let said = format!("<html>you sent {refresh} and simulated-client-secret</html>");
        let fault = || deskgate::simulator::Fault::Status(status, said.clone(), Vec::new());
        lab.wire.received.clear();
        // The list, the names of the statuses, each refused as expired, and the exchanges.
        let expired = || {
            let body = r#"{"error":"invalid_token","error_description":"expired"}"#;
            deskgate::simulator::Fault::Status(401, body.into(), Vec::new())
        };
        lab.desk.simulator.clear_faults();
        lab.desk.simulator.fail_next([
            expired(),
            fault(),
            fault(),
            fault(),
            fault(),
            fault(),
            fault(),
        ]);
        let answer = lab.app.as_application(Method::GET, &tickets).await;
        assert!(!answer.status.is_success(), "{status} {answer}");
        let text = answer.body.to_string();
        assert!(
            !text.contains(&refresh) && !text.contains("simulated-client-secret"),
            "{text}"
        );
        lab.desk.simulator.clear_faults();
        let shown = lab
            .app
            .as_application(Method::GET, &account)
            .await
            .expect(200);
        assert_eq!(shown["reconnect_since"], Value::Null, "{status}");
    }
    lab.app
        .as_application(Method::GET, &tickets)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_create_that_may_have_happened_is_not_forgotten_when_its_repetition_cannot_be_sent() {
    let lab = Lab::<Zendesk>::start().await;
    let before = lab.desk.tickets().await.len();
    let lab = lab.in_still_time();
    // It is made, but the answer is lost; then the help desk cannot be reached, not even to look.
    let lost = || TransportError::Interrupted("reset".into());
    let gone = || TransportError::Connect("refused".into());
    lab.wire.disturb(
        std::iter::once(Fault::After(Err(lost())))
            .chain((0..20).map(|_| Fault::Instead(Err(gone())))),
    );
    let create = |key: &str| {
        let request = lab.app.post("/tickets", new_ticket());
        request.header("idempotency-key", key)
    };

    let first = create("k").await;
    lab.wire.disturb([]);
    lab.app.restart();

    assert_eq!(first.refused(504), "outcome_unknown");
    create("k").await.expect(201);
    assert_eq!(lab.desk.tickets().await.len(), before + 1);
}
