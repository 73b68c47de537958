//! The simulated Freshdesk.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use deskgate::clock::Clock;
use deskgate::providers::freshdesk::sim::records::Ticket;
use deskgate::providers::freshdesk::sim::records_people::Agent;
use deskgate::providers::freshdesk::sim::switches::{NullDueDates, TieOrder};
use deskgate::providers::freshdesk::sim::{Options, Plan, Simulator, Switches};
use deskgate::transport::http::Transport;
use serde_json::{Value, json};

use crate::desks::{Cast, HelpDesk, NativeStatus, Refusal, Setup, StoredComment, StoredTicket};
use crate::support::upstream::in_process;
use crate::support::{UPSTREAM_KEY, UPSTREAM_URL};

/// One.
#[derive(Clone)]
pub(crate) struct Freshdesk {
    /// It.
    pub(crate) simulator: Simulator,
}

impl Freshdesk {
    /// One that behaves so.
    pub(crate) fn with(tickets: u32, switches: Switches, clock: &Clock) -> Self {
        let clock = clock.clone();
        let options = Options {
            api_key: UPSTREAM_KEY.into(),
            tickets,
            seed: 7,
            plan: Plan::Unlimited,
            latency: Duration::ZERO,
            switches,
        };
        Self {
            simulator: Simulator::new(options, Arc::new(move || clock.now())),
        }
    }

    /// Edits a ticket, as the people in the help desk do.
    fn change(&self, ticket: &str, edit: impl FnOnce(&mut Ticket)) {
        let id = number(ticket);
        self.simulator
            .change(|world| assert!(world.edit_ticket(id, edit), "no ticket {id}"));
    }
}

/// A number of the help desk's.
fn number(id: &str) -> u64 {
    id.parse().unwrap()
}

impl HelpDesk for Freshdesk {
    const SERVICE: &'static str = "freshdesk";
    const ORIGIN: &'static str = UPSTREAM_URL;

    async fn start(setup: Setup, clock: Clock) -> Self {
        let switches = Switches {
            tie_order: [TieOrder::IdAscending, TieOrder::IdDescending]
                [usize::from(setup.habit % 2)],
            descriptions_in_lists: setup.habit & 2 != 0,
            null_due_dates: [NullDueDates::Cleared, NullDueDates::Recomputed]
                [usize::from(setup.habit / 4 % 2)],
            idle_updates_keep_updated_at: setup.habit & 8 != 0,
            person_filters_lift_30_days: setup.habit & 16 != 0,
            ..Switches::default()
        };
        let options = Options {
            api_key: UPSTREAM_KEY.into(),
            tickets: setup.tickets,
            seed: setup.seed,
            plan: Plan::Unlimited,
            latency: Duration::ZERO,
            switches,
        };
        let simulator = Simulator::new(options, Arc::new(move || clock.now()));
        if setup.tickets == 0 {
            simulator.change(|world| {
                let seeded: Vec<_> = world.tickets.keys().copied().collect();
                for id in seeded {
                    world.destroy_ticket(id);
                }
            });
        }
        Self { simulator }
    }

    fn transport(&self) -> Transport {
        in_process(self.simulator.router())
    }

    fn credentials() -> Value {
        json!({ "url": UPSTREAM_URL, "api_key": UPSTREAM_KEY })
    }

    fn secrets() -> Vec<String> {
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{UPSTREAM_KEY}:X"));
        vec![UPSTREAM_KEY.into(), basic]
    }

    async fn cast(&self) -> Cast {
        self.simulator.inspect(|world| {
            let my_groups = &world.agents[&world.me].group_ids;
            let colleague = |(id, agent): (&u64, &Agent)| {
                let shared = agent
                    .group_ids
                    .iter()
                    .find(|group| my_groups.contains(group));
                shared
                    .filter(|_| *id != world.me)
                    .map(|group| (*id, *group))
            };
            let (agent, group) = world.agents.iter().find_map(colleague).unwrap();
            let customer = world
                .contacts
                .values()
                .find(|contact| contact.email.is_some() && contact.company_id.is_some())
                .unwrap();
            Cast {
                me: world.me.to_string(),
                agent: agent.to_string(),
                customer: (customer.id.to_string(), customer.email.clone().unwrap()),
                group: group.to_string(),
                company: customer.company_id.unwrap().to_string(),
                ticket_type: "Incident".into(),
                properties: vec![
                    ("cf_reference".into(), json!("ORD-1")),
                    ("cf_seats".into(), json!(12)),
                ],
            }
        })
    }

    async fn statuses(&self) -> Vec<NativeStatus> {
        [
            ("2", "Open", "open"),
            ("3", "Pending", "pending"),
            ("4", "Resolved", "resolved"),
            ("5", "Closed", "closed"),
            ("6", "Waiting on Customer", "pending"),
            ("7", "Waiting on Third Party", "pending"),
            ("8", "Escalated to Engineering", "open"),
        ]
        .map(|(id, label, word)| NativeStatus {
            id: id.into(),
            label: label.into(),
            word,
        })
        .into()
    }

