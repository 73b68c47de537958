//! Translations, without a runtime: values in, calls out; replies in, values out.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::model::person::Person;
use crate::model::ticket::Priority;
use crate::provider::json::List;
use crate::transport::call::Replay;

/// A reply.
fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
        took: Duration::ZERO,
    }
}

/// A new ticket with the least that Zendesk needs.
fn new_ticket() -> NewTicket {
    NewTicket {
        subject: "s".into(),
        description: "d {{ticket.id}}".into(),
        ticket_type: None,
        priority: Priority::Normal,
        status: Status::Open,
        tags: Vec::new(),
        public: false,
        due_at: None,
        custom_properties: Vec::new(),
        group: None,
        company: None,
        requester: Some(PersonRef {
            email: Some("ada.l@example.com".into()),
            ..PersonRef::default()
        }),
        submitter: None,
        assignee: None,
        email_ccs: Vec::new(),
        followers: Vec::new(),
    }
}

/// Someone by id and address.
fn person(id: &str, email: &str) -> Person {
    Person {
        user_id: Some(id.into()),
        email: Some(Text::new(email)),
        name: None,
    }
}

#[test]
fn a_new_ticket_says_what_the_api_says() {
    let call = translate::create_ticket(&new_ticket(), None).unwrap();

    assert_eq!((call.method, call.replay), (Method::POST, Replay::Never));
    let expected = json!({ "ticket": {
        "subject": "s",
        "comment": { "html_body": "d {&#123;ticket.id}}", "public": false },
        "priority": "normal", "status": "open",
        "requester": { "email": "ada.l@example.com", "name": "ada.l" },
    } });
    assert_eq!(call.body, Some(expected));
}

#[test]
fn a_ticket_that_is_made_solved_is_solved_by_somebody() {
    let new = NewTicket {
        status: Status::Resolved,
        ..new_ticket()
    };
    let call = translate::create_ticket(&new, Some(7)).unwrap();
    assert_eq!(call.body.unwrap()["ticket"]["assignee_id"], 7);
    let named = NewTicket {
        assignee: Some("8".into()),
        ..new
    };
    let call = translate::create_ticket(&named, Some(7)).unwrap();
    assert_eq!(call.body.unwrap()["ticket"]["assignee_id"], 8);
}

