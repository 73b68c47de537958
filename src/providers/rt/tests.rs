//! Translations against what a real RT has answered, and against themselves.

use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::model::ticket::{Priority, Status};
use crate::provider::Provider as _;
use crate::provider::error::{InvalidCredentials, Kind};
use crate::provider::json::Number;
use crate::providers::rt::credentials::Options;
use crate::providers::rt::words::{self, Priorities};
use crate::providers::rt::{Rt, classify, translate, wire};
use crate::transport::call::{Endpoint, Reply};

/// The options of an account that asks for nothing.
fn options() -> Options {
    Options {
        default_queue: None,
        tags_field: "Tags".into(),
        priorities: Priorities::default(),
    }
}

/// Connects an account.
fn connect(credentials: &Value) -> Result<Endpoint, InvalidCredentials> {
    Rt.connect(&to_raw_value(credentials).unwrap())
}

/// Recorded requests and answers, or nothing where the recordings are not at hand.
fn recorded() -> Vec<(Value, Reply)> {
    let mut pairs = Vec::new();
    for name in ["pairs.jsonl", "pairs2.jsonl"] {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures/rt/");
        let Ok(text) = std::fs::read_to_string(format!("{path}{name}")) else {
            eprintln!("skipped: the recording {name} is not at hand");
            return Vec::new();
        };
        for line in text.lines() {
            let pair: Value = serde_json::from_str(line).unwrap();
            let response = &pair["response"];
            let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
            let body = response["body"].as_str().unwrap_or_default().to_owned();
            let reply = Reply {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: body.into(),
                took: std::time::Duration::ZERO,
            };
            pairs.push((pair["request"].clone(), reply));
        }
    }
    pairs
}

/// The objects of an answer that are tickets with a subject.
fn tickets(reply: &Reply) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let listed = body["items"].as_array().cloned();
    let all = listed.unwrap_or_else(|| vec![body]).into_iter();
    let is_ticket = |object: &Value| object["Subject"].is_string() && object["Status"].is_string();
    all.filter(is_ticket).collect()
}

#[test]
fn recorded_tickets_lose_no_attribute() {
    let mut seen = 0;
    for (_, reply) in recorded() {
        for raw in tickets(&reply) {
            seen += 1;
            let text = raw.to_string();
            let ticket = translate::ticket(serde_json::from_str(&text).unwrap(), &options());

            let subject = ticket.subject.map(|text| text.decode().into_owned());
            assert_eq!(subject.unwrap_or_default(), raw["Subject"]);
            assert_eq!(
                ticket.id.upstream(),
                raw["id"].to_string().trim_matches('"')
            );
            assert_eq!(ticket.native_status.unwrap().id, raw["Status"]);
            assert_eq!(ticket.group.unwrap(), raw["Queue"]["id"]);
            assert_eq!(ticket.modified_at.unwrap().to_string(), raw["LastUpdated"]);
            let owner = raw["Owner"]["id"].as_str().unwrap();
            assert_eq!(
                ticket.assignee,
                Some(owner.to_owned()).filter(|owner| owner != "Nobody")
            );
            let due = raw["Due"].as_str().filter(|due| !due.starts_with("1970"));
            assert_eq!(ticket.due_at.map(|due| due.to_string()).as_deref(), due);
            if let Some(first) = raw["Requestor"].get(0) {
                assert_eq!(ticket.requester.unwrap().user_id.unwrap(), first["id"]);
            }
            let fields = raw["CustomFields"].as_array().unwrap();
            let with_tags = usize::from(ticket.tags.is_some());
            assert_eq!(ticket.custom_properties.len() + with_tags, fields.len());
            assert!(ticket.deleted || ticket.status.is_some());
        }
    }
    assert!(seen == 0 || seen >= 10, "{seen}");
}

#[test]
fn recorded_refusals_are_understood() {
    for (request, reply) in recorded() {
        if reply.status.is_success() || reply.status == StatusCode::NOT_MODIFIED {
            continue;
        }
        let error = classify::classify(&reply);
        let kind = match reply.status.as_u16() {
            400 => Kind::Invalid,
            401 => Kind::Unauthenticated,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            405 => Kind::Conflict,
            500 | 501 => Kind::Unavailable,
            _ => Kind::Malformed,
        };
        assert_eq!(error.kind, kind, "{request}");
        assert!(!error.message.contains("/usr/share"), "{}", error.message);
    }
}

#[test]
fn recorded_lists_are_read() {
    for (request, reply) in recorded() {
        let is_list = request["url"].as_str().unwrap().contains("/tickets?");
        if is_list && reply.status.is_success() {
            let listed: wire::Collection<'_> = serde_json::from_slice(&reply.body).unwrap();
            assert!(listed.total.0.is_some(), "{request}");
        }
    }
}

#[test]
fn an_address_may_have_a_path() {
    for (url, base) in [
        ("https://rt.example.com", "https://rt.example.com/REST/2.0"),
        ("https://rt.example.com/", "https://rt.example.com/REST/2.0"),
        ("https://example.com/rt/", "https://example.com/rt/REST/2.0"),
        (
            "https://example.com/rt/REST/2.0",
            "https://example.com/rt/REST/2.0",
        ),
    ] {
        let endpoint = connect(&json!({ "url": url, "token": "1-14-abc" })).unwrap();
        assert_eq!(endpoint.base.as_str(), base);
        assert_eq!(endpoint.headers["authorization"], "token 1-14-abc");
        assert!(endpoint.headers["authorization"].is_sensitive());
        assert!(!format!("{endpoint:?}").contains("1-14-abc"));
    }
}

#[test]
fn what_cannot_connect_is_said_without_the_token() {
    let good = json!({ "url": "https://rt.example.com", "token": "CANARY" });
    let wrong = [
        json!({ "url": "rt.example.com" }),
        json!({ "url": "https://rt.example.com?x=CANARY" }),
        json!({ "token": "CANARY\nx" }),
        json!({ "token": ["CANARY"] }),
        json!({ "default_queue": "" }),
        json!({ "tags_field": 5 }),
        json!({ "priorities": { "low": 0, "normal": 5, "high": 5, "urgent": 9 } }),
        json!({ "priorities": [0, 1, 2, 3] }),
        json!({ "unheard_of": true }),
    ];
    for wrong in wrong {
        let mut credentials = good.clone();
        let members = wrong.as_object().unwrap().clone();
        credentials.as_object_mut().unwrap().extend(members);
        let Err(error) = connect(&credentials) else {
            panic!("{credentials} connects");
        };
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }
    connect(&good).unwrap();
}

#[test]
fn a_written_status_is_read_as_the_same_word() {
    for word in Status::ALL {
        let raw = to_raw_value(words::native_status(word)).unwrap();
        assert_eq!(words::status(Some(&raw)).0, Some(word));
    }
}

proptest! {
    #[test]
    fn a_written_priority_is_read_as_the_same_word(low in 0..20_u64, steps in prop::array::uniform3(1..40_u64)) {
        let [normal, high, urgent] = steps;
        let normal = low + normal;
        let numbers = json!({ "low": low, "normal": normal, "high": normal + high, "urgent": normal + high + urgent });
        let priorities: Priorities = serde_json::from_value(numbers).unwrap();
        prop_assert!(priorities.are_in_order());
        let mut before = Priority::Low;
        for number in 0..150 {
            let word = priorities.word(Number(Some(number))).unwrap();
            prop_assert!(word as u8 >= before as u8, "a greater number is no lower word");
            before = word;
        }
        for word in Priority::ALL {
            prop_assert_eq!(priorities.word(Number(Some(priorities.number(word)))), Some(word));
        }
    }
}
