//! Walks of a certain kind: large desks, crowded seconds, filters, coverage, changes since.

use std::collections::BTreeSet;
use std::time::Duration;

use deskgate::model::id::TicketId;
use deskgate::providers::freshdesk::sim::{Simulator, Switches};
use serde_json::{Value, json};

use crate::support::TestApp;

/// Walks to the end; returns the tickets and the last page.
async fn walk(app: &TestApp, query: &str) -> (Vec<Value>, Value) {
    let mut tickets = Vec::new();
    let mut page = String::new();
    loop {
        let list = app
            .get(&format!("/tickets?{query}{page}"))
            .await
            .expect(200);
        tickets.extend(list["objects"].as_array().unwrap().iter().cloned());
        match list["next_page"].as_str() {
            Some(next) => page = format!("&page={next}"),
            None => return (tickets, list),
        }
    }
}

/// The help desk's numbers of tickets.
fn numbers(tickets: &[Value]) -> Vec<u64> {
    let number = |ticket: &Value| {
        let id: TicketId = ticket["id"].as_str().unwrap().parse().unwrap();
        id.upstream().parse().unwrap()
    };
    tickets.iter().map(number).collect()
}

/// The live tickets of a help desk for which something holds.
fn live(
    simulator: &Simulator,
    holds: impl Fn(&deskgate::providers::freshdesk::sim::records::Ticket) -> bool,
) -> BTreeSet<u64> {
    simulator.inspect(|world| {
        world
            .tickets
            .values()
            .filter(|ticket| ticket.is_listable() && holds(ticket))
            .map(|ticket| ticket.id)
            .collect()
    })
}

/// How many times smaller than in the long run a large desk is.
fn scale() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the long run is asked for by whoever starts the tests"
    )]
    let is_long = std::env::var("DESKGATE_LAW_CASES").is_ok();
    if is_long { 1 } else { 20 }
}

#[tokio::test]
async fn thirty_five_thousand_tickets_five_thousand_of_one_second_are_each_seen_once() {
    let scale = scale();
    let (app, simulator) = TestApp::freshdesk_with(0, Switches::default()).await;
    app.clock.advance(Duration::from_hours(24));
    simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        let now = world.now();
        for number in 0..35_000 / scale {
            let mut ticket = world.blank_ticket(requester);
            let second = if (15_000 / scale..20_000 / scale).contains(&number) {
                15_000 / scale
            } else {
                number
            };
            ticket.updated_at = now - jiff::SignedDuration::from_secs(60_000 - second);
            world.insert_ticket(ticket);
        }
    });
    app.clock.advance(Duration::from_secs(2));

    let (tickets, last) = walk(&app, "page_size=1000&fields=id").await;

    let seen = numbers(&tickets);
    let all = live(&simulator, |_| true);
    assert_eq!(seen.len(), all.len());
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
    assert!(
        !last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("crowded_second"))
    );
}

#[tokio::test]
async fn more_tickets_of_one_second_than_the_help_desk_shows_are_said_to_be_missing() {
    if scale() != 1 {
        // Some 30,000 tickets have to be walked: for the long run.
        return;
    }
    let (app, simulator) = TestApp::freshdesk_with(0, Switches::default()).await;
    simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        for _ in 0..30_200 {
            let ticket = world.blank_ticket(requester);
            world.insert_ticket(ticket);
        }
    });
    app.clock.advance(Duration::from_secs(5));
    simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        let ticket = world.blank_ticket(requester);
        world.insert_ticket(ticket);
    });
    app.clock.advance(Duration::from_secs(5));

    let (tickets, last) = walk(&app, "page_size=1000&fields=id").await;

    let seen: BTreeSet<_> = numbers(&tickets).into_iter().collect();
    assert!(seen.len() >= 30_000);
    assert!(
        seen.contains(live(&simulator, |_| true).last().unwrap()),
        "what comes after the crowd is listed"
    );
    assert_eq!(last["coverage"]["complete"], false);
    assert!(
        last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("crowded_second"))
    );
}

#[tokio::test]
async fn a_thousand_tickets_with_names_and_descriptions_cost_few_calls() {
    let (app, simulator) = TestApp::freshdesk_with(0, Switches::default()).await;
    simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        for number in 0..1000 {
            let mut ticket = world.blank_ticket(requester);
            ticket.updated_at = world.now() - jiff::SignedDuration::from_secs(5000 - number);
            world.insert_ticket(ticket);
        }
    });
    app.get("/tickets?page_size=1").await.expect(200);
    for page_size in [100, 1000] {
        assert_eq!(cost(&app, page_size).await, (11, 55), "{page_size}");
    }
}

