//! Comments and what can be done to them afterwards.

use serde_json::{Value, json};

use super::Stage;

/// The comments of a ticket.
async fn comments(stage: &Stage, id: u64) -> Vec<Value> {
    let list = stage.get(&format!("tickets/{id}/comments")).await;
    list.body["comments"].as_array().unwrap().clone()
}

#[tokio::test]
async fn unsaid_visibility_follows_the_first_comment() {
    let stage = Stage::plain();
    let id = stage
        .ticket(json!({"comment": {"body": "b", "public": false}}))
        .await;
    let made = stage.get(&format!("tickets/{id}")).await;
    stage
        .change(id, json!({"comment": {"body": "unsaid"}}))
        .await;
    stage
        .change(id, json!({"comment": {"body": "said", "public": true}}))
        .await;
    let all = comments(&stage, id).await;

    assert_eq!(made.body["ticket"]["is_public"], false);
    let visible: Vec<&Value> = all.iter().map(|one| &one["public"]).collect();
    assert_eq!(visible, [&json!(false), &json!(false), &json!(true)]);
}

#[tokio::test]
async fn a_comment_becomes_private_and_never_public_again() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let comment = comments(&stage, id).await[0]["id"].clone();
    let path = format!("tickets/{id}/comments/{comment}/make_private");
    let seen = stage.put(&path, Value::Null).await;

    assert_eq!(seen.body, json!({}));
    assert_eq!(comments(&stage, id).await[0]["public"], false);
    let path = format!("tickets/{id}/comments/{comment}");
    assert_eq!(stage.put(&path, json!({"public": true})).await.status, 404);
    assert_eq!(stage.delete(&path).await.status, 404);
}

#[tokio::test]
async fn placeholders_are_filled_in() {
    let stage = Stage::plain();
    let id = stage
        .ticket(json!({"comment": {"body": "no {{ticket.id}}, {{secret}}{% if x %}!"}}))
        .await;

    assert_eq!(comments(&stage, id).await[0]["body"], format!("no {id}, !"));
}

#[tokio::test]
async fn html_wins_over_text() {
    let stage = Stage::plain();
    let id = stage
        .ticket(json!({"comment": {"body": "text", "html_body": "<p>a &amp; <b>b</b></p>"}}))
        .await;
    let all = comments(&stage, id).await;
    let shown = stage.get(&format!("tickets/{id}")).await;

    assert_eq!(all[0]["plain_body"], "a & b");
    assert_eq!(
        all[0]["html_body"],
        "<div class=\"zd-comment\" dir=\"auto\"><p>a &amp; <b>b</b></p></div>"
    );
    assert_eq!(shown.body["ticket"]["description"], "a & b");
}

#[tokio::test]
async fn pages_of_comments_come_in_both_kinds_and_directions() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    for number in 1..5 {
        stage.pass(1);
        stage
            .change(id, json!({"comment": {"body": number.to_string()}}))
            .await;
    }
    let path = format!("tickets/{id}/comments");
    let newest = stage
        .get(&format!("{path}?page[size]=2&sort=-created_at"))
        .await;
    let next = stage.get(&newest.link("/links/next")).await;
    let numbered = stage
        .get(&format!("{path}?per_page=2&page=3&include=users"))
        .await;

    assert_eq!(newest.body["comments"][0]["body"], "4");
    assert_eq!(next.body["comments"][1]["body"], "1");
    assert_eq!(numbered.body["comments"][0]["body"], "4");
    assert_eq!(numbered.body["count"], 5);
    assert_eq!(numbered.ids("users"), [stage.me()]);
}

#[tokio::test]
async fn redacted_text_is_gone_for_good() {
    let stage = Stage::plain();
    let id = stage
        .ticket(json!({"comment": {"body": "card 4711, end"}}))
        .await;
    let comment = comments(&stage, id).await[0]["id"].clone();
    let path = format!("tickets/{id}/comments/{comment}/redact");
    let seen = stage.put(&path, json!({"text": "4711"})).await;
    let again = stage.put(&path, json!({"text": "4711"})).await;
    let shown = stage.get(&format!("tickets/{id}")).await;

    assert_eq!(seen.body["comment"]["body"], "card ▇▇▇▇, end");
    assert_eq!(shown.body["ticket"]["description"], "card ▇▇▇▇, end");
    assert_eq!(again.status, 422);
}

#[tokio::test]
async fn a_redacted_file_still_looks_whole_in_the_answer() {
    let stage = Stage::plain();
    let (id, comment, file) = stage.simulator.inspect(|world| {
        let mut writable = world
            .tickets
            .values()
            .filter(|one| one.is_listable() && !one.is_closed());
        let ticket = writable
            .find(|one| !one.comments[0].attachments.is_empty())
            .unwrap();
        let comment = &ticket.comments[0];
        (ticket.id, comment.id, comment.attachments[0].id)
    });
    let path = format!("tickets/{id}/comments/{comment}/attachments/{file}/redact");
    let seen = stage.put(&path, Value::Null).await;

    assert_ne!(seen.body["attachment"]["file_name"], "redacted.txt");
    let all = comments(&stage, id).await;
    assert_eq!(all[0]["attachments"][0]["file_name"], "redacted.txt");
}
