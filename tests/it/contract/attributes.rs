//! The attributes of tickets as requests name them: a value for each, and whether a ticket shows it.

use deskgate::model::field::{CommentField, Field as _, TicketField};
use deskgate::provider::capability::{Accepts, Operation};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::desks::{Cast, HelpDesk};

/// An id of nobody and nothing, in the form that any help desk could give.
pub(crate) const UNKNOWN: &str = "999999999999";

/// Whether a help desk has an operation.
pub(crate) fn has<D: HelpDesk>(operation: Operation) -> bool {
    D::capabilities().operations.contains(&operation)
}

/// What a request may name.
pub(crate) fn accepted<F: Copy>(accepts: &Accepts<F>) -> Vec<F> {
    [accepts.required, accepts.optional].concat()
}

/// The attributes of a ticket that an operation does not know.
pub(crate) fn lacking(accepts: &Accepts<TicketField>) -> Vec<TicketField> {
    let known = [
        accepts.required,
        accepts.optional,
        accepts.fixed,
        accepts.refused,
    ];
    let known = known.concat();
    let all = TicketField::ALL.iter().copied();
    all.filter(|field| !known.contains(field)).collect()
}

/// A change of a private comment that a help desk takes, if it takes any.
pub(crate) fn comment_edit<D: HelpDesk>() -> Value {
    if accepted(&D::capabilities().update_comment).contains(&CommentField::Content) {
        json!({ "content": "x" })
    } else {
        json!({ "public": false })
    }
}

/// A value for an attribute that the ticket of [`crate::contract::lab::new_ticket`] has not.
pub(crate) fn value(field: TicketField, cast: &Cast) -> Value {
    match field {
        TicketField::TicketType => json!(cast.ticket_type),
        TicketField::Subject => json!("Größe 42 – <i>late</i> & 日本 \\ \"quoted\""),
        TicketField::Description => json!("<p>Ünï 🌍 \"quoted\" \\ back ℵ مرحبا</p>"),
        TicketField::Priority => json!("urgent"),
        TicketField::Status => json!("pending"),
        TicketField::Tags => json!(["größe", "late"]),
        TicketField::Public => json!(false),
        TicketField::DueAt => json!("2026-12-24T12:00:00+01:00"),
        TicketField::CustomProperties => {
            let property = |(id, value): &(String, Value)| json!({ "id": id, "value": value });
            cast.properties.iter().map(property).collect()
        }
        TicketField::Group => json!(cast.group),
        TicketField::Company => json!(cast.company),
        TicketField::Requester => json!({ "email": cast.customer.1 }),
        TicketField::Submitter | TicketField::Assignee => json!(cast.agent),
        TicketField::EmailCcs => json!([{ "email": "copy@example.com" }]),
        TicketField::Followers => json!([{ "user_id": cast.agent }]),
    }
}

/// A request that names these attributes.
pub(crate) fn body(fields: &[TicketField], cast: &Cast) -> Value {
    let member = |field: &TicketField| (field.name().to_owned(), value(*field, cast));
    Value::Object(fields.iter().map(member).collect::<Map<_, _>>())
}

/// A request with more in it.
pub(crate) fn with(mut body: Value, more: &Value) -> Value {
    let members = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    body
}

/// Asserts that a ticket has a value that a request named.
#[track_caller]
pub(crate) fn assert_shows(ticket: &Value, field: TicketField, asked: &Value) {
    let told = &ticket[field.name()];
    let is_shown = match field {
        TicketField::Description => plain(told).contains(&plain(asked)),
        TicketField::DueAt => second(told) == second(asked),
        TicketField::Requester => is_person(told, asked),
        TicketField::EmailCcs | TicketField::Followers => {
            is_each(told, asked, is_person) && is_each(asked, told, |new, old| is_person(old, new))
        }
        TicketField::CustomProperties => is_each(told, asked, PartialEq::eq),
        TicketField::TicketType
        | TicketField::Subject
        | TicketField::Priority
        | TicketField::Status
        | TicketField::Tags
        | TicketField::Public
        | TicketField::Group
        | TicketField::Company
        | TicketField::Submitter
        | TicketField::Assignee => told == asked,
    };
    assert!(is_shown, "{field:?} is {told}, not {asked}");
}

/// Whether each value that was asked for is among those that are told.
fn is_each(told: &Value, asked: &Value, is_same: impl Fn(&Value, &Value) -> bool) -> bool {
    let (told, asked) = (told.as_array().unwrap(), asked.as_array().unwrap());
    asked
        .iter()
        .all(|new| told.iter().any(|old| is_same(old, new)))
}

/// Whether a person that is told is the one whom a request named.
fn is_person(told: &Value, asked: &Value) -> bool {
    let name = if asked["user_id"].is_string() {
        "user_id"
    } else {
        "email"
    };
    let text = |person: &Value| person[name].as_str().map(str::to_lowercase);
    text(told).is_some() && text(told) == text(asked)
}

/// A time in whole seconds, which is as fine as a help desk may keep it.
fn second(time: &Value) -> Option<i64> {
    let time: Timestamp = time.as_str()?.parse().ok()?;
    Some(time.as_second())
}

/// What a person reads in a text that may be HTML.
pub(crate) fn plain(text: &Value) -> String {
    let mut plain = String::new();
    let mut is_tag = false;
    for letter in text.as_str().unwrap_or_default().chars() {
        match letter {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            letter if !is_tag => plain.push(letter),
            _ => {}
        }
    }
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    for (entity, letter) in entities {
        plain = plain.replace(entity, letter);
    }
    plain.trim().to_owned()
}

/// The value of a ticket's attribute as a request would say it.
pub(crate) fn as_request(field: TicketField, ticket: &Value) -> Value {
    let person = |told: &Value| {
        let name = if told["user_id"].is_string() {
            "user_id"
        } else {
            "email"
        };
        json!({ name: told[name] })
    };
    let told = &ticket[field.name()];
    match (field, told) {
        (TicketField::Requester, Value::Object(_)) => person(told),
        (TicketField::EmailCcs | TicketField::Followers, Value::Array(people)) => {
            people.iter().map(person).collect()
        }
        _ => told.clone(),
    }
}
