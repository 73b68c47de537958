//! Statuses: Freshdesk's numbers, the account's own labels, and the four of the unified API.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::model::ticket::{NativeStatus, Priority, Status};
use crate::provider::Result;
use crate::provider::json::{Fields, Number};
use crate::provider::upstream::read;
use crate::providers::freshdesk::wire;
use crate::transport::call::{Call, Reply};

/// The account's names of its statuses, as agents see them. Ids are per account: they are read,
/// never taken from a fixed table (Freshdesk reference, section 8).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Labels(HashMap<u64, String>);

/// Asks for the field that lists the statuses; any agent may.
pub(super) fn get_labels() -> Call {
    Call::get(["ticket_fields".into()]).query("type", "default_status")
}

/// Reads the statuses' names: `choices` of the field `status` is `{"2": ["Open", …], …}`.
pub(super) fn labels(reply: &Reply) -> Result<Labels> {
    let fields: Vec<wire::TicketField<'_>> = read(reply)?;
    let mut labels = HashMap::new();
    let choices = fields
        .iter()
        .find(|field| field.name == "status")
        .and_then(|field| field.choices);
    if let Some(choices) = choices
        && let Ok(Fields(choices)) = serde_json::from_str(choices.get())
    {
        for (id, names) in choices {
            if let (Ok(id), Some(label)) = (id.parse(), first_name(names)) {
                labels.insert(id, label.into_owned());
            }
        }
    }
    Ok(Labels(labels))
}

/// The agents' label of a status.
fn first_name(names: &RawValue) -> Option<Cow<'_, str>> {
    let names: Vec<Cow<'_, str>> = serde_json::from_str(names.get()).ok()?;
    names.into_iter().next()
}

/// The nearest unified status and the help desk's own.
///
/// 2 to 5 are built in and cannot go. Any other status is an unresolved one that somebody named:
/// a name that speaks of waiting is pending, one that speaks of an end is that end, and everything
/// else is open.
pub(super) fn status(number: Number, labels: &Labels) -> (Option<Status>, Option<NativeStatus>) {
    let Some(number) = number.0 else {
        return (None, None);
    };
    let label = labels.0.get(&number);
    let status = match number {
        2 => Status::Open,
        3 => Status::Pending,
        4 => Status::Resolved,
        5 => Status::Closed,
        _ => label.map_or(Status::Open, |label| nearest(label)),
    };
    (
        Some(status),
        Some(NativeStatus {
            id: number.to_string(),
            label: label.cloned(),
        }),
    )
}

/// The unified status that a label speaks of.
fn nearest(label: &str) -> Status {
    let label = label.to_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| label.contains(word));
    if speaks_of(&["wait", "pending", "hold"]) {
        Status::Pending
    } else if speaks_of(&["resolved", "solved"]) && !speaks_of(&["unresolved", "unsolved"]) {
        Status::Resolved
    } else if speaks_of(&["closed"]) {
        Status::Closed
    } else {
        Status::Open
    }
}

/// Freshdesk's number of a unified status.
pub(super) fn status_number(status: Status) -> u64 {
    match status {
        Status::Open => 2,
        Status::Pending => 3,
        Status::Resolved => 4,
        Status::Closed => 5,
    }
}

/// The unified priority; none for a number that is not known.
pub(super) fn priority(number: Number) -> Option<Priority> {
    match number.0 {
        Some(1) => Some(Priority::Low),
        Some(2) => Some(Priority::Normal),
        Some(3) => Some(Priority::High),
        Some(4) => Some(Priority::Urgent),
        _ => None,
    }
}

/// Freshdesk's number of a unified priority.
pub(super) fn priority_number(priority: Priority) -> u64 {
    match priority {
        Priority::Low => 1,
        Priority::Normal => 2,
        Priority::High => 3,
        Priority::Urgent => 4,
    }
}