/// What a walk costs at the help desk: calls and credits.
///
/// Ten answers would hold a thousand tickets, if each one did not begin with the last second of the
/// one before; the eleventh also tells that there are no more.
async fn cost(app: &TestApp, page_size: u16) -> (u32, u32) {
    let (mut calls, mut credits) = (0, 0);
    let mut page = String::new();
    loop {
        let answer = app
            .get(&format!("/tickets?page_size={page_size}{page}"))
            .await;
        let figure = |name: &str| {
            answer.headers[name]
                .to_str()
                .unwrap()
                .parse::<u32>()
                .unwrap()
        };
        calls += figure("x-deskgate-upstream-calls");
        credits += figure("x-deskgate-upstream-credits");
        let Some(next) = answer.expect(200)["next_page"].as_str().map(str::to_owned) else {
            break;
        };
        page = format!("&page={next}");
    }
    (calls, credits)
}

/// What must hold for a ticket of the help desk to be shown.
type Holds = Box<dyn Fn(&deskgate::providers::freshdesk::sim::records::Ticket) -> bool>;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one row a filter")]
async fn filters_show_what_they_say_and_nothing_else() {
    let (app, simulator) = TestApp::freshdesk_with(120, Switches::default()).await;
    let (agent, group, company, requester, email) = simulator.inspect(|world| {
        let some =
            |pick: fn(&deskgate::providers::freshdesk::sim::records::Ticket) -> Option<u64>| {
                world
                    .tickets
                    .values()
                    .filter(|ticket| ticket.is_listable())
                    .find_map(pick)
                    .unwrap()
            };
        let requester = world.contacts.values().find(|contact| {
            contact.email.is_some()
                && world
                    .tickets
                    .values()
                    .any(|ticket| ticket.is_listable() && ticket.requester_id == contact.id)
        });
        let requester = requester.unwrap();
        (
            some(|ticket| ticket.responder_id),
            some(|ticket| ticket.group_id),
            some(|ticket| ticket.company_id),
            requester.id,
            requester.email.clone().unwrap(),
        )
    });
    let half: jiff::Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let cases: Vec<(String, Holds)> = vec![
        (
            "status=resolved".into(),
            Box::new(|ticket| ticket.status == 4),
        ),
        (
            "status=pending".into(),
            Box::new(|ticket| matches!(ticket.status, 3 | 6 | 7)),
        ),
        (
            "priority=urgent".into(),
            Box::new(|ticket| ticket.priority == 4),
        ),
        (
            format!("assignee={agent}"),
            Box::new(move |ticket| ticket.responder_id == Some(agent)),
        ),
        (
            format!("group={group}"),
            Box::new(move |ticket| ticket.group_id == Some(group)),
        ),
        (
            format!("company={company}"),
            Box::new(move |ticket| ticket.company_id == Some(company)),
        ),
        (
            format!("requester={requester}"),
            Box::new(move |ticket| ticket.requester_id == requester),
        ),
        (
            format!("requester={}", email.replace('+', "%2B")),
            Box::new(move |ticket| ticket.requester_id == requester),
        ),
        (
            "tag=vip".into(),
            Box::new(|ticket| ticket.tags.iter().any(|tag| tag == "vip")),
        ),
        (
            "ticket_type=Incident".into(),
            Box::new(|ticket| ticket.kind.as_deref() == Some("Incident")),
        ),
        (
            "created_since=2026-03-01".into(),
            Box::new(move |ticket| ticket.created_at >= half),
        ),
        (
            "created_before=2026-03-01T00:00:00Z".into(),
            Box::new(move |ticket| ticket.created_at < half),
        ),
        (
            "modified_since=2026-03-01T00:00:00Z".into(),
            Box::new(move |ticket| ticket.updated_at >= half),
        ),
        (
            "status=open&priority=low".into(),
            Box::new(|ticket| matches!(ticket.status, 2 | 8) && ticket.priority == 1),
        ),
        (
            "q=WEBHOOK".into(),
            Box::new(|ticket| {
                let subject = ticket.subject.clone().unwrap_or_default().to_lowercase();
                subject.contains("webhook") || ticket.description.to_lowercase().contains("webhook")
            }),
        ),
    ];
    for (query, holds) in cases {
        let expected = live(&simulator, holds);
        for size in [3, 100] {
            let (tickets, _) = walk(&app, &format!("page_size={size}&{query}")).await;
            let seen = numbers(&tickets);
            assert_eq!(seen.len(), expected.len(), "{query}");
            assert_eq!(
                seen.into_iter().collect::<BTreeSet<_>>(),
                expected,
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn nobody_has_no_tickets() {
    let (app, simulator) = TestApp::freshdesk().await;
    for query in [
        "requester=nobody@nowhere.example",
        "requester=999999999999",
        "requester=x",
        "company=x",
        "company=424242424242",
        "assignee=1",
        "tag=none",
    ] {
        let (tickets, _) = walk(&app, query).await;
        assert_eq!(tickets, Vec::<Value>::new(), "{query}");
    }
    assert!(
        simulator
            .calls()
            .iter()
            .all(|call| matches!(call.status, 200 | 400))
    );
}

#[tokio::test]
async fn orders_are_those_that_they_say() {
    let (app, _) = TestApp::freshdesk().await;
    for (order, attribute, descending) in [
        ("modified_at", "modified_at", false),
        ("-modified_at", "modified_at", true),
        ("created_at", "created_at", false),
        ("-created_at", "created_at", true),
    ] {
        for size in [7, 100] {
            let (tickets, _) = walk(&app, &format!("order_by={order}&page_size={size}")).await;
            let times: Vec<_> = tickets
                .iter()
                .map(|ticket| ticket[attribute].as_str().unwrap().to_owned())
                .collect();
            let mut sorted = times.clone();
            sorted.sort();
            if descending {
                sorted.reverse();
            }
            assert_eq!((times.len(), &times), (40, &sorted), "{order}");
        }
    }
    assert_eq!(
        app.get("/tickets?order_by=due_at").await.expect(200)["count"],
        40
    );
    assert_eq!(
        app.get("/tickets?order_by=subject").await.refused(400),
        "bad_request"
    );
    assert_eq!(
        app.get("/tickets?order_by=created_at&include_spam=true")
            .await
            .refused(501),
        "not_implemented"
    );
}

#[tokio::test]
async fn bad_filters_are_refused_before_any_call() {
    let (app, simulator) = TestApp::freshdesk().await;
    for query in [
        "status=solved",
        "priority=high1",
        "modified_since=yesterday",
        "created_before=12",
        "include_deleted=yes",
        "fields=",
        "fields=id,,x",
        "q=1+2+3+4+5+6+7+8+9+10+11",
        &format!("tag={}", "x".repeat(300)),
    ] {
        assert_eq!(
            app.get(&format!("/tickets?{query}")).await.refused(400),
            "bad_request",
            "{query}"
        );
    }
    assert_eq!(simulator.calls().len(), 0);
    assert_eq!(
        app.get("/tickets?fields=id,nonsense").await.refused(400),
        "bad_request"
    );
}

#[tokio::test]
async fn a_page_belongs_to_its_parameters_and_needs_none_of_them() {
    let (app, simulator) = TestApp::freshdesk().await;
    let first = app
        .get("/tickets?page_size=2&priority=low&order_by=modified_at")
        .await
        .expect(200);
    let next = first["next_page"].as_str().unwrap();

    let alone = app.get(&format!("/tickets?page={next}")).await.expect(200);
    let repeated = app
        .get(&format!(
            "/tickets?page={next}&page_size=2&priority=low&unknown=1"
        ))
        .await
        .expect(200);

    assert_eq!(alone["objects"], repeated["objects"]);
    assert!(
        alone["objects"]
            .as_array()
            .unwrap()
            .iter()
            .all(|ticket| ticket["priority"] == "low")
    );
    simulator.clear_calls();
    for other in [
        "priority=high",
        "status=open",
        "order_by=created_at",
        "q=x",
        "include_spam=true",
        "page_size=3",
    ] {
        assert_eq!(
            app.get(&format!("/tickets?page={next}&{other}"))
                .await
                .refused(400),
            "bad_request",
            "{other}"
        );
    }
    assert_eq!(simulator.calls().len(), 0);
}

#[tokio::test]
async fn sparse_objects_have_what_was_asked_for_and_cost_less() {
    let (app, simulator) = TestApp::freshdesk().await;

    let list = app
        .get("/tickets?fields=id,subject,status&page_size=3")
        .await;

    assert_eq!(list.headers["x-deskgate-upstream-credits"], "2");
    let list = list.body;
    let names: Vec<_> = list["objects"][0]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        names.into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from(["id", "subject", "status"].map(str::to_owned))
    );
    assert!(
        simulator
            .calls()
            .iter()
            .all(|call| !call.query.contains("include"))
    );
}

#[tokio::test]
async fn the_last_page_says_what_is_not_listed_and_trash_and_spam_are_listed_if_asked_for() {
    let (app, simulator) = TestApp::freshdesk().await;

    let (tickets, last) = walk(&app, "page_size=15").await;
    let (all, everything) = walk(&app, "page_size=15&include_deleted=true&include_spam=true").await;

    assert_eq!(tickets.len(), 40);
    let reasons = |page: &Value| page["coverage"]["not_listed"].as_array().unwrap().clone();
    assert!(reasons(&last).contains(&json!("trash")) && reasons(&last).contains(&json!("spam")));
    assert!(
        !reasons(&everything).contains(&json!("trash"))
            && reasons(&everything).contains(&json!("archived"))
    );
    assert_eq!(last["coverage"]["from"], Value::Null);
    assert!(
        last["coverage"]["to"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-20T19:59:5")
    );
    let count = |holds: fn(&deskgate::providers::freshdesk::sim::records::Ticket) -> bool| {
        simulator.inspect(|world| {
            world
                .tickets
                .values()
                .filter(|ticket| holds(ticket))
                .count()
        })
    };
    let flagged = |name: &str| all.iter().filter(|ticket| ticket[name] == true).count();
    assert_eq!(
        numbers(&all).into_iter().collect::<BTreeSet<_>>().len(),
        count(|_| true)
    );
    assert_eq!(
        (flagged("deleted"), flagged("spam")),
        (count(|ticket| ticket.deleted), count(|ticket| ticket.spam))
    );
}

#[tokio::test]
async fn a_sync_token_shows_what_has_changed_since_and_costs_one_call_when_nothing_has() {
    let (app, simulator) = TestApp::freshdesk().await;
    app.clock.advance(Duration::from_secs(10));
    let (_, last) = walk(&app, "page_size=100").await;
    let token = last["sync_token"].as_str().unwrap().to_owned();
    app.clock.advance(Duration::from_secs(10));

    let quiet = app
        .get(&format!(
            "/tickets?page={token}&include_deleted=false&include_spam=false"
        ))
        .await;
    assert_eq!(quiet.headers["x-deskgate-upstream-calls"], "1");
    assert_eq!(quiet.body["objects"], json!([]));

    let ids: Vec<u64> = live(&simulator, |_| true).into_iter().take(4).collect();
    simulator.change(|world| {
        assert!(world.set_status(ids[0], 3) && world.trash(ids[1]) && world.mark_spam(ids[2]));
    });
    app.clock.advance(Duration::from_secs(10));
    let (changed, last) = walk(&app, &format!("page={token}")).await;
    let mut seen: Vec<_> = changed
        .iter()
        .map(|ticket| {
            (
                ticket["status"] == "pending",
                ticket["deleted"] == true,
                ticket["spam"] == true,
            )
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(
        numbers(&changed).into_iter().collect::<BTreeSet<_>>(),
        ids[..3].iter().copied().collect()
    );
    assert!(
        seen.contains(&(true, false, false))
            || changed.iter().any(|ticket| ticket["status"] == "pending")
    );
    assert_eq!(
        changed
            .iter()
            .filter(|ticket| ticket["deleted"] == true)
            .count(),
        1
    );
    assert_eq!(
        changed
            .iter()
            .filter(|ticket| ticket["spam"] == true)
            .count(),
        1
    );

    simulator.change(|world| assert!(world.restore(ids[1])));
    app.clock.advance(Duration::from_secs(10));
    let token = last["sync_token"].as_str().unwrap();
    let (restored, _) = walk(&app, &format!("page={token}&page_size=5")).await;
    assert_eq!(numbers(&restored), [ids[1]]);
    assert_eq!(restored[0]["deleted"], false);
}
