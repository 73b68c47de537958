//! Walks of a certain kind: crowded seconds, nobody's tickets, orders, coverage, changes since.

use std::collections::BTreeSet;

use deskgate::model::filter::Order;
use serde_json::{Value, json};

use crate::contract::lab::{Lab, public, upstream};
use crate::desks::HelpDesk;

/// The help desk's ids of tickets, in order.
fn ids(tickets: &[Value]) -> Vec<String> {
    tickets.iter().map(upstream).collect()
}

/// The help desk's ids of tickets.
fn set(tickets: &[Value]) -> BTreeSet<String> {
    ids(tickets).into_iter().collect()
}

/// The tickets of a help desk that a list shows unasked.
async fn listed<D: HelpDesk>(lab: &Lab<D>) -> BTreeSet<String> {
    let all = lab.desk.tickets().await.into_iter();
    all.filter(|ticket| !ticket.is_trashed && !ticket.is_spam)
        .map(|ticket| ticket.id)
        .collect()
}

/// The reasons of a last page.
fn not_listed(page: &Value) -> BTreeSet<String> {
    let reasons = page["coverage"]["not_listed"].as_array().unwrap().iter();
    reasons
        .map(|reason| reason.as_str().unwrap().to_owned())
        .collect()
}

/// Whatever the size of a page, and however old a ticket.
pub(crate) async fn a_walk_sees_every_ticket_of_any_age_once<D: HelpDesk>(lab: Lab<D>) {
    let expected = listed(&lab).await;
    for page_size in [1, 7, 40, 100, 1000] {
        let (tickets, _) = lab.walk(&format!("/tickets?page_size={page_size}")).await;
        assert_eq!(tickets.len(), expected.len(), "{page_size}");
        assert_eq!(set(&tickets), expected, "{page_size}");
    }
}

/// More than one of the help desk's pages holds.
pub(crate) async fn tickets_of_one_second_are_each_seen_once<D: HelpDesk>(lab: Lab<D>) {
    let (before, crowd, behind) = if D::IS_REAL {
        (20, 130, 10)
    } else {
        (200, 450, 80)
    };
    for number in 0..before + crowd + behind {
        let seconds_ago = if (before..before + crowd).contains(&number) {
            2000
        } else {
            2500 - number
        };
        lab.desk.create("crowd", seconds_ago).await;
    }
    let expected = listed(&lab).await;
    for page_size in [90, 1000] {
        let (tickets, last) = lab
            .walk(&format!("/tickets?page_size={page_size}&fields=id"))
            .await;
        assert_eq!(tickets.len(), expected.len(), "{page_size}");
        assert_eq!(set(&tickets), expected, "{page_size}");
        assert!(!not_listed(&last).contains("crowded_second"));
    }
}

/// Somebody whom the help desk does not know has no tickets; that is no error.
pub(crate) async fn nobody_has_no_tickets<D: HelpDesk>(lab: Lab<D>) {
    for query in [
        "requester=nobody@nowhere.example",
        "requester=999999999999",
        "requester=x",
        "company=x",
        "company=424242424242",
        "assignee=1",
        "group=x",
        "tag=none",
        "ticket_type=none",
    ] {
        let (tickets, _) = lab.walk(&format!("/tickets?{query}")).await;
        assert_eq!(tickets, Vec::<Value>::new(), "{query}");
    }
}

