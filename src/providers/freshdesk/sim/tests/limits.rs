//! Rate limits, faults, and the search with its lag.

use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::search_grammar::parse;
use super::super::switches::Window;
use super::super::{Fault, Plan, Switches, limits};
use super::{START, Seen, Stage, new_ticket};

#[tokio::test]
async fn limits_show_the_endpoints_own_window() {
    let stage = Stage::new(|options| {
        options.plan = Plan::Growth;
        options.switches.decimal_rate_headers = true;
    });
    let dear = stage.get("tickets?include=stats,requester").await;
    let view = stage
        .get(&format!("tickets/{}?include=stats", stage.some_ticket()))
        .await;
    let mut last = stage.get("tickets").await;
    for _ in 0..14 {
        last = stage.get("tickets").await;
    }
    stage.pass(Duration::from_millis(20_500));
    let over = stage.get("tickets").await;
    stage.pass(Duration::from_secs(40));
    let again = stage.get("tickets").await;

    let figures = |seen: &Seen| {
        [
            "x-ratelimit-total",
            "x-ratelimit-remaining",
            "x-ratelimit-used-currentrequest",
        ]
        .map(|name| seen.header(name).to_owned())
    };
    assert_eq!(figures(&dear), ["20.0", "15.0", "5.0"]);
    assert_eq!(figures(&view), ["200.0", "193.0", "2.0"]);
    assert_eq!(figures(&last), ["20.0", "0.0", "1.0"]);
    assert_eq!(
        (over.status, over.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "40")
    );
    assert_eq!(figures(&over), ["", "", ""]);
    assert_eq!(again.status, StatusCode::OK);
}

#[test]
fn a_sliding_window_frees_call_by_call() {
    let switches = Switches {
        window: Window::Sliding,
        ..Switches::default()
    };
    let mut limits = limits::Limits::new(Plan::Trial, &switches);
    let at = |second| Timestamp::from_second(START + second).unwrap();
    for second in 0..50 {
        limits.charge(limits::Class::Other, 1, at(second));
    }

    let over = limits.charge(limits::Class::Other, 3, at(55));
    let passes = limits.charge(limits::Class::Other, 3, at(62));

    assert!(
        matches!(over, limits::Verdict::Over { retry_after: 7, .. }),
        "{over:?}"
    );
    assert!(matches!(passes, limits::Verdict::Pass(_)), "{passes:?}");
}

#[tokio::test]
async fn faults_follow_their_script() {
    let stage = Stage::new(|_| {});
    let before = stage.simulator.inspect(|world| world.tickets.len());
    stage.simulator.fail_next([
        Fault::Status(
            503,
            "busy".to_owned(),
            vec![("retry-after".to_owned(), "1".to_owned())],
        ),
        Fault::StatusAfter(502, String::new(), Vec::new()),
        Fault::Pass,
    ]);

    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(stage.post("tickets", new_ticket()).await.status.as_u16());
    }

    assert_eq!(statuses, [503, 502, 201, 201]);
    assert_eq!(
        stage.simulator.inspect(|world| world.tickets.len()),
        before + 3
    );
    let ledger: Vec<u16> = stage
        .simulator
        .calls()
        .iter()
        .map(|call| call.status)
        .collect();
    assert_eq!(ledger, statuses);
}

#[tokio::test]
async fn search_follows_its_grammar_and_lag() {
    assert!(parse("priority:3 AND (status:2 OR tag:'a b') AND created_at:>'2020-01-01'").is_some());
    for wrong in [
        "",
        "priority",
        "priority:3 status:2",
        "(priority:3",
        "priority:3 and status:2",
        "tag:'a",
    ] {
        assert!(parse(wrong).is_none(), "{wrong}");
    }
    let stage = Stage::new(|options| options.switches.index_lag = SignedDuration::from_mins(3));
    let created = stage.post("tickets", json!({"subject": "s", "description": "d", "email": "a@b.example", "tags": ["unheard"]})).await;
    let query = "search/tickets?query=%22tag:%27unheard%27%22";

    let early = stage.get(query).await;
    stage.pass(Duration::from_secs(181));
    let late = stage.get(query).await;
    let unquoted = stage.get("search/tickets?query=priority:1").await;
    let field = stage.get("search/tickets?query=%22requester_id:1%22").await;
    let far = stage
        .get("search/tickets?query=%22priority:1%22&page=11")
        .await;

    assert_eq!(early.body["total"], 0);
    assert_eq!(late.body["results"][0]["id"], created.body["id"]);
    for refused in [unquoted, field, far] {
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    }
}
