//! Histories: what people did, and the noise around it.

use http::StatusCode;
use serde_json::json;

use super::Stage;

#[tokio::test]
async fn histories_are_full_of_noise() {
    let stage = Stage::plain();
    let id = stage.create(json!({"Content": "text"})).await;
    let path = format!("/ticket/{id}");
    let body = json!({"Subject": "two", "Priority": 50, "Owner": "agent1", "Due": "2027-01-02 03:04:05",
        "CustomFields": {"Severity": "Low", "Tags": ["y", "z"]}, "Cc": ["customer2@example.org"]});
    stage.send("PUT", &path, body).await;
    let reply = json!({"Content": "r", "ContentType": "text/plain", "Status": "resolved"});
    stage
        .send("POST", &format!("{path}/correspond"), reply)
        .await;

    let expected = [
        "Create",
        "EmailRecord",
        "Set",
        "Set",
        "EmailRecord",
        "SetWatcher",
        "Set",
        "Set",
        "CustomField",
        "CustomField",
        "CustomField",
        "AddWatcher",
        "Correspond",
        "EmailRecord",
        "EmailRecord",
        "Status",
        "Status",
        "EmailRecord",
    ];
    assert_eq!(stage.kinds(id).await, expected);
    let seen = stage
        .get(&format!(
            "{path}/attachments?fields=ContentType&per_page=100"
        ))
        .await;
    assert_eq!(seen.body["total"], 17);
}

#[tokio::test]
async fn a_reply_opens_unless_the_requestor_of_a_new_ticket_wrote_it() {
    use super::super::world_mail::Mail;
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let mail = Mail {
        from: "customer1@example.org".to_owned(),
        plain: "more".to_owned(),
        ..Mail::default()
    };

    stage.simulator.change(|world| world.mail_reply(id, &mail));
    assert_eq!(stage.member(id, "Status").await, "new");
    stage
        .send(
            "PUT",
            &format!("/ticket/{id}"),
            json!({"Status": "resolved"}),
        )
        .await;
    stage.simulator.change(|world| world.mail_reply(id, &mail));
    assert_eq!(stage.member(id, "Status").await, "open");
}

#[tokio::test]
async fn what_does_not_exist_is_answered_in_many_ways() {
    let stage = Stage::plain();
    let reply = json!({"Content": "x", "ContentType": "text/plain"});

    for (path, status) in [
        ("/transaction/999999", 500),
        ("/attachment/999999", 500),
        ("/ticket/99999", 404),
        ("/ticket/abc", 404),
        ("/ticket/99999/history", 200),
        ("/user/nosuch", 404),
        ("/user/nosuch/history", 200),
        ("/queue/Nope", 404),
        ("/queue/Support/customfields", 404),
    ] {
        assert_eq!(stage.get(path).await.status.as_u16(), status, "{path}");
    }
    let seen = stage.send("POST", "/ticket/99999/comment", reply).await;
    assert_eq!(seen.body["message"], "Message could not be recorded");
    let seen = stage.send("PUT", "/ticket/99999", json!({})).await;
    assert_eq!(seen.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_come_as_base64_and_lists_spoil_them() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let file = json!({"FileName": "päth.bin", "FileType": "application/octet-stream", "FileContent": "AAH/"});
    let body = json!({"Content": "x", "ContentType": "text/plain", "Attachments": [file]});
    stage
        .send("POST", &format!("/ticket/{id}/comment"), body)
        .await;
    let path = format!(
        "/ticket/{id}/attachments?fields=Filename,Content,ContentLength&orderby=id&order=DESC"
    );

    let row = stage.get(&path).await.body["items"][0].clone();
    assert_eq!(row["Filename"], "p\u{fffd}th.bin");
    assert_eq!(row["Content"], "\u{0}\u{1}\u{fffd}");
    assert_eq!(row["ContentLength"], "3");
    let number = row["id"].as_str().unwrap();
    let whole = stage.get(&format!("/attachment/{number}")).await.body;
    assert_eq!(whole["Content"], "AAH/\n");
    let parent = whole["Parent"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        stage.get(&format!("/attachment/{parent}")).await.body["Content"],
        json!(null)
    );
}
