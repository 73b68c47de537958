//! Statuses and priorities: RT's own and the API's words for them.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::ticket::{NativeStatus, Priority, Status};
use crate::provider::json::{Number, text};
use crate::providers::rt::sql::Sql;

/// Statuses of RT's default lifecycle that have a word of their own. Every other one, of other lifecycles
/// too, counts as open.
const STATUSES: [(&str, Status); 3] = [
    ("stalled", Status::Pending),
    ("resolved", Status::Resolved),
    ("rejected", Status::Closed),
];

/// The status of a ticket that is deleted.
pub(super) const DELETED: &str = "deleted";

/// A status as RT has it, and the API's word.
pub(super) fn status(raw: Option<&RawValue>) -> (Option<Status>, Option<NativeStatus>) {
    let Some(name) = text(raw) else {
        return (None, None);
    };
    let name = name.decode().into_owned();
    let known = STATUSES.iter().find(|(native, _)| *native == name);
    let word = known.map_or(Status::Open, |(_, word)| *word);
    let word = (name != DELETED).then_some(word);
    let native = NativeStatus {
        id: name.clone(),
        label: Some(name),
    };
    (word, Some(native))
}

/// RT's status for a word, for a ticket that has another one.
pub(super) fn native_status(word: Status) -> &'static str {
    let known = STATUSES.iter().find(|(_, own)| *own == word);
    known.map_or("open", |(native, _)| native)
}

/// Finds the tickets with this word.
pub(super) fn status_condition(word: Status) -> Sql {
    match word {
        Status::Open => Sql::all(STATUSES.map(|(native, _)| Sql::text("Status", "!=", native))),
        Status::Pending | Status::Resolved | Status::Closed => {
            Sql::text("Status", "=", native_status(word))
        }
    }
}

/// The number that stands for each priority. A number in between reads as the next lower word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Priorities {
    /// Of `low`.
    low: u64,
    /// Of `normal`.
    normal: u64,
    /// Of `high`.
    high: u64,
    /// Of `urgent`.
    urgent: u64,
}

impl Default for Priorities {
    /// As RT's own pages name them: Low from 0, Medium from 50, High from 100; `high` is before that.
    fn default() -> Self {
        Self {
            low: 0,
            normal: 50,
            high: 75,
            urgent: 100,
        }
    }
}

impl Priorities {
    /// Whether the words are in order.
    pub(super) fn are_in_order(&self) -> bool {
        self.low < self.normal && self.normal < self.high && self.high < self.urgent
    }

    /// The number of a word.
    pub(super) fn number(&self, word: Priority) -> u64 {
        match word {
            Priority::Low => self.low,
            Priority::Normal => self.normal,
            Priority::High => self.high,
            Priority::Urgent => self.urgent,
        }
    }

    /// The word for a number; none for what is no number.
    pub(super) fn word(&self, Number(number): Number) -> Option<Priority> {
        let number = number?;
        let mut words = Priority::ALL.into_iter().rev();
        let word = words.find(|word| number >= self.number(*word));
        Some(word.unwrap_or(Priority::Low))
    }

    /// Finds the tickets with this word.
    pub(super) fn condition(&self, word: Priority) -> Sql {
        let lower =
            (word != Priority::Low).then(|| Sql::number("Priority", ">=", self.number(word)));
        let mut higher = Priority::ALL.into_iter().skip_while(|own| *own != word);
        let upper = higher
            .nth(1)
            .map(|next| Sql::number("Priority", "<", self.number(next)));
        Sql::all(lower.into_iter().chain(upper))
    }
}

/// A time that is set. RT tells one that is not as the beginning of 1970.
pub(super) fn time(raw: Option<&RawValue>) -> Option<Timestamp> {
    crate::provider::json::time(raw).filter(|time| *time != Timestamp::UNIX_EPOCH)
}
