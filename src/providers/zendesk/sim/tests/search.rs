//! Search: its language, its wall, its index.

use jiff::SignedDuration;
use serde_json::json;

use super::Stage;
use crate::providers::zendesk::sim::search_grammar::{Cell, Search};

/// Asks for tickets by a query.
async fn found(stage: &Stage, query: &str) -> Vec<u64> {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let path = format!("search?query={query}&sort_by=created_at&sort_order=asc&per_page=100");
    let seen = stage.get(&path).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    seen.ids("results")
}

#[tokio::test]
async fn conditions_are_joined_and_alternatives_of_one_property_are_not() {
    let stage = Stage::plain();
    let urgent = json!({"subject": "Blue screen of death", "priority": "urgent", "tags": ["zz_a"]});
    let first = stage.ticket(urgent).await;
    let low = json!({"subject": "Green screen", "priority": "low", "tags": ["zz_b"]});
    let second = stage.ticket(low).await;

    let cases: [(&str, &[u64]); 9] = [
        ("type:ticket tags:zz_a tags:zz_b", &[first, second]),
        ("tags:zz_a tags:zz_b priority>normal", &[first]),
        ("tags:zz_a tags:zz_b -priority:urgent", &[second]),
        ("subject:\"blue screen\" tags:zz_a", &[first]),
        ("subject:\"screen blue\" tags:zz_a", &[]),
        ("tags:zz_b status<open assignee:none", &[second]),
        (
            "tags:zz_b requester:me@desk.example requester:me",
            &[second],
        ),
        ("tags:zz* type:user", &[]),
        ("tags:zz* created>=2025-01-01 unknown:x", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&stage, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn archived_tickets_are_found_and_deleted_ones_are_not() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({"tags": ["zz_gone"]})).await;
    let other = stage.ticket(json!({"tags": ["zz_gone"]})).await;
    stage.simulator.change(|world| {
        world.archive(id);
        world.trash(other);
    });

    assert_eq!(found(&stage, "tags:zz_gone").await, [id]);
}

#[tokio::test]
async fn the_index_lags_and_deleted_tickets_linger() {
    let stage = Stage::new(|options| options.switches.index_lag = SignedDuration::from_secs(30));
    let id = stage.ticket(json!({"tags": ["zz_lag"]})).await;
    let at_once = found(&stage, "tags:zz_lag").await;
    stage.pass(31);
    let later = found(&stage, "tags:zz_lag").await;
    stage.delete(&format!("tickets/{id}")).await;
    let lingering = found(&stage, "tags:zz_lag").await;
    stage.pass(31);

    assert!(at_once.is_empty());
    assert_eq!((later, lingering), (vec![id], vec![id]));
    assert!(found(&stage, "tags:zz_lag").await.is_empty());
}

#[tokio::test]
async fn a_thousand_results_are_the_end() {
    let stage = Stage::new(|options| options.tickets = 1050);
    let last = stage
        .get("search?query=type:ticket&page=10&per_page=100")
        .await;
    let beyond = stage
        .get("search?query=type:ticket&page=11&per_page=100")
        .await;
    let cursor = stage.get("search?query=type:ticket&page[size]=10").await;
    let count = stage.get("search/count?query=type:ticket").await;

    assert!(last.body["count"].as_u64().unwrap() >= 1050);
    assert!(last.body["next_page"].is_string());
    assert_eq!(
        (beyond.status.as_u16(), &beyond.body["error"]),
        (422, &json!("invalid"))
    );
    assert_eq!(cursor.status, 400);
    assert_eq!(count.body["count"], last.body["count"]);
}

#[tokio::test]
async fn results_are_mixed_and_say_what_they_are() {
    let stage = Stage::plain();
    let seen = stage.get("search?query=Acme").await;
    let missing = stage.get("search").await;
    let bad_date = stage.get("search?query=created%3Eyesterday").await;

    let results = seen.body["results"].as_array().unwrap();
    assert!(
        results
            .iter()
            .any(|one| one["result_type"] == "organization")
    );
    assert!(results.iter().all(|one| one["result_type"].is_string()));
    assert_eq!(
        (missing.status.as_u16(), missing.text.as_str()),
        (400, "Required parameter missing: query")
    );
    assert_eq!(bad_date.status, 422);
}

#[tokio::test]
async fn an_export_walks_everything_by_cursors_that_expire() {
    let stage = Stage::plain();
    let total = stage.get("search/count?query=type:ticket").await.body["count"].clone();
    let mut seen = stage
        .get("search/export?query=&filter[type]=ticket&page[size]=9")
        .await;
    assert_eq!(seen.status, 400);
    seen = stage
        .get("search/export?query=type:ticket&filter[type]=ticket&page[size]=9")
        .await;
    let first_link = seen.link("/links/next");
    let mut ids = seen.ids("results");
    while seen.body["meta"]["has_more"] == true {
        seen = stage.get(&seen.link("/links/next")).await;
        ids.extend(seen.ids("results"));
    }
    stage.pass(3601);
    let expired = stage.get(&first_link).await;

    ids.sort_unstable();
    ids.dedup();
    assert_eq!(json!(ids.len()), total);
    assert_eq!(seen.body["meta"]["before_cursor"], json!(null));
    assert_eq!(
        expired.body["errors"][0]["code"],
        "InvalidPaginationParameter"
    );
}

#[test]
fn a_day_lasts_from_its_first_to_its_last_second() {
    let moment = |text: &str| Cell::Moment(Some(text.parse().unwrap()));
    let fits = |query: &str, at: &str| Search::parse(query).unwrap().fits(&|_| moment(at));

    assert!(fits("created:2024-02-29", "2024-02-29T23:59:59Z"));
    assert!(!fits("created>2024-02-29", "2024-02-29T23:59:59Z"));
    assert!(fits("created>2024-02-29", "2024-03-01T00:00:00Z"));
    assert!(fits("created>=2024-02-29", "2024-02-29T00:00:00Z"));
    assert!(fits(
        "created<2024-02-29T12:00:00+01:00",
        "2024-02-29T10:59:59Z"
    ));
}