    fn refusals() -> Vec<Refusal> {
        let refusal = |status, body, told, code, message| Refusal {
            status,
            body,
            told,
            code,
            message,
        };
        let validation = r#"{"description":"Validation failed","errors":[{"field":"responder_id","message":"There is no agent with that id","code":"invalid_value"}]}"#;
        let credentials = r#"{"code":"invalid_credentials","message":"You have to be logged in to perform this action."}"#;
        let access = r#"{"code":"access_denied","message":"You are not authorized to perform this action."}"#;
        let suspended =
            r#"{"code":"account_suspended","message":"Your account has been suspended."}"#;
        vec![
            refusal(400, validation, 400, "request_failed", "assignee: "),
            refusal(401, credentials, 401, "service_unauthorized", ""),
            refusal(403, access, 403, "service_forbidden", "not authorized"),
            refusal(403, suspended, 403, "service_forbidden", "suspended"),
            refusal(404, "", 404, "not_found", ""),
            refusal(
                409,
                r#"{"description":"Validation failed","errors":[]}"#,
                409,
                "conflict",
                "",
            ),
            refusal(
                429,
                r#"{"message":"You have exceeded the limit of requests per hour"}"#,
                429,
                "too_many_service_requests",
                "",
            ),
            refusal(500, r#"{"message":"Internal"}"#, 502, "bad_gateway", ""),
            refusal(503, "", 502, "bad_gateway", ""),
        ]
    }

    fn specimen() -> (Vec<&'static str>, Value) {
        let names = vec![
            "subject",
            "description",
            "type",
            "status",
            "priority",
            "requester_id",
            "responder_id",
            "group_id",
            "company_id",
            "created_at",
            "updated_at",
            "due_by",
            "spam",
            "custom_fields",
            "tags",
            "cc_emails",
            "requester",
        ];
        let ticket = json!({
            "id": 1, "subject": "s", "status": 2, "priority": 1, "requester_id": 5, "created_at": "2020-01-01T00:00:00Z"
        });
        (names, ticket)
    }

    fn as_answer(ticket: Value) -> Value {
        ticket
    }

    async fn create(&self, subject: &str, seconds_ago: u32) -> String {
        self.simulator.change(|world| {
            let requester = *world.contacts.keys().next().unwrap();
            let mut ticket = world.blank_ticket(requester);
            ticket.subject = Some(subject.to_owned());
            ticket.updated_at -= Duration::from_secs(u64::from(seconds_ago));
            ticket.created_at = ticket.updated_at;
            let id = ticket.id;
            world.insert_ticket(ticket);
            id.to_string()
        })
    }

    async fn edit(&self, ticket: &str, subject: &str) -> bool {
        self.change(ticket, |ticket| ticket.subject = Some(subject.to_owned()));
        true
    }

    async fn set_status(&self, ticket: &str, status: &str) {
        self.change(ticket, |ticket| ticket.status = number(status));
    }

    async fn trash(&self, ticket: &str, back: bool) -> bool {
        self.change(ticket, |ticket| ticket.deleted = !back);
        true
    }

    async fn mark_spam(&self, ticket: &str, back: bool) -> bool {
        self.change(ticket, |ticket| ticket.spam = !back);
        true
    }

    async fn tickets(&self) -> Vec<StoredTicket> {
        self.simulator.inspect(|world| {
            let stored = |ticket: &Ticket| StoredTicket {
                id: ticket.id.to_string(),
                is_trashed: ticket.deleted,
                is_spam: ticket.spam,
            };
            world.tickets.values().map(stored).collect()
        })
    }

    async fn add_comment(&self, ticket: &str, text: &str, is_public: bool) -> String {
        let ticket = number(ticket);
        let id = self.simulator.change(|world| {
            let me = world.me;
            if is_public {
                world.add_reply(ticket, me, text)
            } else {
                world.add_note(ticket, me, text, true)
            }
        });
        id.to_string()
    }

    async fn edit_comment(&self, _ticket: &str, comment: &str, text: &str) -> bool {
        let id = number(comment);
        self.simulator.change(|world| {
            world.edit_conversation(id, |conversation| text.clone_into(&mut conversation.body))
        })
    }

    async fn delete_comment(&self, _ticket: &str, comment: &str) -> bool {
        let id = number(comment);
        self.simulator.change(|world| world.delete_conversation(id))
    }

    async fn comments(&self, ticket: &str) -> Vec<StoredComment> {
        self.simulator.inspect(|world| {
            let conversations = &world.tickets[&number(ticket)].conversations;
            conversations
                .iter()
                .map(|stored| StoredComment {
                    id: stored.id.to_string(),
                    is_public: !stored.private,
                })
                .collect()
        })
    }
}
