//! The simulated Request Tracker, and what is the same for it and the real one.

use std::sync::Arc;
use std::time::Duration;

use deskgate::clock::Clock;
use deskgate::providers::rt::sim::message::Kind;
use deskgate::providers::rt::sim::records::Ticket;
use deskgate::providers::rt::sim::switches::Ties;
use deskgate::providers::rt::sim::world_tickets::{Change, NewTicket};
use deskgate::providers::rt::sim::{Options, Simulator, Switches};
use deskgate::transport::http::Transport;
use http::Uri;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::desks::{Cast, HelpDesk, NativeStatus, Refusal, Setup, StoredComment, StoredTicket};
use crate::support::upstream::in_process;

/// Its token: a text that is nowhere else.
const TOKEN: &str = "1-14-CANARY-rt-token-5b0c";

/// Where both are, for the gateway.
pub(crate) const ORIGIN: &str = "http://rt.test";

/// Statuses of the default lifecycle, and of the one of the queue `Development`.
pub(crate) fn statuses() -> Vec<NativeStatus> {
    let known = [
        ("new", "open"),
        ("open", "open"),
        ("stalled", "pending"),
        ("resolved", "resolved"),
        ("rejected", "closed"),
        ("todo", "open"),
        ("doing", "open"),
        ("waiting", "open"),
        ("done", "open"),
    ];
    let status = |(id, word): (&str, _)| NativeStatus {
        id: id.to_owned(),
        label: id.to_owned(),
        word,
    };
    known.map(status).into()
}

/// Whether a status is one of the queue `Development`.
pub(crate) fn is_of_development(status: &str) -> bool {
    ["todo", "doing", "waiting", "done"].contains(&status)
}

/// Who and what is there.
pub(crate) fn cast() -> Cast {
    Cast {
        me: "root".into(),
        agent: "agent1".into(),
        customer: (
            "customer1@example.org".into(),
            "customer1@example.org".into(),
        ),
        group: "3".into(),
        company: String::new(),
        ticket_type: String::new(),
        properties: vec![
            ("External id".into(), json!("ORD-1")),
            ("Severity".into(), json!("High")),
        ],
    }
}

