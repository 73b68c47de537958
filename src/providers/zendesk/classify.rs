//! What Zendesk means when it refuses (Zendesk reference, section 11).

use http::StatusCode;
use serde_json::value::RawValue;

use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::{Fields, List};
use crate::providers::zendesk::wire::Failure;
use crate::transport::call::Reply;

/// Names the failure behind a reply that is not a success.
pub(super) fn classify(reply: &Reply) -> ProviderError {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_ok();
    // An unknown subdomain answers 404 with a page for people; an object that is missing answers in
    // JSON (sections 1 and 11).
    if reply.status == StatusCode::NOT_FOUND && !is_json {
        let message =
            "no Zendesk account answers at the address of this account: check its subdomain";
        return ProviderError {
            status: Some(404),
            ..ProviderError::new(Kind::Unavailable, message)
        };
    }
    let failure: Failure<'_> = serde_json::from_slice(&reply.body).unwrap_or_default();
    let said = message(&failure).or_else(|| plain(&reply.body));
    let error = ProviderError::from_status(reply, said.as_deref());
    // A closed ticket takes no changes ever: that is its state, not the content.
    let is_closed = reply.status == StatusCode::UNPROCESSABLE_ENTITY
        && error.message.contains("closed prevents ticket update");
    if is_closed {
        return ProviderError {
            kind: Kind::Conflict,
            ..error
        };
    }
    error
}

/// The refusal in one sentence, with our names for the fields.
fn message(failure: &Failure<'_>) -> Option<String> {
    let Failure {
        error,
        description,
        error_description,
        details,
        errors,
    } = failure;
    let details: Vec<_> = details
        .0
        .iter()
        .flat_map(|(field, items)| sentences(field, items))
        .collect();
    if !details.is_empty() {
        return Some(details.join("; "));
    }
    let mut first = errors.0.iter();
    first
        .find_map(|members| {
            let title = string(members.get("title"));
            let code = string(members.get("code")).map(|code| format!("({code})"));
            let both = [title, code]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ");
            (!both.is_empty()).then_some(both)
        })
        .or_else(|| string(object(*error).get("message")))
        .or_else(|| string(*description))
        .or_else(|| string(*error_description))
        .or_else(|| string(*error))
}

/// A refusal in plain text, of which there are some. A page for people is none.
fn plain(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_sentence = !text.is_empty() && text.len() < 300 && !text.contains(['<', '{', '[']);
    is_sentence.then(|| text.to_owned())
}

/// What is wrong with one field: `assignee: is required when solving a ticket`.
fn sentences(field: &str, items: &RawValue) -> Vec<String> {
    let items: List<Fields<'_>> = serde_json::from_str(items.get()).unwrap_or_default();
    let said = items.0.iter().filter_map(|members| {
        let text = string(members.get("description"))?;
        let kind = string(members.get("ticket_field_type")).unwrap_or_default();
        // The text itself begins with the field, as people see it: `Assignee: is required`.
        let (name, rest) = text.split_once(": ").unwrap_or(("", &text));
        let known = (field == "comment" && rest.starts_with("Author"))
            .then_some("author")
            .or_else(|| unified_name(field))
            .or_else(|| unified_name(kind.strip_prefix("Field").unwrap_or(&kind)))
            .or_else(|| unified_name(name));
        Some(match known {
            Some(known) => format!("{known}: {rest}"),
            None => text.clone(),
        })
    });
    said.collect()
}

/// Our name for one of Zendesk's fields; none if there is none.
fn unified_name(field: &str) -> Option<&'static str> {
    Some(match field.to_ascii_lowercase().as_str() {
        "requester" | "requester_id" | "email" => "requester",
        "name" => "requester.name",
        "assignee" | "assignee_id" => "assignee",
        "group" | "group_id" => "group",
        "organization" | "organization_id" => "company",
        "submitter" | "submitter_id" => "submitter",
        "author" | "author_id" => "author",
        "type" | "tickettype" => "ticket_type",
        "due_at" | "due_date" | "duedate" => "due_at",
        "email_ccs" | "collaborators" | "collaborator_ids" => "email_ccs",
        "followers" => "followers",
        "custom_fields" => "custom_properties",
        "comment" => "content",
        "status" => "status",
        "priority" => "priority",
        "subject" => "subject",
        "description" => "description",
        "tags" => "tags",
        _ => return None,
    })
}

/// A string, if the value is one.
fn string(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

/// An object, if the value is one.
fn object(raw: Option<&RawValue>) -> Fields<'_> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}
