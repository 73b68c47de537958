//! The order of rows.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::dates;
use super::records::Ticket;
use super::world::World;

/// What rows are sorted by: numbers come before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Key {
    /// A column of numbers, in which SQLite keeps any text.
    pub(super) fn of(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Text(text.to_owned()), Self::Number)
    }
}

/// Sorts by several fields; `None` if one of them does not exist, which leaves nothing to show (trap 14).
pub(super) fn sorted<T: Copy>(
    rows: Vec<T>,
    order: &[(&str, bool)],
    key: impl Fn(T, &str) -> Option<Key>,
) -> Option<Vec<T>> {
    let keyed = rows.into_iter().map(|row| {
        let keys = order.iter().map(|(field, _)| key(row, field));
        Some((keys.collect::<Option<Vec<_>>>()?, row))
    });
    let mut keyed = keyed.collect::<Option<Vec<_>>>()?;
    keyed.sort_by(|(left, _), (right, _)| {
        let pairs = left.iter().zip(right).zip(order);
        let mut orders = pairs.map(|((left, right), (_, is_descending))| {
            let order = left.cmp(right);
            if *is_descending {
                order.reverse()
            } else {
                order
            }
        });
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    Some(keyed.into_iter().map(|(_, row)| row).collect())
}

impl World {
    /// What a ticket is sorted by, for a field in any letter case; `None` is a field that does not exist.
    pub(super) fn sort_key(&self, ticket: &Ticket, field: &str) -> Option<Key> {
        let login = |id: u64| Key::Text(self.login(id).to_lowercase());
        let date = |date: Option<Timestamp>| Key::Text(dates::stored(date.unwrap_or_default()));
        let first = |people: &[u64]| {
            let user = people.first().and_then(|id| self.users.get(id));
            Key::Text(
                user.map(|user| user.email.to_lowercase())
                    .unwrap_or_default(),
            )
        };
        Some(match field.to_lowercase().as_str() {
            "id" => Key::of(&ticket.id.to_string()),
            "effectiveid" => Key::of(&ticket.effective_id.to_string()),
            "subject" => Key::Text(ticket.subject.to_lowercase()),
            "status" => Key::Text(ticket.status.clone()),
            "priority" => Key::of(&ticket.priority),
            "initialpriority" => Key::of(&ticket.initial_priority),
            "finalpriority" => Key::of(&ticket.final_priority),
            "queue" => Key::Text(self.queues.get(&ticket.queue).map(|one| one.name.clone())?),
            "type" => Key::Text(String::new()),
            "owner" | "owner.name" => login(ticket.owner),
            "timeestimated" | "timeworked" | "timeleft" => {
                let [estimated, worked, left] = ticket.minutes;
                Key::of(&match field.to_lowercase().as_str() {
                    "timeestimated" => estimated.to_string(),
                    "timeworked" => worked.to_string(),
                    _ => left.to_string(),
                })
            }
            "creator" => login(ticket.creator),
            "lastupdatedby" => login(ticket.last_updated_by),
            "created" => date(Some(ticket.created)),
            "lastupdated" => date(Some(ticket.last_updated)),
            "due" => date(ticket.due),
            "resolved" => date(ticket.resolved),
            "started" => date(ticket.started),
            "told" => date(ticket.told),
            "starts" => date(None),
            "requestor.emailaddress" => first(&ticket.requestors),
            _ => return None,
        })
    }
}
