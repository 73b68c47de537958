//! Which statuses the tickets of a queue may have.

/// The statuses of a kind of queues. Every change from one to another is allowed, as in RT's own lifecycles.
#[derive(Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// Its name.
    pub name: &'static str,
    /// Statuses of tickets that nobody works on yet.
    pub initial: &'static [&'static str],
    /// Statuses of tickets that somebody works on.
    pub active: &'static [&'static str],
    /// Statuses of tickets that are done.
    pub inactive: &'static [&'static str],
    /// The statuses that a new ticket may have; the first is what it has unless told otherwise.
    pub at_creation: &'static [&'static str],
    /// The buttons of RT's pages, which are links over REST.
    pub(super) actions: &'static [Action],
}

/// A button that changes the status.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Action {
    /// The status in which it is shown.
    pub(super) from: &'static str,
    /// The status that it gives.
    pub(super) to: &'static str,
    /// What is written on it.
    pub(super) label: &'static str,
    /// Whether it opens a form for a reply (`Respond`) or a comment (`Comment`).
    pub(super) update: Option<&'static str>,
}

/// The lifecycle that queues have unless told otherwise.
pub static DEFAULT: Lifecycle = Lifecycle {
    name: "default",
    initial: &["new"],
    active: &["open", "stalled"],
    inactive: &["resolved", "rejected", "deleted"],
    at_creation: &["new", "open", "resolved"],
    actions: &[
        action("new", "open", "Open It", Some("Respond")),
        action("new", "resolved", "Resolve", Some("Comment")),
        action("new", "rejected", "Reject", Some("Respond")),
        action("new", "deleted", "Delete", None),
        action("open", "stalled", "Stall", Some("Comment")),
        action("open", "resolved", "Resolve", Some("Comment")),
        action("open", "rejected", "Reject", Some("Respond")),
        action("stalled", "open", "Open It", None),
        action("resolved", "open", "Re-open", Some("Comment")),
        action("rejected", "open", "Re-open", Some("Comment")),
        action("deleted", "open", "Undelete", None),
    ],
};

/// A lifecycle as an installation might make its own.
pub static DEVELOPMENT: Lifecycle = Lifecycle {
    name: "development",
    initial: &["todo"],
    active: &["doing", "waiting"],
    inactive: &["done", "deleted"],
    at_creation: &["todo", "doing"],
    actions: &[
        action("todo", "doing", "Begin", None),
        action("doing", "waiting", "Wait", Some("Comment")),
        action("doing", "done", "Finish", Some("Comment")),
        action("waiting", "doing", "Go on", None),
    ],
};

/// A button.
const fn action(
    from: &'static str,
    to: &'static str,
    label: &'static str,
    update: Option<&'static str>,
) -> Action {
    Action {
        from,
        to,
        label,
        update,
    }
}

impl Lifecycle {
    /// All statuses.
    pub fn statuses(&self) -> impl Iterator<Item = &'static str> {
        let live = self.initial.iter().chain(self.active);
        live.chain(self.inactive).copied()
    }

    /// Whether there is such a status.
    pub fn has(&self, status: &str) -> bool {
        self.statuses().any(|one| one == status)
    }

    /// The status of a new ticket that was told none.
    pub fn first(&self) -> &'static str {
        self.at_creation.first().copied().unwrap_or_default()
    }

    /// The status that a ticket of another lifecycle gets when it is moved here: its own if there is such a one,
    /// else the first of the same kind.
    pub(super) fn moved(&self, status: &str, from: &Self) -> &'static str {
        let same = self.statuses().find(|one| *one == status);
        let kind = if from.inactive.contains(&status) {
            self.inactive
        } else if from.active.contains(&status) {
            self.active
        } else {
            self.initial
        };
        same.or_else(|| kind.first().copied())
            .unwrap_or_else(|| self.first())
    }
}
