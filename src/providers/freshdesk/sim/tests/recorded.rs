//! What was recorded: bodies and key sets of 2017, escapes, forms of moments and bodies.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::super::times::read_moment;
use super::{Stage, new_ticket};

#[tokio::test]
async fn errors_are_those_recorded_in_2017() {
    let stage = Stage::new(|_| {});
    let no_contact = r#"{"description":"Validation failed","errors":[{"field":"email","message":"There is no contact matching the given email","code":"invalid_value"}]}"#;
    let no_field = r#"{"description":"Validation failed","errors":[{"field":"invalid","message":"Unexpected/invalid field in request","code":"invalid_field"}]}"#;
    let no_requester = r#"{"description":"Validation failed","errors":[{"field":"requester_id","message":"Please fill at least 1 of requester_id, phone, email, twitter_id, facebook_id fields","code":"missing_field"}]}"#;
    let mut anonymous = new_ticket();
    anonymous.as_object_mut().unwrap().remove("email");

    let seen = [
        stage.get("tickets?email=invalid").await,
        stage.get("tickets?email=no_ticket@gmail.com").await,
        stage.get("tickets?invalid=something").await,
        stage.post("tickets", anonymous).await,
    ];

    let expected = [no_contact, no_contact, no_field, no_requester];
    for (seen, expected) in seen.iter().zip(expected) {
        assert_eq!(
            (seen.status, seen.text.as_str()),
            (StatusCode::BAD_REQUEST, expected)
        );
        assert_eq!(
            seen.header("x-freshdesk-api-version"),
            "latest=v2; requested=v2"
        );
    }
}

#[tokio::test]
async fn an_account_of_2017_has_the_recorded_keys() {
    let stage = Stage::new(|options| options.switches.account_of_2017 = true);
    let mut element = vec![
        "cc_emails",
        "fwd_emails",
        "reply_cc_emails",
        "fr_escalated",
        "spam",
        "email_config_id",
        "group_id",
        "priority",
        "requester_id",
        "responder_id",
        "source",
        "company_id",
        "status",
        "subject",
        "to_emails",
        "product_id",
        "id",
        "type",
        "due_by",
        "fr_due_by",
        "is_escalated",
        "description",
        "description_text",
        "custom_fields",
        "created_at",
        "updated_at",
    ];
    element.sort_unstable();

    let created = stage.post("tickets", new_ticket()).await;
    let listed = stage.get("tickets?email=new@acme.example").await;

    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(
        created.header("location"),
        format!("http://sim.test/api/v2/tickets/{}", created.body["id"])
    );
    assert!(created.body["due_by"].is_string());
    assert_eq!(listed.keys(), element);
    element.extend(["tags", "attachments"]);
    element.sort_unstable();
    assert_eq!(created.keys(), element);
}

#[tokio::test]
async fn markup_is_escaped_as_rails_does() {
    let stage = Stage::new(|_| {});
    let mut ticket = new_ticket();
    ticket["subject"] = json!("a<b>&\u{2028}ü🌙\"");

    let created = stage.post("tickets", ticket).await;

    assert!(
        created
            .text
            .contains("a\\u003cb\\u003e\\u0026\\u2028ü🌙\\\""),
        "{}",
        created.text
    );
}

#[test]
fn moments_come_in_the_documented_forms() {
    let hour = Some(Timestamp::from_second(1_421_632_800).unwrap());
    let same = [
        "2015-01-19T02:00",
        "2015-01-19T02:00:00",
        "2015-01-19T02:00:00Z",
        "2015-01-19T07:30:00+05:30",
        "2015-01-19T07:30:00+0530",
        "2015-01-18T21:00:00-05",
    ];
    for text in same {
        assert_eq!(read_moment(text), hour, "{text}");
    }
    for wrong in [
        "2015-1-19",
        "2015-01-19 02:00",
        "19/01/2015",
        "2015-01-19T02:00:00.000Z",
        "2015-02-30",
    ] {
        assert_eq!(read_moment(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn json_is_strict_and_multipart_is_not() {
    let stage = Stage::new(|_| {});
    let mut strict = new_ticket();
    strict["status"] = json!("3");
    let form = "--b\r\ncontent-disposition: form-data; name=\"status\"\r\n\r\n3\r\n\
                --b\r\ncontent-disposition: form-data; name=\"subject\"\r\n\r\ns\r\n\
                --b\r\ncontent-disposition: form-data; name=\"description\"\r\n\r\nd\r\n\
                --b\r\ncontent-disposition: form-data; name=\"email\"\r\n\r\nnew@acme.example\r\n\
                --b\r\ncontent-disposition: form-data; name=\"tags[]\"\r\n\r\none\r\n\
                --b\r\ncontent-disposition: form-data; name=\"custom_fields[cf_seats]\"\r\n\r\n4\r\n\
                --b\r\ncontent-disposition: form-data; name=\"attachments[]\"; filename=\"a.txt\"\r\n\
                content-type: text/plain\r\n\r\nhello\r\n--b--\r\n";

    let refused = stage.post("tickets", strict).await;
    let taken = stage
        .send(
            "POST",
            "tickets",
            "multipart/form-data; boundary=b",
            form.to_owned(),
        )
        .await;

    let message = "Value set is of type String.It should be one of these values: '2,3,4,5,6,7,8'";
    assert_eq!(refused.body["errors"][0]["message"], message);
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text);
    assert_eq!(taken.body["status"], 3);
    assert_eq!(taken.body["custom_fields"]["cf_seats"], 4);
    assert_eq!(taken.body["attachments"][0]["size"], 5);
}
