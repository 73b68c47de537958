//! The simulated Zendesk.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use deskgate::clock::Clock;
use deskgate::providers::zendesk::sim::records::Ticket;
use deskgate::providers::zendesk::sim::switches::{Backwards, Ties};
use deskgate::providers::zendesk::sim::world::World;
use deskgate::providers::zendesk::sim::{Options, Plan, Simulator, Switches};
use deskgate::transport::http::Transport;
use serde_json::{Value, json};

use crate::desks::{Cast, HelpDesk, NativeStatus, Refusal, Setup, StoredComment, StoredTicket};
use crate::support::upstream::in_process;

/// The agent's address.
const EMAIL: &str = "agent@acme.example";
/// The API token: a text that is nowhere else.
const TOKEN: &str = "CANARY-zendesk-token-4b7e";

/// One.
#[derive(Clone)]
pub(crate) struct Zendesk {
    /// It.
    pub(crate) simulator: Simulator,
}

impl Zendesk {
    /// One that behaves so.
    pub(crate) fn with(tickets: u32, seed: u64, switches: Switches, clock: &Clock) -> Self {
        let clock = clock.clone();
        let options = Options {
            email: EMAIL.into(),
            api_token: TOKEN.into(),
            tickets,
            seed,
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

impl HelpDesk for Zendesk {
    const SERVICE: &'static str = "zendesk";
    const ORIGIN: &'static str = "http://zendesk.test";

    async fn start(setup: Setup, clock: Clock) -> Self {
        let either = |bit: u8| setup.habit & bit != 0;
        let switches = Switches {
            ties: [Ties::AsSorted, Ties::IdAscending][usize::from(either(1))],
            exact_pages_have_more: either(2),
            backwards: [Backwards::AsAsked, Backwards::Forwards][usize::from(either(4))],
            duplicate_fields: either(8),
            solving_assigns: either(16),
            idle_update_answers_null_audit: either(32),
            ..Switches::default()
        };
        let desk = Self::with(setup.tickets, setup.seed, switches, &clock);
        if setup.tickets == 0 {
            desk.simulator.change(|world| world.tickets.clear());
        }
        desk
    }

    fn transport(&self) -> Transport {
        in_process(self.simulator.router())
    }

    fn credentials() -> Value {
        json!({ "url": Self::ORIGIN, "email": EMAIL, "api_token": TOKEN })
    }

    fn secrets() -> Vec<String> {
        let basic = format!("{EMAIL}/token:{TOKEN}");
        let basic = base64::engine::general_purpose::STANDARD.encode(basic);
        vec![TOKEN.into(), basic]
    }

    async fn cast(&self) -> Cast {
        self.simulator.inspect(|world| {
            let users = || world.users.values().filter(|user| user.active);
            let both = |group: &&u64| {
                let agents = users().filter(|user| user.role != "end-user");
                let others = agents.filter(|user| user.id != world.me);
                let is_shared = others
                    .into_iter()
                    .any(|user| world.is_in_group(user.id, **group));
                is_shared && world.is_in_group(world.me, **group)
            };
            let group = *world.groups.keys().find(both).unwrap();
            let is_colleague = |id: u64| id != world.me && world.is_in_group(id, group);
            let agent = users().find(|user| is_colleague(user.id)).unwrap().id;
            let customer = users()
                .find(|user| {
                    let is_customer = user.role == "end-user" && !user.suspended;
                    is_customer && user.email.is_some() && user.organization_id.is_some()
                })
                .unwrap();
            let field = |kind: &str| {
                let mut fields = world.ticket_fields.values();
                fields
                    .find(|field| field.kind == kind)
                    .unwrap()
                    .id
                    .to_string()
            };
            Cast {
                me: world.me.to_string(),
                agent: agent.to_string(),
                customer: (customer.id.to_string(), customer.email.clone().unwrap()),
                group: group.to_string(),
                company: customer.organization_id.unwrap().to_string(),
                // The one type that has a due date (section 3).
                ticket_type: "task".into(),
                properties: vec![
                    (field("text"), json!("ORD-1")),
                    (field("integer"), json!(12)),
                ],
            }
        })
    }

    async fn statuses(&self) -> Vec<NativeStatus> {
        self.simulator.inspect(|world| {
            let status =
                |status: &deskgate::providers::zendesk::sim::records_people::CustomStatus| {
                    NativeStatus {
                        id: status.id.to_string(),
                        label: status.agent_label.clone(),
                        word: match status.status_category.as_str() {
                            "new" | "open" => "open",
                            "pending" | "hold" => "pending",
                            "solved" => "resolved",
                            other => panic!("{other}"),
                        },
                    }
                };
            world.custom_statuses.values().map(status).collect()
        })
    }

    fn refusals() -> Vec<Refusal> {
        let refusal = |status, body, told, code, message| Refusal {
            status,
            body,
            told,
            code,
            message,
        };
        let solved = r#"{"error":"RecordInvalid","description":"Record validation errors","details":{"base":[{"description":"Assignee: is required when solving a ticket","error":null,"ticket_field_id":1,"ticket_field_type":"FieldAssignee"}]}}"#;
        let closed = r#"{"error":"RecordInvalid","description":"Record validation errors","details":{"status":[{"description":"Status: closed prevents ticket update"}]}}"#;
        let attribute = r#"{"error":{"title":"Invalid attribute","message":"You passed an invalid value for the subject attribute. must be a string"}}"#;
        let scope = r#"{"error":"Forbidden","description":"You are missing the following required scopes: read"}"#;
        let role = r#"{"error":{"title":"Forbidden","message":"You do not have access to this page. Please contact the account owner of this help desk for further help."}}"#;
        let cursor =
            r#"{"errors":[{"code":"InvalidPaginationParameter","title":"sort is not valid"}]}"#;
        let expired = r#"{"error":"invalid_token","error_description":"The access token provided is expired, revoked, malformed or invalid for other reasons."}"#;
        let missing = r#"{"error":"RecordNotFound","description":"Not found"}"#;
        let update = r#"{"error":"UpdateConflict","description":"Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again."}"#;
        let limit = r#"{"error":"APIRateLimitExceeded","description":"Number of allowed API requests per minute exceeded"}"#;
        vec![
            refusal(400, attribute, 400, "request_failed", "must be a string"),
            refusal(400, cursor, 400, "request_failed", "sort is not valid"),
            refusal(
                400,
                "Required parameter missing: query",
                400,
                "request_failed",
                "",
            ),
            refusal(
                401,
                r#"{"error":"Couldn't authenticate you"}"#,
                401,
                "service_unauthorized",
                "",
            ),
            refusal(401, expired, 401, "service_unauthorized", "expired"),
            refusal(403, scope, 403, "service_forbidden", "scopes: read"),
            refusal(403, role, 403, "service_forbidden", "do not have access"),
            refusal(404, missing, 404, "not_found", ""),
            refusal(409, update, 409, "conflict", "Safe Update"),
            refusal(422, solved, 400, "request_failed", "assignee: is required"),
            refusal(422, closed, 409, "conflict", "status: closed"),
            refusal(429, limit, 429, "too_many_service_requests", ""),
            refusal(
                429,
                "Number of allowed API requests per minute exceeded",
                429,
                "too_many_service_requests",
                "",
            ),
            refusal(500, "<html></html>", 502, "bad_gateway", ""),
            refusal(
                503,
                r#"{"error":"ServiceUnavailable"}"#,
                502,
                "bad_gateway",
                "",
            ),
        ]
    }

    fn specimen() -> (Vec<&'static str>, Value) {
        let names = vec![
            "subject",
            "description",
            "type",
            "status",
            "custom_status_id",
            "priority",
            "requester_id",
            "submitter_id",
            "assignee_id",
            "organization_id",
            "group_id",
            "email_cc_ids",
            "follower_ids",
            "is_public",
            "due_at",
            "tags",
            "custom_fields",
            "created_at",
            "updated_at",
        ];
        let ticket = json!({
            "id": 1, "subject": "s", "status": "open", "priority": "low", "requester_id": 5,
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        });
        (names, ticket)
    }

    fn as_answer(ticket: Value) -> Value {
        json!({ "ticket": ticket, "users": [{ "id": 5, "name": "Five", "email": null }] })
    }

    async fn create(&self, subject: &str, seconds_ago: u32) -> String {
        self.simulator.change(|world| {
            let mut users = world.users.values();
            let requester = users.find(|user| user.role == "end-user").unwrap().id;
            let mut ticket = world.blank_ticket(requester);
            ticket.subject = Some(subject.to_owned());
            subject.clone_into(&mut ticket.description);
            ticket.status = "open".into();
            ticket.updated_at -= Duration::from_secs(u64::from(seconds_ago));
            ticket.created_at = ticket.updated_at;
            ticket.generated_at = ticket.updated_at;
            world.insert_ticket(ticket).to_string()
        })
    }

    async fn edit(&self, ticket: &str, subject: &str) -> bool {
        let id = number(ticket);
        let is_there = |world: &World| world.tickets[&id].is_there();
        if !self.simulator.inspect(is_there) {
            return false;
        }
        self.change(ticket, |ticket| ticket.subject = Some(subject.to_owned()));
        true
    }

    async fn set_status(&self, ticket: &str, status: &str) {
        let id = number(status);
        let category = self
            .simulator
            .inspect(|world| world.custom_statuses[&id].status_category.clone());
        self.change(ticket, |ticket| {
            ticket.status = category;
            ticket.custom_status_id = id;
        });
    }

    async fn trash(&self, ticket: &str, back: bool) -> bool {
        let id = number(ticket);
        self.simulator.change(|world| {
            if back {
                world.restore(id)
            } else {
                world.trash(id)
            }
        })
    }

    async fn mark_spam(&self, _ticket: &str, _back: bool) -> bool {
        // A ticket that is marked as spam is deleted; what is suspended never was a ticket (section 10).
        false
    }

    async fn tickets(&self) -> Vec<StoredTicket> {
        self.simulator.inspect(|world| {
            let all = world.tickets.values();
            let there = all.filter(|ticket| !ticket.archived && !ticket.scrubbed);
            let stored = |ticket: &Ticket| StoredTicket {
                id: ticket.id.to_string(),
                is_trashed: ticket.deleted.is_some(),
                is_spam: false,
            };
            there.map(stored).collect()
        })
    }

    async fn add_comment(&self, ticket: &str, text: &str, is_public: bool) -> String {
        let ticket = number(ticket);
        let id = self.simulator.change(|world| {
            let me = world.me;
            world.add_comment(ticket, me, text, is_public).unwrap()
        });
        id.to_string()
    }

    async fn edit_comment(&self, _ticket: &str, _comment: &str, _text: &str) -> bool {
        // The text of a comment never changes (section 6).
        false
    }

    async fn delete_comment(&self, _ticket: &str, _comment: &str) -> bool {
        false
    }

    async fn comments(&self, ticket: &str) -> Vec<StoredComment> {
        self.simulator.inspect(|world| {
            let comments = &world.tickets[&number(ticket)].comments;
            comments
                .iter()
                .skip(1)
                .map(|stored| StoredComment {
                    id: stored.id.to_string(),
                    is_public: stored.public,
                })
                .collect()
        })
    }
}
