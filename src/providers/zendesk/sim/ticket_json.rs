//! Tickets as the API shows them: all keys, always (Zendesk reference, section 3).

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::{Value, json};

use super::records::Ticket;
use super::world::World;

/// A ticket, whole.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the API has them so")]
pub(super) struct TicketJson<'a> {
    /// The API's address of it.
    url: String,
    /// The number.
    id: u64,
    /// Anybody's own id.
    external_id: &'a Option<String>,
    /// How it came in.
    via: Value,
    /// Never moves.
    created_at: Timestamp,
    /// Moves with every event.
    updated_at: Timestamp,
    /// Only exports tell it (section 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_timestamp: Option<i64>,
    /// The type.
    #[serde(rename = "type")]
    kind: &'a Option<String>,
    /// The subject.
    subject: &'a Option<String>,
    /// The same without placeholders filled in.
    raw_subject: &'a Option<String>,
    /// The plain text of the first comment.
    description: &'a str,
    /// Null until it is set.
    priority: &'a Option<String>,
    /// The status; exports say `deleted` of deleted ones.
    status: Cow<'a, str>,
    /// The custom status.
    custom_status_id: u64,
    /// The support address.
    recipient: &'a Option<String>,
    /// Who asked.
    requester_id: u64,
    /// Who wrote the first comment.
    submitter_id: u64,
    /// The agent.
    assignee_id: Option<u64>,
    /// The organization.
    organization_id: Option<u64>,
    /// The group.
    group_id: Option<u64>,
    /// The union of the two that follow.
    collaborator_ids: Vec<u64>,
    /// Agents who follow.
    follower_ids: &'a [u64],
    /// People who get copies.
    email_cc_ids: &'a [u64],
    /// Dead.
    forum_topic_id: Option<u64>,
    /// The problem of an incident.
    problem_id: Option<u64>,
    /// Whether incidents name it as their problem.
    has_incidents: bool,
    /// Whether any comment is public.
    is_public: bool,
    /// Of a task.
    due_at: Option<Timestamp>,
    /// All tags.
    tags: &'a [String],
    /// Every active field, with null where it is empty.
    custom_fields: FieldValues<'a>,
    /// Not asked for, as a rule.
    satisfaction_rating: Value,
    /// None in this account.
    sharing_agreement_ids: [u64; 0],
    /// The same as `custom_fields` (section 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<FieldValues<'a>>,
    /// Tickets that continue it.
    followup_ids: &'a [u64],
    /// The form.
    ticket_form_id: u64,
    /// The brand.
    brand_id: u64,
    /// False for API and web.
    allow_channelback: bool,
    /// Files may be added.
    allow_attachments: bool,
    /// Not from messaging.
    from_messaging_channel: bool,
    /// Only search says what a result is (section 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result_type: Option<&'static str>,
    /// Only with `include=comment_count` (section 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment_count: Option<usize>,
}

impl<'a> TicketJson<'a> {
    /// A ticket as show and lists tell of it.
    pub(super) fn new(world: &'a World, ticket: &'a Ticket, base: &str) -> Self {
        let active: Vec<u64> = world
            .ticket_fields
            .values()
            .filter(|field| field.custom && field.active)
            .map(|field| field.id)
            .collect();
        let values = FieldValues {
            active,
            values: &ticket.custom_fields,
        };
        let id = ticket.id;
        Self {
            url: format!("{base}/api/v2/tickets/{id}.json"),
            id,
            external_id: &ticket.external_id,
            via: ticket.via.json(),
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            generated_timestamp: None,
            kind: &ticket.kind,
            subject: &ticket.subject,
            raw_subject: &ticket.subject,
            description: &ticket.description,
            priority: &ticket.priority,
            status: Cow::Borrowed(&ticket.status),
            custom_status_id: ticket.custom_status_id,
            recipient: &ticket.recipient,
            requester_id: ticket.requester_id,
            submitter_id: ticket.submitter_id,
            assignee_id: ticket.assignee_id,
            organization_id: ticket.organization_id,
            group_id: ticket.group_id,
            collaborator_ids: ticket.collaborator_ids(),
            follower_ids: &ticket.follower_ids,
            email_cc_ids: &ticket.email_cc_ids,
            forum_topic_id: None,
            problem_id: ticket.problem_id,
            has_incidents: world.has_incidents(ticket),
            is_public: ticket.is_public(),
            due_at: ticket.due_at,
            tags: &ticket.tags,
            fields: world.switches.duplicate_fields.then(|| values.clone()),
            custom_fields: values,
            satisfaction_rating: json!({"score": "unoffered"}),
            sharing_agreement_ids: [],
            followup_ids: &ticket.followup_ids,
            ticket_form_id: ticket.ticket_form_id,
            brand_id: ticket.brand_id,
            allow_channelback: false,
            allow_attachments: true,
            from_messaging_channel: false,
            result_type: None,
            comment_count: None,
        }
    }

    /// A ticket as the exports tell of it: with the moment that orders them, and deleted ones by name
    /// (section 8).
    pub(super) fn exported(world: &'a World, ticket: &'a Ticket, base: &str) -> Self {
        let mut json = Self::new(world, ticket, base);
        json.generated_timestamp = Some(ticket.generated_at.as_second());
        if !ticket.is_there() {
            json.status = Cow::Borrowed("deleted");
        }
        json
    }
}

/// The custom fields of a ticket: every active one, set or not.
#[derive(Debug, Clone)]
struct FieldValues<'a> {
    /// The account's active custom fields.
    active: Vec<u64>,
    /// Those that are set.
    values: &'a BTreeMap<u64, Value>,
}

/// One custom field of a ticket.
#[derive(Serialize)]
struct FieldValue<'a> {
    /// Which.
    id: u64,
    /// Null when it is empty.
    value: &'a Value,
}

impl Serialize for FieldValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.active.len()))?;
        for id in &self.active {
            let value = self.values.get(id).unwrap_or(&Value::Null);
            list.serialize_element(&FieldValue { id: *id, value })?;
        }
        list.end()
    }
}
