//! Translations, without a runtime: values in, calls out; replies in, values out.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::model::filter::Filter;
use crate::model::patch::Patch;
use crate::model::ticket::{Priority, Status};
use crate::provider::upstream::read;
use crate::transport::call::Replay;

/// A reply with these headers.
fn reply(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let headers: HeaderMap = headers.collect();
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: Bytes::from(body.to_string()),
        took: std::time::Duration::ZERO,
    }
}

/// A new ticket with the least that Freshdesk needs.
fn new_ticket() -> NewTicket {
    NewTicket {
        subject: "s".into(),
        description: "d".into(),
        ticket_type: None,
        priority: Priority::Normal,
        status: Status::Open,
        tags: Vec::new(),
        public: true,
        due_at: None,
        custom_properties: Vec::new(),
        group: None,
        company: None,
        requester: Some(PersonRef {
            email: Some("a@example.com".into()),
            ..PersonRef::default()
        }),
        submitter: None,
        assignee: None,
        email_ccs: Vec::new(),
        followers: Vec::new(),
    }
}

#[test]
fn a_new_ticket_says_what_the_api_says() {
    let call = translate::create_ticket(&new_ticket()).unwrap();

    assert_eq!((call.method, call.replay), (Method::POST, Replay::Never));
    let expected = json!({ "subject": "s", "description": "d", "priority": 2, "status": 2, "email": "a@example.com" });
    assert_eq!(call.body, Some(expected));
}

#[test]
fn a_due_date_sets_both_of_freshdesks_without_a_fraction() {
    let new = NewTicket {
        due_at: Some("2030-01-02T03:04:05.678Z".parse().unwrap()),
        ..new_ticket()
    };

    let body = translate::create_ticket(&new).unwrap().body.unwrap();

    assert_eq!(
        (&body["due_by"], &body["fr_due_by"]),
        (
            &json!("2030-01-02T03:04:05Z"),
            &json!("2030-01-02T03:04:05Z")
        )
    );
}

#[test]
fn a_patch_is_only_what_it_names() {
    let id = TicketId::from_upstream("7");
    let patch = TicketPatch {
        assignee: Patch::Clear,
        tags: Patch::Clear,
        status: Patch::Set(Status::Closed),
        ..TicketPatch::default()
    };

    let call = translate::update_ticket(&id, &patch).unwrap().unwrap();

    assert_eq!((call.method, call.replay), (Method::PUT, Replay::Safe));
    assert_eq!(call.path, ["tickets", "7"]);
    assert_eq!(
        call.body,
        Some(json!({ "responder_id": null, "tags": [], "status": 5 }))
    );
    assert_eq!(
        translate::update_ticket(&id, &TicketPatch::default()).unwrap(),
        None
    );
}

#[test]
fn a_private_comment_is_a_note_that_says_so_and_a_public_one_a_reply() {
    let id = TicketId::from_upstream("7");
    let comment = |public| NewComment {
        content: "c".into(),
        author: None,
        public,
    };

    let private = translate::create_comment(&id, &comment(false)).unwrap();
    let public = translate::create_comment(&id, &comment(true)).unwrap();

    assert_eq!(
        (private.path, private.body),
        (
            vec!["tickets".into(), "7".into(), "notes".into()],
            Some(json!({ "body": "c", "private": true }))
        )
    );
    assert_eq!(
        (public.path, public.body),
        (
            vec!["tickets".into(), "7".into(), "reply".into()],
            Some(json!({ "body": "c" }))
        )
    );
}

#[test]
fn an_id_cannot_leave_its_place_in_the_path() {
    for id in [
        "../agents/me",
        "1/../2",
        "1?x=y",
        "1#",
        "",
        "01",
        "+1",
        "x",
        "184467440737095516160",
    ] {
        assert_eq!(
            translate::get_ticket(&TicketId::from_upstream(id))
                .unwrap_err()
                .kind,
            Kind::NotFound,
            "{id}"
        );
    }
}

#[test]
fn a_list_is_never_limited_to_thirty_days() {
    let query = TicketQuery {
        at: None,
        size: 100,
        order: Order::ModifiedAt,
        filter: Filter::default(),
        include_deleted: false,
        include_spam: false,
        include_archived: false,
        with_description: true,
        with_requester: false,
    };

    let call = translate::list_tickets(&query, walk::List::Trash, 0, 3, 500).unwrap();

    let url = call.url("https://acme.freshdesk.com/api/v2");
    let expected = "https://acme.freshdesk.com/api/v2/tickets?updated_since=1970-01-01T00%3A00%3A00Z&order_by=updated_at\
                    &order_type=asc&per_page=100&page=3&include=description&filter=deleted";
    assert_eq!(url, expected);
}

