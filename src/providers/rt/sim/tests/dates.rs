//! Dates in searches: zones, whole days, and what is exact.

use jiff::tz::TimeZone;
use serde_json::json;

use super::Stage;

#[tokio::test]
async fn dates_are_read_in_the_users_zone_but_exact_ones_are_not() {
    let stage =
        Stage::new(|options| options.switches.time_zone = TimeZone::get("Asia/Tokyo").unwrap());
    stage.create(json!({})).await;
    // The ticket was changed at 2026-11-20 17:54:44 UTC, which is 02:54:44 of the next day in Tokyo.
    let cases: [(&str, &[u64]); 12] = [
        ("LastUpdated >= '2026-11-21 02:54:44'", &[1]),
        ("LastUpdated > '2026-11-21 02:54:44'", &[]),
        ("LastUpdated >= '2026-11-21 02:54:44 UTC'", &[1]),
        ("LastUpdated >= '2026-11-21T02:54:45Z'", &[]),
        ("LastUpdated = '2026-11-21'", &[1]),
        ("LastUpdated = '2026-11-20 17:54:44'", &[]),
        ("LastUpdated >= 'nonsense'", &[1]),
        ("LastUpdated > '2 hours ago'", &[1]),
        ("LastUpdated.DateTime = '2026-11-20 17:54:44'", &[1]),
        ("LastUpdated.DateTime > '2026-11-20 17:54:43'", &[1]),
        ("LastUpdated.DateTime >= '2026-11-20T17:54:44Z'", &[]),
        ("Due.DateTime < '2999-01-01 00:00:00'", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(stage.find(query).await, expected, "{query}");
    }
    assert_eq!(stage.member(1, "LastUpdated").await, "2026-11-20T17:54:44Z");
}

#[tokio::test]
async fn resolved_stays_when_a_ticket_is_opened_again() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    stage
        .send("PUT", "/ticket/1", json!({"Status": "resolved"}))
        .await;
    stage.pass(60);
    stage
        .send("PUT", "/ticket/1", json!({"Status": "open"}))
        .await;

    assert_eq!(stage.member(id, "Resolved").await, "2026-11-20T17:54:44Z");
    assert_eq!(
        stage.member(id, "LastUpdated").await,
        "2026-11-20T17:55:44Z"
    );
}
