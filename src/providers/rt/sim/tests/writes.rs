//! Writes: what is done, what is refused with 200, what dies in the middle.

use http::StatusCode;
use serde_json::{Value, json};

use super::Stage;

#[tokio::test]
async fn refused_changes_are_answered_with_200() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let path = format!("/ticket/{id}");
    let cases = [
        (
            json!({"Status": "bogus"}),
            "Status 'bogus' isn't a valid status for this ticket.",
        ),
        (json!({"Owner": "ghost"}), "That user does not exist"),
        (json!({"Queue": "Nope"}), "Queue Nope does not exist"),
    ];
    for (body, message) in cases {
        let seen = stage.send("PUT", &path, body).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert_eq!(seen.body, json!([format!("Ticket {id}: {message}")]));
    }
    let unknown = stage.send("PUT", &path, json!({"Nonsense": 1})).await;
    assert_eq!(unknown.body, json!([]));
    assert_eq!(stage.member(id, "Status").await, "new");
}

#[tokio::test]
async fn good_and_refused_changes_stand_in_one_answer() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let body =
        json!({"Status": "bogus", "Subject": "good", "CustomFields": {"Severity": "Terrible"}});

    let seen = stage.send("PUT", &format!("/ticket/{id}"), body).await;

    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(stage.member(id, "Subject").await, "good");
    assert_eq!(stage.member(id, "Status").await, "new");
    assert_eq!(seen.body[2], "Invalid value for custom field");
}

#[tokio::test]
async fn new_tickets_lose_what_cannot_be() {
    let stage = Stage::plain();
    let subject = format!("a\nb{}", "x".repeat(300));
    let id = stage
        .create(json!({"Subject": subject, "Owner": "ghost", "Requestor": "not an address", "Priority": "abc",
            "Due": "not a date", "CustomFields": {"Nope": "x", "Severity": "Terrible"}}))
        .await;

    let ticket = stage.get(&format!("/ticket/{id}")).await.body;

    assert_eq!(ticket["Subject"], format!("ab{}", "x".repeat(198)));
    assert_eq!(ticket["Owner"]["id"], "Nobody");
    assert_eq!(ticket["Requestor"], json!([]));
    assert_eq!(ticket["Priority"], "abc");
    assert_eq!(ticket["Due"], "1970-01-01T00:00:00Z");
    let fields = ticket["CustomFields"].as_array().unwrap();
    assert!(fields.iter().all(|field| field["values"] == json!([])));
}

#[tokio::test]
async fn a_bad_requestor_kills_an_update_that_was_half_done() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    for requestor in [
        json!(null),
        json!("not an address"),
        json!(["a@x.example", "bad address@"]),
    ] {
        let subject = format!("before {requestor}");
        let body = json!({"Subject": subject, "Requestor": requestor});

        let seen = stage.send("PUT", &format!("/ticket/{id}"), body).await;

        assert_eq!(
            (seen.status, seen.text.as_str()),
            (StatusCode::INTERNAL_SERVER_ERROR, "")
        );
        assert_eq!(
            seen.header("content-type"),
            "application/json; charset=\"utf-8\""
        );
        assert_eq!(stage.member(id, "Subject").await, subject);
        assert_eq!(
            stage.member(id, "Requestor").await[0]["id"],
            "customer1@example.org"
        );
    }
}

#[tokio::test]
async fn custom_fields_are_written_as_facts_say() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let path = format!("/ticket/{id}");
    let cases = [
        ("Severity", json!("high"), json!(["High"])),
        ("Severity", json!(["low", "high"]), json!(["Low"])),
        ("Severity", json!("Terrible"), json!(["Low"])),
        ("Severity", json!(null), json!([])),
        ("Severity", json!(null), json!([null])),
        ("4", json!("by number"), json!(["by number"])),
        ("External id", json!(5), json!(["5"])),
        ("External id", json!(""), json!([null])),
        ("Tags", json!(["a", "b", "a"]), json!(["a", "b"])),
        ("Tags", json!(["c", "b"]), json!(["b", "c"])),
        ("Tags", json!([]), json!([])),
        ("Tags", json!(null), json!([null, null])),
        ("Tags", json!([]), json!([])),
        ("Tags", json!(""), json!([null])),
    ];
    for (name, value, expected) in cases {
        let body = json!({"CustomFields": {name: value}});
        let seen = stage.send("PUT", &path, body).await;
        assert_eq!(seen.status, StatusCode::OK);
        let fields = stage.member(id, "CustomFields").await;
        let is_it = |field: &&Value| field["name"] == name || field["id"] == name;
        let field = fields
            .as_array()
            .unwrap()
            .iter()
            .find(is_it)
            .unwrap()
            .clone();
        assert_eq!(field["values"], expected, "{name} {value}");
    }
    let dead = stage
        .send("PUT", &path, json!({"CustomFields": {"Tags": true}}))
        .await;
    assert_eq!(
        (dead.status, dead.text.as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, "")
    );
}