#[test]
fn people_in_copy_are_added_and_removed() {
    let wire = serde_json::from_str(r#"{"id":1,"updated_at":"2020-01-01T00:00:00Z"}"#).unwrap();
    let mut current = translate::ticket(wire, &People::default(), &Labels::default());
    current.email_ccs = vec![
        person("1", "one@example.com"),
        person("2", "two@example.com"),
    ];
    let patch = TicketPatch {
        email_ccs: Patch::Set(vec![
            PersonRef {
                email: Some("TWO@example.com".into()),
                ..PersonRef::default()
            },
            PersonRef {
                email: Some("three@example.com".into()),
                name: Some("Three".into()),
                ..PersonRef::default()
            },
        ]),
        ..TicketPatch::default()
    };

    let id = TicketId::from_upstream("1");
    let call = translate::update_ticket(&id, &patch, Some(&current))
        .unwrap()
        .unwrap();

    let expected = json!({ "ticket": {
        "email_ccs": [
            { "action": "delete", "user_id": 1 },
            { "action": "put", "user_email": "three@example.com", "user_name": "Three" },
        ],
        "safe_update": true, "updated_stamp": "2020-01-01T00:00:00Z",
    } });
    assert_eq!(call.body, Some(expected));
}

#[test]
fn an_address_cannot_end_the_term_of_a_search() {
    let call = translate::find_users("a\" role:admin \"@example.com");
    assert_eq!(
        call.query,
        [("query", "email:\"a role:admin @example.com\"".into())]
    );
}

#[test]
fn a_comment_is_never_sent_twice() {
    let new = NewComment {
        content: "c".into(),
        author: None,
        public: false,
    };
    let call = translate::create_comment(&TicketId::from_upstream("1"), &new).unwrap();
    assert_eq!((call.method, call.replay), (Method::PUT, Replay::Never));
    let expected = json!({ "ticket": { "comment": { "html_body": "c", "public": false } } });
    assert_eq!(call.body, Some(expected));
}

#[test]
fn ids_that_are_no_numbers_are_refused_before_any_call() {
    for id in ["x", "01", "-1", "1/2", "99999999999999999999999"] {
        assert!(
            translate::ticket_path(&TicketId::from_upstream(id)).is_err(),
            "{id}"
        );
        let new = NewTicket {
            group: Some(id.into()),
            ..new_ticket()
        };
        assert!(translate::create_ticket(&new, None).is_err(), "{id}");
    }
}

#[test]
fn refusals_are_told_in_our_names() {
    let cases = [
        (
            422,
            r#"{"error":"RecordInvalid","details":{"base":[{"description":"Assignee: is required when solving a ticket","error":null,"ticket_field_type":"FieldAssignee"}]}}"#,
            Kind::Invalid,
            "assignee: is required",
        ),
        (
            422,
            r#"{"error":"RecordInvalid","details":{"status":[{"description":"Status: closed prevents ticket update"}]}}"#,
            Kind::Conflict,
            "status: closed",
        ),
        (
            422,
            r#"{"error":"RecordInvalid","details":{"requester":[{"description":"Requester: Email: x is not valid"}]}}"#,
            Kind::Invalid,
            "requester: Email: x is not valid",
        ),
        (
            422,
            r#"{"error":"RecordInvalid","details":{"nobody_knows":[{"description":"Odd: thing"}]}}"#,
            Kind::Invalid,
            "Odd: thing",
        ),
        (
            400,
            r#"{"errors":[{"code":"c","title":"sort is not valid"}]}"#,
            Kind::Invalid,
            "sort is not valid",
        ),
        (
            403,
            r#"{"error":{"title":"Forbidden","message":"no access"}}"#,
            Kind::Forbidden,
            "no access",
        ),
        (
            401,
            r#"{"error":"invalid_token","error_description":"expired"}"#,
            Kind::Unauthenticated,
            "expired",
        ),
        (
            404,
            r#"{"error":"RecordNotFound","description":"Not found"}"#,
            Kind::NotFound,
            "Not found",
        ),
        (404, "<html>", Kind::Unavailable, "check its subdomain"),
        (
            409,
            "Requester creation collision - please try again",
            Kind::Conflict,
            "",
        ),
        (422, "[1]", Kind::Invalid, ""),
    ];
    for (status, body, kind, message) in cases {
        let error = classify::classify(&reply(status, body));
        assert_eq!(error.kind, kind, "{body}");
        assert!(error.message.contains(message), "{}", error.message);
    }
}

#[test]
fn an_oauth_pair_is_exchanged_only_if_all_of_it_is_there() {
    let raw = |members: Value| serde_json::value::to_raw_value(&members).unwrap();
    let whole = json!({
        "subdomain": "acme", "access_token": "CANARY-access", "refresh_token": "CANARY-refresh",
        "client_id": "c", "client_secret": "CANARY-secret",
    });

    let endpoint = Zendesk.connect(&raw(whole.clone())).unwrap();
    let renewal = Zendesk.renewal(&raw(whole.clone())).unwrap();
    let answer = reply(
        200,
        r#"{"access_token":"a2","refresh_token":"r2","token_type":"bearer","scope":"read"}"#,
    );
    let renewed = Zendesk.renewed(&raw(whole.clone()), &answer).unwrap();

    assert_eq!(endpoint.base.as_str(), "https://acme.zendesk.com/api/v2");
    assert_eq!(endpoint.headers["authorization"], "Bearer CANARY-access");
    assert!(!format!("{endpoint:?}").contains("CANARY"));
    assert_eq!(
        renewal
            .call
            .url(renewal.endpoint.base.as_str().trim_end_matches('/')),
        "https://acme.zendesk.com/oauth/tokens"
    );
    assert_eq!(renewal.call.replay, Replay::Never);
    let renewed: Value =
        serde_json::from_str(secrecy::ExposeSecret::expose_secret(&renewed)).unwrap();
    assert_eq!(
        (&renewed["access_token"], &renewed["refresh_token"]),
        (&json!("a2"), &json!("r2"))
    );
    assert_eq!(
        (&renewed["client_secret"], &renewed["subdomain"]),
        (&whole["client_secret"], &whole["subdomain"])
    );
    for missing in ["refresh_token", "client_id", "client_secret"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(missing);
        assert!(Zendesk.renewal(&raw(part)).is_none());
    }
    for odd in [
        "",
        "{}",
        r#"{"access_token":5}"#,
        r#"{"access_token":"a b"}"#,
        "[\"x\"]",
    ] {
        assert!(
            Zendesk
                .renewed(&raw(whole.clone()), &reply(200, odd))
                .is_err(),
            "{odd}"
        );
    }
}

/// What Zendesk answered in the recordings, or nothing where they are not at hand.
fn recorded() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/fixtures/zendesk/visual-mock-zendesk-api/recorded_responses.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: the recordings are not at hand");
        return Vec::new();
    };
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    all.into_iter()
        .map(|mut one| one["response"].take())
        .collect()
}