/// Each order that the capabilities name is kept; the others are refused.
pub(crate) async fn orders_are_those_that_they_say<D: HelpDesk>(lab: Lab<D>) {
    let count = listed(&lab).await.len();
    for order in Order::ALL {
        let query = format!("order_by={}", order.name());
        if !D::capabilities().list.orders.contains(&order) {
            let refused = lab.app.get(&format!("/tickets?{query}")).await;
            assert_eq!(refused.refused(501), "not_implemented", "{query}");
            continue;
        }
        let (attribute, is_descending) = match order {
            Order::ModifiedAt => ("modified_at", false),
            Order::ModifiedAtDescending => ("modified_at", true),
            Order::CreatedAt => ("created_at", false),
            Order::CreatedAtDescending => ("created_at", true),
            Order::DueAt => ("due_at", false),
        };
        for page_size in [7, 100] {
            let (tickets, _) = lab
                .walk(&format!("/tickets?{query}&page_size={page_size}"))
                .await;
            assert_eq!(tickets.len(), count, "{query}");
            let times = tickets
                .iter()
                .filter_map(|ticket| ticket[attribute].as_str());
            let times: Vec<_> = times.collect();
            let is_sorted = if is_descending {
                times.is_sorted_by(|one, next| one >= next)
            } else {
                times.is_sorted()
            };
            assert!(is_sorted, "{query}: {times:?}");
        }
    }
    let unknown = lab.app.get("/tickets?order_by=subject").await;
    assert_eq!(unknown.refused(400), "bad_request");
    let everything = lab
        .app
        .get("/tickets?order_by=-created_at&include_deleted=true")
        .await;
    assert_eq!(everything.refused(501), "not_implemented");
}

/// A filter that cannot be right costs no call.
pub(crate) async fn bad_filters_are_refused_before_any_call<D: HelpDesk>(lab: Lab<D>) {
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
        let refused = lab.app.get(&format!("/tickets?{query}")).await;
        assert_eq!(refused.refused(400), "bad_request", "{query}");
    }
    assert_eq!(lab.wire.received.count(), 0);
    let unknown = lab.app.get("/tickets?fields=id,nonsense").await;
    assert_eq!(unknown.refused(400), "bad_request");
}

/// A page's token is enough for the next page, and refuses other parameters.
pub(crate) async fn a_page_belongs_to_its_parameters_and_needs_none_of_them<D: HelpDesk>(
    lab: Lab<D>,
) {
    for number in 0..5 {
        lab.desk.create("page", 500 - number).await;
    }
    let first = lab
        .app
        .get("/tickets?page_size=2&status=open&order_by=modified_at")
        .await
        .expect(200);
    let next = first["next_page"].as_str().unwrap();

    let alone = lab
        .app
        .get(&format!("/tickets?page={next}"))
        .await
        .expect(200);
    let repeated = lab
        .app
        .get(&format!(
            "/tickets?page={next}&page_size=2&status=open&unknown=1"
        ))
        .await
        .expect(200);

    assert_eq!(alone["objects"], repeated["objects"]);
    let mut shown = alone["objects"].as_array().unwrap().iter();
    assert!(shown.all(|ticket| ticket["status"] == "open"));
    lab.wire.received.clear();
    for other in [
        "priority=high",
        "status=closed",
        "order_by=created_at",
        "q=x",
        "include_spam=true",
        "page_size=3",
    ] {
        let refused = lab.app.get(&format!("/tickets?page={next}&{other}")).await;
        assert_eq!(refused.refused(400), "bad_request", "{other}");
    }
    let flipped: String = next
        .chars()
        .rev()
        .enumerate()
        .map(|(place, letter)| match (place, letter) {
            (9, 'A') => 'B',
            (9, _) => 'A',
            _ => letter,
        })
        .collect();
    let flipped: String = flipped.chars().rev().collect();
    let refused = lab.app.get(&format!("/tickets?page={flipped}")).await;
    assert_eq!(refused.refused(400), "bad_request");
    let elsewhere = format!(
        "{}/comments?page={next}",
        format_args!("/tickets/{}", public("1"))
    );
    assert_eq!(lab.app.get(&elsewhere).await.refused(400), "bad_request");
    assert_eq!(lab.wire.received.count(), 0);
}

/// `fields` is what a list's objects have.
pub(crate) async fn sparse_objects_have_what_was_asked_for<D: HelpDesk>(lab: Lab<D>) {
    let list = lab
        .app
        .get("/tickets?fields=id,subject,status&page_size=3")
        .await
        .expect(200);
    let names = list["objects"][0].as_object().unwrap().keys().cloned();
    assert_eq!(
        names.collect::<BTreeSet<_>>(),
        BTreeSet::from(["id", "subject", "status"].map(str::to_owned))
    );
}

