//! Incremental exports.

use serde_json::{Value, json};

use super::super::switches::RecentStart;
use super::{START, Stage};

#[tokio::test]
async fn the_export_has_everything_and_ends() {
    let stage = Stage::plain();
    let mut path = "incremental/tickets/cursor?start_time=0&per_page=20".to_owned();
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let page = stage.get(&path).await;
        rows.extend(page.body["tickets"].as_array().unwrap().iter().cloned());
        if page.body["end_of_stream"] == true {
            break;
        }
        path = page.link("/after_url");
    }

    let all = stage.simulator.inspect(|world| world.tickets.len());
    assert_eq!(rows.len(), all);
    let deleted = rows.iter().filter(|row| row["status"] == "deleted");
    assert!(deleted.clone().count() > 1);
    assert!(deleted.clone().any(|row| row["subject"] == "SCRUBBED"));
    let keys = rows
        .iter()
        .map(|row| row["generated_timestamp"].as_i64().unwrap());
    assert!(keys.is_sorted());
}

#[tokio::test]
async fn the_last_minute_is_held_back() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let path = format!("incremental/tickets/cursor?start_time={}", START - 60);
    let early = stage.get(&path).await;
    stage.pass(59);
    let still = stage.get(&path).await;
    stage.pass(1);
    let late = stage.get(&path).await;

    assert_eq!(early.body["end_of_stream"], true);
    assert_eq!(early.ids("tickets"), Vec::<u64>::new());
    assert_eq!(still.ids("tickets"), Vec::<u64>::new());
    assert_eq!(late.ids("tickets"), [id]);
}

#[tokio::test]
async fn a_start_within_the_last_minute_is_refused() {
    for (switch, status) in [
        (RecentStart::BadRequest, 400),
        (RecentStart::Unprocessable, 422),
    ] {
        let stage = Stage::new(|options| options.switches.recent_start = switch);
        let path = format!("incremental/tickets/cursor?start_time={}", START - 59);

        assert_eq!(stage.get(&path).await.status, status);
    }
}

#[tokio::test]
async fn the_system_moves_a_ticket_in_the_export_only() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    stage.pass(100);
    let before = stage.get(&format!("tickets/{id}")).await;
    stage.simulator.change(|world| world.touch_system(id));
    stage.pass(100);
    let start = START + 100;
    let seen = stage
        .get(&format!("incremental/tickets/cursor?start_time={start}"))
        .await;

    assert_eq!(seen.ids("tickets"), [id]);
    let row = &seen.body["tickets"][0];
    assert_eq!(row["updated_at"], before.body["ticket"]["updated_at"]);
    assert_eq!(row["generated_timestamp"], start);
}

#[tokio::test]
async fn a_cursor_is_good_for_the_next_run() {
    let stage = Stage::plain();
    let done = stage.get("incremental/tickets/cursor?start_time=0").await;
    let cursor = done.body["after_cursor"].as_str().unwrap();
    let path = format!("incremental/tickets/cursor?cursor={cursor}");
    let nothing = stage.get(&path).await;
    let id = stage.ticket(json!({})).await;
    stage.simulator.change(|world| world.trash(id));
    stage.pass(61);
    let news = stage.get(&path).await;

    assert_eq!(nothing.ids("tickets"), Vec::<u64>::new());
    assert_eq!(nothing.body["after_cursor"], cursor);
    assert_eq!(news.ids("tickets"), [id]);
    assert_eq!(news.body["tickets"][0]["status"], "deleted");
}

#[tokio::test]
async fn by_time_the_tickets_of_a_second_stay_together() {
    let stage = Stage::plain();
    let made = [
        stage.ticket(json!({})).await,
        stage.ticket(json!({})).await,
        stage.ticket(json!({})).await,
    ];
    stage.pass(100);
    let path = format!("incremental/tickets?start_time={START}&per_page=1");
    let seen = stage.get(&path).await;
    let mut ids = seen.ids("tickets");
    ids.sort_unstable();

    assert_eq!(ids, made);
    assert_eq!(seen.body["count"], 3);
    assert_eq!(seen.body["end_time"], START + 1);
    assert_eq!(seen.body["end_of_stream"], true);
}