#[test]
fn recorded_tickets_lose_no_attribute() {
    for answer in recorded() {
        for raw in answer["tickets"].as_array().into_iter().flatten() {
            let text = raw.to_string();
            let wire: wire::Ticket<'_> = serde_json::from_str(&text).unwrap();
            let ticket = translate::ticket(wire, &People::default(), &Labels::default());

            let plain = |text: &Option<Text>| text.as_ref().map(|text| text.decode().into_owned());
            let id = |value: &Value| value.as_u64().map(|id| id.to_string());
            let ids = |name: &str| raw[name].as_array().unwrap().len();
            assert_eq!(ticket.id.upstream(), raw["id"].to_string());
            assert_eq!(plain(&ticket.subject).as_deref(), raw["subject"].as_str());
            assert_eq!(
                plain(&ticket.description).as_deref(),
                raw["description"].as_str()
            );
            assert_eq!(plain(&ticket.ticket_type).as_deref(), raw["type"].as_str());
            assert_eq!(ticket.priority.is_some(), raw["priority"].is_string());
            assert!(ticket.status.is_some() && ticket.native_status.is_some());
            assert_eq!(ticket.requester.unwrap().user_id, id(&raw["requester_id"]));
            assert_eq!(ticket.submitter, id(&raw["submitter_id"]));
            assert_eq!(ticket.assignee, id(&raw["assignee_id"]));
            assert_eq!(ticket.group, id(&raw["group_id"]));
            assert_eq!(ticket.company, id(&raw["organization_id"]));
            assert_eq!(ticket.public, raw["is_public"].as_bool());
            assert_eq!(ticket.tags.map_or(0, |tags| tags.len()), ids("tags"));
            assert_eq!(ticket.custom_properties.len(), ids("custom_fields"));
            assert_eq!(ticket.email_ccs.len(), ids("email_cc_ids"));
            assert_eq!(ticket.followers.len(), ids("follower_ids"));
            assert_eq!(ticket.created_at.unwrap().to_string(), raw["created_at"]);
            assert_eq!(ticket.modified_at.unwrap().to_string(), raw["updated_at"]);
        }
    }
}

#[test]
fn recorded_comments_and_people_lose_no_attribute() {
    for answer in recorded() {
        for raw in answer["comments"].as_array().into_iter().flatten() {
            let text = raw.to_string();
            let comment = translate::comment(serde_json::from_str(&text).unwrap(), None);
            let content = comment.content.unwrap();
            assert_eq!(comment.id.upstream(), raw["id"].to_string());
            assert_eq!(content.decode(), raw["html_body"].as_str().unwrap());
            assert_eq!(comment.public, raw["public"]);
            assert_eq!(comment.author.unwrap(), raw["author_id"].to_string());
            assert_eq!(comment.created_at.unwrap().to_string(), raw["created_at"]);
        }
        if let Some(users) = answer["users"].as_array() {
            let text = answer["users"].to_string();
            let list: List<wire::User<'_>> = serde_json::from_str(&text).unwrap();
            let people = People::of(list);
            for user in users {
                let id = serde_json::from_str(&user["id"].to_string()).unwrap();
                let person = people.person(id).unwrap();
                let text = |text: Option<Text>| text.map(|text| text.decode().into_owned());
                assert_eq!(text(person.name).as_deref(), user["name"].as_str());
                assert_eq!(text(person.email).as_deref(), user["email"].as_str());
            }
        }
    }
}
