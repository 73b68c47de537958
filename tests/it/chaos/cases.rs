//! What the clients want done.

use deskgate::model::id::TicketId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::dice::Dice;

/// Of so many replies one has a twin: the same text under another key.
const TWINS: usize = 10;

/// One write, under one key.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The text that is nowhere else, except in a twin of this case.
    pub(crate) marker: String,
    /// Where it is sent, below the account's help desk.
    pub(crate) path: String,
    /// What is sent.
    pub(crate) body: String,
    /// Its `Idempotency-Key`, if it has one.
    pub(crate) key: Option<String>,
    /// Whether customers may see it.
    pub(crate) is_public: bool,
}

impl Case {
    /// Whether it makes a ticket.
    pub(crate) fn is_create(&self) -> bool {
        self.path == "/tickets"
    }
}

/// So many new tickets.
pub(crate) fn creates(seed: u64, number: usize, requester: &str) -> Vec<Case> {
    let case = |place: usize| {
        let marker = format!("chaos-create-{seed:016x}-{place:05}");
        let body = json!({
            "subject": format!("Order {marker}"),
            "description": text(&marker, place),
            "requester": { "email": requester },
        });
        Case {
            path: "/tickets".to_owned(),
            key: Some(key(seed, "create", place)),
            body: body.to_string(),
            is_public: true,
            marker,
        }
    };
    (0..number).map(case).collect()
}

/// So many replies to these tickets, every other one private. Some come as twins, which are two replies.
pub(crate) fn replies(seed: u64, number: usize, tickets: &[String]) -> Vec<Case> {
    let case = |place: usize| {
        // The twin follows at once, so that two clients send the same at the same time.
        let original = if place % TWINS == 1 { place - 1 } else { place };
        let marker = format!("chaos-reply-{seed:016x}-{original:05}");
        let ticket = TicketId::from_upstream(&*tickets[original / 2 % tickets.len()]);
        let is_public = original % 4 < 2;
        let body: Value = json!({ "content": text(&marker, original), "public": is_public });
        Case {
            path: format!("/tickets/{ticket}/comments"),
            key: Some(key(seed, "reply", place)),
            body: body.to_string(),
            is_public,
            marker,
        }
    };
    (0..number).map(case).collect()
}

/// A text as people write them, in one of several shapes that help desks store in ways of their own.
fn text(marker: &str, place: usize) -> String {
    match place % 5 {
        0 => format!("{marker} plain"),
        1 => format!("<p>{marker} with <b>markup</b></p>"),
        2 => format!("<div>{marker} Grüße &amp; ☕ &lt;3</div>"),
        3 => format!("{marker} first line\nsecond  line "),
        _ => format!("<div>{marker}<br>one</div><div>two \"three\" \\ 4</div>"),
    }
}

/// A key, the same for the same seed.
fn key(seed: u64, kind: &str, place: usize) -> String {
    let mut dice = Dice::of(seed, ("key", kind, place));
    Uuid::from_u64_pair(dice.roll(), dice.roll()).to_string()
}
