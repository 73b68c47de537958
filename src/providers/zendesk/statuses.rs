//! Statuses and priorities: Zendesk's words, the account's own statuses, and the four of the unified API.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::model::ticket::{NativeStatus, Priority, Status};
use crate::provider::Result;
use crate::provider::json::Number;
use crate::provider::upstream::read;
use crate::providers::zendesk::wire;
use crate::transport::call::{Call, Reply};

/// The account's names of its statuses, as agents see them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Labels(HashMap<u64, String>);

/// Asks for the account's statuses; they are there with the feature off, too (section 3).
pub(super) fn get_labels() -> Call {
    Call::get(["custom_statuses".into()])
}

/// Reads the statuses' names.
pub(super) fn labels(reply: &Reply) -> Result<Labels> {
    let wire::CustomStatuses { custom_statuses } = read(reply)?;
    let named = custom_statuses.0.into_iter().filter_map(|status| {
        let wire::CustomStatus { id, agent_label } = status;
        Some((id.0?, agent_label?.into_owned()))
    });
    Ok(Labels(named.collect()))
}

/// The nearest unified status of one of Zendesk's categories.
fn unified(category: &str) -> Option<Status> {
    match category {
        "new" | "open" => Some(Status::Open),
        "pending" | "hold" => Some(Status::Pending),
        "solved" => Some(Status::Resolved),
        "closed" => Some(Status::Closed),
        _ => None,
    }
}

/// The unified status and the help desk's own: the account's status with its name, or at least the
/// category.
pub(super) fn status(
    category: Option<&RawValue>,
    custom: Number,
    labels: &Labels,
) -> (Option<Status>, Option<NativeStatus>) {
    let category: Option<String> = category.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let label = custom.0.and_then(|id| labels.0.get(&id)).cloned();
    let id = custom.id().or_else(|| category.clone());
    let native = id.map(|id| NativeStatus {
        id,
        label: label.or_else(|| category.clone()),
    });
    (category.as_deref().and_then(unified), native)
}

/// Zendesk's word for a unified status. Never `new`: it does not come back (section 3).
pub(super) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Pending => "pending",
        Status::Resolved => "solved",
        Status::Closed => "closed",
    }
}

/// The unified priority: the same words.
pub(super) fn priority(raw: Option<&RawValue>) -> Option<Priority> {
    serde_json::from_str(raw?.get()).ok()
}