#[test]
fn people_in_copy_are_read_with_and_without_a_name() {
    let body = json!({ "id": 1, "cc_emails": ["a@example.com", "\"Ada L.\" <b@example.com>", "Bob <c@example.com>"] });
    let reply = reply(200, &[], &body);

    let ticket = translate::ticket(read(&reply).unwrap(), &Labels::default());

    let people: Vec<_> = ticket
        .email_ccs
        .iter()
        .map(|person| {
            (
                person.name.as_ref().map(Text::decode),
                person.email.as_ref().map(Text::decode),
            )
        })
        .collect();
    let named = |name: Option<&'static str>, email: &'static str| {
        (name.map(Into::into), Some(email.into()))
    };
    assert_eq!(
        people,
        [
            named(None, "a@example.com"),
            named(Some("Ada L."), "b@example.com"),
            named(Some("Bob"), "c@example.com")
        ]
    );
}

#[test]
fn a_refusal_is_told_in_our_names() {
    let errors = json!({ "description": "Validation failed", "errors": [
        { "field": "responder_id", "message": "There is no agent", "code": "invalid_value" },
        { "field": "custom_fields.cf_x", "message": "It should be a Number", "code": "datatype_mismatch" },
    ] });

    let error = classify::classify(&reply(400, &[], &errors));

    let expected = "the help desk refused the content: assignee: There is no agent; custom_properties.cf_x: It should be a Number";
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::Invalid, expected)
    );
}

#[test]
fn credentials_lead_to_the_vendors_own_domain() {
    let connect =
        |members: Value| Freshdesk.connect(&serde_json::value::to_raw_value(&members).unwrap());

    let endpoint = connect(json!({ "domain": "acme", "api_key": "key" })).unwrap();

    assert_eq!(endpoint.base.as_str(), "https://acme.freshdesk.com/api/v2");
    assert_eq!(endpoint.headers["authorization"], "Basic a2V5Olg=");
    assert!(endpoint.headers["authorization"].is_sensitive());
    assert!(!format!("{endpoint:?}").contains("a2V5"));
    assert_eq!(
        connect(json!({ "domain": "acme.freshdesk.com", "api_key": "key" }))
            .unwrap()
            .base,
        endpoint.base
    );
}

#[test]
fn a_wrong_credential_is_not_repeated_in_the_error() {
    let error = Freshdesk.connect(
        &serde_json::value::to_raw_value(&json!({ "domain": ["CANARY"], "api_key": "CANARY" }))
            .unwrap(),
    );
    assert!(!error.unwrap_err().to_string().contains("CANARY"));
}

/// What Freshdesk answered in a recording, or nothing where the recordings are not at hand.
fn recorded(name: &str) -> Option<Reply> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/fixtures/freshdesk-2017/recordings/"
    );
    let Ok(text) = std::fs::read_to_string(format!("{path}{name}.json")) else {
        eprintln!("skipped: the recording {name} is not at hand");
        return None;
    };
    let recording: Value = serde_json::from_str(&text).unwrap();
    let response = &recording["response"];
    let headers = response["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, values)| {
        (
            name.parse().unwrap(),
            values[0].as_str().unwrap().parse().unwrap(),
        )
    });
    let body = match &response["body"] {
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    Some(Reply {
        status,
        headers: headers.collect(),
        body: body.into(),
        took: Duration::ZERO,
    })
}

#[test]
fn recorded_tickets_lose_no_attribute() {
    for name in ["create_a_ticket__success", "view_all_by_email__success"] {
        let Some(reply) = recorded(name) else { return };
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let raws = if body.is_array() {
            body.as_array().unwrap().clone()
        } else {
            vec![body]
        };
        for raw in raws {
            let text = raw.to_string();
            let ticket =
                translate::ticket(serde_json::from_str(&text).unwrap(), &Labels::default());

            let same = |text: &Option<Text>, name: &str| {
                text.as_ref().map(|text| text.decode().into_owned())
                    == raw[name].as_str().map(str::to_owned)
            };
            assert_eq!(ticket.id.upstream(), raw["id"].to_string());
            assert!(
                same(&ticket.subject, "subject")
                    && same(&ticket.description, "description")
                    && same(&ticket.ticket_type, "type")
            );
            assert_eq!(ticket.created_at.unwrap().to_string(), raw["created_at"]);
            assert_eq!(ticket.modified_at.unwrap().to_string(), raw["updated_at"]);
            assert_eq!(
                ticket.requester.unwrap().user_id.unwrap(),
                raw["requester_id"].to_string()
            );
            assert!(ticket.status.is_some() && ticket.priority.is_some());
            assert_eq!(
                ticket.custom_properties.len(),
                raw["custom_fields"]
                    .as_object()
                    .map_or(0, serde_json::Map::len)
            );
            // Lists of 2017 have no tags.
            assert_eq!(
                ticket.tags.map_or(0, |tags| tags.len()),
                raw["tags"].as_array().map_or(0, Vec::len)
            );
        }
    }
}

#[test]
fn recorded_refusals_are_understood() {
    for (name, kind) in [
        // A create without a requester, whatever its name says.
        ("create_a_ticket__failure_invalid_token", Kind::Invalid),
        ("view_all_by_email__invalid_email", Kind::Invalid),
        ("view_all_by_email__invalid_query_param", Kind::Invalid),
        (
            "solutions__get_one_article__with_non_existing_id",
            Kind::NotFound,
        ),
    ] {
        let Some(reply) = recorded(name) else { return };
        assert_eq!(classify::classify(&reply).kind, kind, "{name}");
    }
}