/// The last page names what is missing; what can be listed is, when it is asked for.
pub(crate) async fn the_last_page_says_what_is_not_listed<D: HelpDesk>(lab: Lab<D>) {
    let trashed = lab.desk.create("trashed", 5).await;
    let spam = lab.desk.create("spam", 5).await;
    let can_trash = lab.desk.trash(&trashed, false).await;
    let can_spam = lab.desk.mark_spam(&spam, false).await;
    lab.wait();

    let (tickets, last) = lab.walk("/tickets?page_size=15").await;
    let (everything, full) = lab
        .walk("/tickets?page_size=15&include_deleted=true&include_spam=true")
        .await;

    assert_eq!(set(&tickets), listed(&lab).await);
    assert_eq!(last["coverage"]["from"], Value::Null);
    let to: jiff::Timestamp = last["coverage"]["to"].as_str().unwrap().parse().unwrap();
    let now = lab.app.clock.now();
    assert!(
        to <= now && now.duration_since(to) < jiff::SignedDuration::from_mins(5),
        "{to}"
    );
    let never = D::capabilities().list.never_listed;
    for (can, reason, attribute, id) in [
        (can_trash, "trash", "deleted", trashed),
        (can_spam, "spam", "spam", spam),
    ] {
        let is_shown = |ticket: &Value| upstream(ticket) == id && ticket[attribute] == true;
        if can && !never.contains(&reason) {
            assert!(not_listed(&last).contains(reason), "{reason}");
            assert!(!not_listed(&full).contains(reason), "{reason}");
            assert!(everything.iter().any(is_shown), "{reason}");
        } else {
            assert!(!everything.iter().any(|ticket| ticket[attribute] == true));
        }
    }
    for reason in never {
        assert!(not_listed(&full).contains(*reason), "{reason}");
    }
    let complete = not_listed(&full).is_empty();
    assert_eq!(full["coverage"]["complete"], complete);
}

/// A walk's end is the beginning of the next one.
pub(crate) async fn a_sync_token_shows_what_has_changed_since<D: HelpDesk>(lab: Lab<D>) {
    let mut mine = Vec::new();
    for _ in 0..4 {
        mine.push(lab.desk.create("before", 60).await);
    }
    lab.wait();
    let (_, last) = lab.walk("/tickets?page_size=100").await;
    let token = last["sync_token"].as_str().unwrap().to_owned();
    lab.wait();

    let quiet = lab
        .app
        .get(&format!(
            "/tickets?page={token}&include_deleted=false&include_spam=false"
        ))
        .await;
    assert_eq!(quiet.headers["x-deskgate-upstream-calls"], "1");
    assert_eq!(quiet.body["objects"], json!([]));

    lab.desk.edit(&mine[0], "after").await;
    let is_trashed = lab.desk.trash(&mine[1], false).await;
    let is_spam = lab.desk.mark_spam(&mine[2], false).await;
    lab.wait();
    let (changed, last) = lab.walk(&format!("/tickets?page={token}")).await;
    let mut expected = BTreeSet::from([(mine[0].clone(), false, false)]);
    let never = D::capabilities().list.never_listed;
    if is_trashed && !never.contains(&"trash") {
        expected.insert((mine[1].clone(), true, false));
    }
    if is_spam && !never.contains(&"spam") {
        expected.insert((mine[2].clone(), false, true));
    }
    let seen = changed.iter().map(|ticket| {
        let flag = |name: &str| ticket[name] == true;
        (upstream(ticket), flag("deleted"), flag("spam"))
    });
    assert_eq!(seen.collect::<BTreeSet<_>>(), expected);

    if is_trashed && lab.desk.trash(&mine[1], true).await {
        lab.wait();
        let token = last["sync_token"].as_str().unwrap();
        let (restored, _) = lab
            .walk(&format!("/tickets?page={token}&page_size=5"))
            .await;
        assert_eq!(ids(&restored), [mine[1].clone()]);
        assert_eq!(restored[0]["deleted"], false);
    }
}