/// How RT words its refusals.
pub(crate) fn refusals() -> Vec<Refusal> {
    let refusal = |status, body, told, code, message| Refusal {
        status,
        body,
        told,
        code,
        message,
    };
    let syntax = r#"{"message":"Unknown field: x at /usr/share/request-tracker5/lib/RT/Tickets.pm line 3187.\n"}"#;
    vec![
        refusal(400, syntax, 400, "request_failed", "Unknown field: x"),
        refusal(
            401,
            r#"{"message":"Unauthorized"}"#,
            401,
            "service_unauthorized",
            "",
        ),
        refusal(
            403,
            r#"{"message":"Forbidden"}"#,
            403,
            "service_forbidden",
            "Forbidden",
        ),
        refusal(404, r#"{"message":"Not Found"}"#, 404, "not_found", ""),
        refusal(409, "", 409, "conflict", ""),
        refusal(
            429,
            "<html>a proxy's</html>",
            429,
            "too_many_service_requests",
            "",
        ),
        refusal(
            500,
            r#"{"message":"Internal Server Error"}"#,
            502,
            "bad_gateway",
            "",
        ),
        refusal(500, "", 502, "bad_gateway", ""),
    ]
}

/// The attributes of a ticket of RT's, and one that has the most needed.
pub(crate) fn specimen() -> (Vec<&'static str>, Value) {
    let names = vec![
        "Subject",
        "Status",
        "Priority",
        "Queue",
        "Owner",
        "Creator",
        "Requestor",
        "Cc",
        "AdminCc",
        "Due",
        "Created",
        "LastUpdated",
        "CustomFields",
    ];
    let ticket = json!({
        "id": "1", "type": "ticket", "Subject": "s", "Status": "open", "Priority": "50",
        "LastUpdated": "2020-01-01T00:00:00Z",
    });
    (names, ticket)
}

/// One ticket as the answer to a read of it, which is a search.
pub(crate) fn as_answer(ticket: &Value) -> Value {
    json!({ "items": [ticket], "count": 1, "total": 1, "page": 1, "pages": 1, "per_page": 1 })
}

/// Whether a request is a read of this ticket.
pub(crate) fn is_read_of(uri: &Uri, id: &str) -> bool {
    let query = uri.query().unwrap_or_default();
    uri.path().ends_with("/tickets") && query.contains(&format!("query=id%20%3D%20{id}&"))
}

/// Whether a request looks at the tickets, the deletions or the comments: their texts, files and the rest are read after.
pub(crate) fn is_look(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default();
    let is_history = uri.path().ends_with("/transactions") && !query.contains("%27Create%27");
    is_history || uri.path().ends_with("/tickets")
}

/// One.
#[derive(Clone)]
pub(crate) struct Rt {
    /// It.
    pub(crate) simulator: Simulator,
}

impl Rt {
    /// One that behaves so.
    pub(crate) fn with(tickets: u32, seed: u64, switches: Switches, clock: &Clock) -> Self {
        let clock = clock.clone();
        let options = Options {
            token: TOKEN.into(),
            agent_token: "1-35-agent".into(),
            password: "password".into(),
            tickets,
            seed,
            latency: Duration::ZERO,
            switches,
        };
        let simulator = Simulator::new(options, Arc::new(move || clock.now()));
        if tickets == 0 {
            // Some deleted and merged ones are there all the same.
            simulator.change(|world| world.tickets.clear());
        }
        Self { simulator }
    }

    /// Changes a ticket as its people do.
    fn change(&self, ticket: &str, change: Change) {
        let id = number(ticket);
        self.simulator.change(|world| world.edit(id, change));
    }

    /// Looks at a ticket.
    fn look<T>(&self, ticket: &str, look: impl FnOnce(&Ticket) -> T) -> T {
        let id = number(ticket);
        self.simulator.inspect(|world| look(&world.tickets[&id]))
    }
}

/// A number of the help desk's.
fn number(id: &str) -> u64 {
    id.parse().unwrap()
}

impl HelpDesk for Rt {
    const SERVICE: &'static str = "rt";
    const ORIGIN: &'static str = ORIGIN;

    async fn start(setup: Setup, clock: Clock) -> Self {
        let zones = ["UTC", "Europe/Berlin", "America/New_York"];
        let switches = Switches {
            time_zone: TimeZone::get(zones[usize::from(setup.habit % 3)]).unwrap(),
            ties: [Ties::ByStatus, Ties::NewestFirst, Ties::Shuffled]
                [usize::from(setup.habit / 3 % 3)],
            has_development: true,
            ..Switches::default()
        };
        Self::with(setup.tickets, setup.seed, switches, &clock)
    }

    fn transport(&self) -> Transport {
        in_process(self.simulator.router())
    }

    fn credentials() -> Value {
        json!({ "url": ORIGIN, "token": TOKEN })
    }

    fn secrets() -> Vec<String> {
        vec![TOKEN.into()]
    }

    async fn cast(&self) -> Cast {
        cast()
    }

    async fn statuses(&self) -> Vec<NativeStatus> {
        statuses()
    }

    fn refusals() -> Vec<Refusal> {
        refusals()
    }

    fn specimen() -> (Vec<&'static str>, Value) {
        specimen()
    }

    fn as_answer(ticket: Value) -> Value {
        as_answer(&ticket)
    }

    fn is_read_of(uri: &Uri, id: &str) -> bool {
        is_read_of(uri, id)
    }

    fn is_look(uri: &Uri) -> bool {
        is_look(uri)
    }

    async fn create(&self, subject: &str, seconds_ago: u32) -> String {
        let id = self.simulator.change(|world| {
            let customer = world.user("customer2@example.org").unwrap().id;
            let mut new = NewTicket::plain(subject, customer);
            new.priorities = ["50", "50", "0"].map(str::to_owned);
            world.create_ticket_ago(new, i64::from(seconds_ago))
        });
        id.to_string()
    }

    async fn edit(&self, ticket: &str, subject: &str) -> bool {
        // People edit what they find, and nothing finds a deleted ticket.
        if !self.look(ticket, Ticket::is_listable) {
            return false;
        }
        self.change(ticket, Change::Subject(subject.to_owned()));
        true
    }

    async fn set_status(&self, ticket: &str, status: &str) {
        if is_of_development(status) {
            self.change(ticket, Change::Queue(5));
        }
        self.change(ticket, Change::Status(status.to_owned()));
    }

    async fn trash(&self, ticket: &str, back: bool) -> bool {
        if self.look(ticket, Ticket::is_listable) == back {
            return false;
        }
        let id = number(ticket);
        self.simulator.change(|world| {
            if back {
                world.undelete_ticket(id);
            } else {
                world.delete_ticket(id);
            }
        });
        true
    }

    async fn mark_spam(&self, _: &str, _: bool) -> bool {
        false
    }

    async fn tickets(&self) -> Vec<StoredTicket> {
        self.simulator.inspect(|world| {
            let unmerged = world
                .tickets
                .values()
                .filter(|ticket| ticket.effective_id == ticket.id);
            let stored = unmerged.map(|ticket| StoredTicket {
                id: ticket.id.to_string(),
                is_trashed: !ticket.is_listable(),
                is_spam: false,
            });
            stored.collect()
        })
    }

    async fn add_comment(&self, ticket: &str, text: &str, is_public: bool) -> String {
        let kind = if is_public {
            Kind::Correspond
        } else {
            Kind::Comment
        };
        let id = number(ticket);
        let added = self
            .simulator
            .change(|world| world.add_message(id, kind, "text/html", text));
        added.to_string()
    }

    async fn edit_comment(&self, _: &str, _: &str, _: &str) -> bool {
        false
    }

    async fn delete_comment(&self, _: &str, _: &str) -> bool {
        false
    }

    async fn comments(&self, ticket: &str) -> Vec<StoredComment> {
        let id = number(ticket);
        self.simulator.inspect(|world| {
            let of_this = world.tickets[&id].transactions.iter();
            let entries = of_this.map(|entry| &world.transactions[entry]);
            let comment = entries.filter(|entry| matches!(entry.kind, "Correspond" | "Comment"));
            let stored = comment.map(|entry| StoredComment {
                id: entry.id.to_string(),
                is_public: entry.kind == "Correspond",
            });
            stored.collect()
        })
    }
}
