//! What Freshdesk means when it refuses (Freshdesk reference, section 12).

use http::StatusCode;

use crate::provider::error::{Kind, ProviderError};
use crate::providers::freshdesk::wire::Failure;
use crate::transport::call::Reply;

/// Names the failure behind a reply that is not a success.
pub(super) fn classify(reply: &Reply) -> ProviderError {
    // An unknown sub-domain answers with the blank 404 of a missing object, but without the rate
    // headers that every answer of a real account carries (section 12).
    if reply.status == StatusCode::NOT_FOUND && reply.header("x-ratelimit-total").is_none() {
        let message =
            "no Freshdesk account answers at the address of this account: check its domain";
        return ProviderError {
            status: Some(404),
            ..ProviderError::new(Kind::Unavailable, message)
        };
    }
    let failure: Failure = serde_json::from_slice(&reply.body).unwrap_or_default();
    ProviderError::from_status(reply, message(&failure).as_deref())
}

/// The refusal in one sentence, with our names for the fields.
fn message(failure: &Failure) -> Option<String> {
    let mut sentences = Vec::new();
    for error in &failure.errors {
        let said = error.message.as_deref().unwrap_or("it was refused");
        sentences.push(match error.field.as_deref() {
            Some(field) => format!("{}: {said}", unified_name(field)),
            None => said.to_owned(),
        });
    }
    if !sentences.is_empty() {
        return Some(sentences.join("; "));
    }
    failure
        .message
        .clone()
        .or_else(|| failure.description.clone())
}

/// Our name for one of Freshdesk's fields.
fn unified_name(field: &str) -> String {
    if let Some(custom) = field.strip_prefix("custom_fields.") {
        return format!("custom_properties.{custom}");
    }
    match field {
        "requester_id" | "email" | "phone" | "twitter_id" | "facebook_id"
        | "unique_external_id" => "requester",
        "name" => "requester.name",
        "responder_id" => "assignee",
        "group_id" => "group",
        "company_id" => "company",
        "type" => "ticket_type",
        "due_by" | "fr_due_by" => "due_at",
        "cc_emails" => "email_ccs",
        "custom_fields" => "custom_properties",
        "body" => "content",
        "user_id" => "author",
        other => other,
    }
    .to_owned()
}
