//! What the simulated help desks really hold, as the judgement reads it.

use axum::Router;

use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::desks::rt::Rt;
use crate::desks::zendesk::Zendesk;

/// A ticket or a comment as the help desk holds it.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Its id in the help desk.
    pub(crate) id: String,
    /// The subject; a comment has none.
    pub(crate) subject: Option<String>,
    /// Its text, or that of a ticket's first message.
    pub(crate) text: String,
    /// Whether customers see it.
    pub(crate) is_public: bool,
}

/// A simulated help desk that can be looked into.
pub(crate) trait Inside: HelpDesk {
    /// Its HTTP face.
    fn router(&self) -> Router;
    /// All its tickets.
    fn written_tickets(&self) -> Vec<Written>;
    /// The comments on one of its tickets, without the first message.
    fn written_comments(&self, ticket: &str) -> Vec<Written>;
}

impl Inside for Freshdesk {
    fn router(&self) -> Router {
        self.simulator.router()
    }

    fn written_tickets(&self) -> Vec<Written> {
        self.simulator.inspect(|world| {
            let tickets = world.tickets.values();
            let written = tickets.map(|ticket| Written {
                id: ticket.id.to_string(),
                subject: ticket.subject.clone(),
                text: ticket.description.clone(),
                is_public: true,
            });
            written.collect()
        })
    }

    fn written_comments(&self, ticket: &str) -> Vec<Written> {
        let id: u64 = ticket.parse().unwrap();
        self.simulator.inspect(|world| {
            let conversations = world.tickets[&id].conversations.iter();
            let written = conversations.map(|conversation| Written {
                id: conversation.id.to_string(),
                subject: None,
                text: conversation.body.clone(),
                is_public: !conversation.private,
            });
            written.collect()
        })
    }
}

impl Inside for Zendesk {
    fn router(&self) -> Router {
        self.simulator.router()
    }

    fn written_tickets(&self) -> Vec<Written> {
        self.simulator.inspect(|world| {
            let tickets = world.tickets.values();
            let written = tickets.map(|ticket| Written {
                id: ticket.id.to_string(),
                subject: ticket.subject.clone(),
                text: ticket.description.clone(),
                is_public: ticket.is_public(),
            });
            written.collect()
        })
    }

    fn written_comments(&self, ticket: &str) -> Vec<Written> {
        let id: u64 = ticket.parse().unwrap();
        self.simulator.inspect(|world| {
            let comments = world.tickets[&id].comments.iter().skip(1);
            let written = comments.map(|comment| Written {
                id: comment.id.to_string(),
                subject: None,
                text: comment.html_body.clone(),
                is_public: comment.public,
            });
            written.collect()
        })
    }
}

impl Inside for Rt {
    fn router(&self) -> Router {
        self.simulator.router()
    }

    fn written_tickets(&self) -> Vec<Written> {
        let tickets = self.simulator.inspect(|world| world.tickets.clone());
        let written = tickets.into_values().map(|ticket| Written {
            id: ticket.id.to_string(),
            text: self.texts(&ticket.transactions, &["Create"]).remove(0).1,
            subject: Some(ticket.subject),
            is_public: true,
        });
        written.collect()
    }

    fn written_comments(&self, ticket: &str) -> Vec<Written> {
        let id: u64 = ticket.parse().unwrap();
        let entries = self
            .simulator
            .inspect(|world| world.tickets[&id].transactions.clone());
        let comment = |kind: &'static str| {
            let of_kind = self.texts(&entries, &[kind]).into_iter();
            of_kind.map(move |(id, text)| Written {
                id: id.to_string(),
                subject: None,
                text,
                is_public: kind == "Correspond",
            })
        };
        comment("Correspond").chain(comment("Comment")).collect()
    }
}

impl Rt {
    /// The texts of the transactions of these kinds.
    fn texts(&self, transactions: &[u64], kinds: &[&str]) -> Vec<(u64, String)> {
        self.simulator.inspect(|world| {
            let entries = transactions.iter().map(|id| &world.transactions[id]);
            let of_kinds = entries.filter(|entry| kinds.contains(&entry.kind));
            let texts = of_kinds.map(|entry| {
                let parts = entry.attachments.iter().map(|id| &world.attachments[id]);
                let texts = parts.map(|part| String::from_utf8_lossy(&part.content));
                (entry.id, texts.collect::<Vec<_>>().join("\n"))
            });
            texts.collect()
        })
    }
}