#[tokio::test]
async fn due_dates_are_utc_and_have_one_form() {
    let stage = Stage::new(|options| {
        options.switches.time_zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
    });
    let id = stage.create(json!({"Due": "2027-06-02 03:04:05"})).await;
    assert_eq!(stage.member(id, "Due").await, "2027-06-02T03:04:05Z");

    let cases = [
        // SQLite keeps the text, which is no date when it is read.
        (json!("2027-06-02T03:04:05Z"), "1970-01-01T00:00:00Z"),
        (json!("2027-06-02T03:04:05Z"), "1970-01-01T00:00:00Z"),
        (json!("2027-06-02 03:04:05"), "2027-06-02T03:04:05Z"),
        (json!(null), "2027-06-02T03:04:05Z"),
        (json!("2027-06-02"), "1970-01-01T00:00:00Z"),
    ];
    for (due, expected) in cases {
        stage
            .send("PUT", &format!("/ticket/{id}"), json!({"Due": due}))
            .await;
        assert_eq!(stage.member(id, "Due").await, expected, "{due}");
    }
}

#[tokio::test]
async fn deleted_tickets_stay_readable_and_come_back() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let path = format!("/ticket/{id}");

    assert_eq!(
        stage.send("DELETE", &path, json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        stage.send("DELETE", &path, json!({})).await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(stage.member(id, "Status").await, "deleted");
    assert!(stage.find(&format!("id={id}")).await.is_empty());
    assert!(stage.find("Status='deleted'").await.is_empty());
    stage.send("PUT", &path, json!({"Status": "open"})).await;
    assert_eq!(stage.find(&format!("id={id}")).await, [id]);

    // A reply brings one back too.
    stage.send("DELETE", &path, json!({})).await;
    let reply = json!({"Content": "x", "ContentType": "text/plain"});
    stage
        .send("POST", &format!("{path}/correspond"), reply)
        .await;
    assert_eq!(stage.member(id, "Status").await, "open");
}

#[tokio::test]
async fn a_merged_ticket_is_the_other_one() {
    let stage = Stage::plain();
    let (id, into) = (stage.create(json!({})).await, stage.create(json!({})).await);

    let seen = stage
        .send("PUT", &format!("/ticket/{id}"), json!({"MergeInto": into}))
        .await;

    assert_eq!(seen.body, json!(["Merge Successful"]));
    assert_eq!(stage.member(id, "id").await, into);
    assert_eq!(stage.find("id > 0").await, [into]);
    assert_eq!(
        stage.find(&format!("EffectiveId = {into}")).await,
        [id, into]
    );
    assert!(stage.find(&format!("EffectiveId = {id}")).await.is_empty());
    // Its transactions keep its number, but stand in the history of the other one.
    for of in [id, into] {
        let query = super::encoded(&format!("ObjectType='RT::Ticket' AND TicketId={of}"));
        let seen = stage.get(&format!("/transactions?query={query}")).await;
        assert_eq!(seen.body["total"], 3, "{}", seen.text);
    }
    assert_eq!(stage.kinds(into).await.len(), 6);
}

#[tokio::test]
async fn messages_are_added_though_their_status_is_not() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let path = format!("/ticket/{id}/correspond");

    let body = json!({"Content": "x", "ContentType": "text/plain", "Status": "bogus"});
    let seen = stage.send("POST", &path, body).await;

    assert_eq!(seen.status, StatusCode::CREATED);
    let message = "Status 'bogus' isn't a valid status for this ticket.";
    assert_eq!(seen.body, json!(["Correspondence added", message]));
    assert_eq!(stage.member(id, "Status").await, "open");
    let untyped = stage.send("POST", &path, json!({"Content": "x"})).await;
    assert_eq!(
        untyped.body["message"],
        "ContentType is a required field for application/json"
    );
    let empty = stage.send("POST", &path, json!({})).await;
    assert_eq!(empty.status, StatusCode::CREATED);
}

#[tokio::test]
async fn versions_are_told_apart_where_they_can_be() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let path = format!("/ticket/{id}");
    let etag = stage.get(&path).await.header("etag").to_owned();
    let with = |name: &'static str, value: String| {
        let (stage, path) = (&stage, path.clone());
        async move {
            let headers = [
                ("authorization", "token root-token"),
                (name, value.as_str()),
            ];
            stage
                .call("GET", &path, &headers, String::new())
                .await
                .status
                .as_u16()
        }
    };

    assert_eq!(with("if-none-match", etag.clone()).await, 304);
    assert_eq!(
        with("if-match", etag.trim_matches('"').to_owned()).await,
        200
    );
    assert_eq!(with("if-match", format!("\"1\", {etag}")).await, 200);
    assert_eq!(with("if-match", format!("W/{etag}")).await, 412);
    assert_eq!(
        with("if-modified-since", "2026-11-20T17:54:45Z".to_owned()).await,
        500
    );

    let reply = json!({"Content": "x", "ContentType": "text/plain"});
    for (value, status) in [(etag.as_str(), 412), ("*", 201)] {
        let headers = [
            ("authorization", "token root-token"),
            ("content-type", "application/json"),
            ("if-match", value),
        ];
        let path = format!("{path}/comment");
        let seen = stage.call("POST", &path, &headers, reply.to_string()).await;
        assert_eq!(seen.status.as_u16(), status);
    }
    assert_ne!(stage.get(&path).await.header("etag"), etag);
}
