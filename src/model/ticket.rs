//! Tickets, and what a request may say about one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::model::id::TicketId;
use crate::model::object::Object;
use crate::model::patch::Patch;
use crate::model::person::{Person, PersonRef};
use crate::model::text::Text;

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Can wait.
    Low,
    /// The default of a new ticket.
    #[default]
    Normal,
    /// Before normal ones.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// Every value, in order.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];
}

/// Where a ticket stands. A help desk's own further statuses are told by [`NativeStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Someone has to act.
    #[default]
    Open,
    /// Waiting for somebody else.
    Pending,
    /// Answered, may be opened again.
    Resolved,
    /// Done.
    Closed,
}

impl Status {
    /// Every value, in order.
    pub const ALL: [Self; 4] = [Self::Open, Self::Pending, Self::Resolved, Self::Closed];
}

/// The status as the help desk itself has it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NativeStatus {
    /// Id of the status in the help desk.
    #[schema(example = "6")]
    pub id: String,
    /// Its name, as agents see it. Null if the help desk does not tell this account.
    #[schema(required, example = "Waiting on Customer")]
    pub label: Option<String>,
}

/// One custom field of a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(from = "Object<PropertyMembers>")]
pub struct CustomProperty {
    /// Key of the field in the help desk.
    #[schema(example = "cf_order_number")]
    pub id: String,
    /// Its value with the type that the help desk gives it: text, number, boolean, date as
    /// `YYYY-MM-DD`, or null when empty.
    #[schema(required, schema_with = any_value)]
    pub value: Box<RawValue>,
}

/// A custom field as a request sends it, from an object only.
#[derive(Deserialize)]
struct PropertyMembers {
    /// Key of the field.
    id: String,
    /// Its value.
    value: Box<RawValue>,
}

impl From<Object<PropertyMembers>> for CustomProperty {
    fn from(Object(PropertyMembers { id, value }): Object<PropertyMembers>) -> Self {
        Self { id, value }
    }
}

/// The schema of a value of any JSON type.
fn any_value() -> utoipa::openapi::schema::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::SchemaType::AnyValue)
        .description(Some(
            "Any JSON value: the type that the help desk gives the field.",
        ))
        .examples([serde_json::json!(4711)])
        .build()
}

impl PartialEq for CustomProperty {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.value.get() == other.value.get()
    }
}

/// A ticket of a help desk.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Ticket {
    /// Id of the ticket: `ticket_` and the help desk's id in unpadded base64url.
    #[schema(value_type = String, example = "ticket_NjQ2MTUz", pattern = "^ticket_[A-Za-z0-9_-]+$")]
    pub id: TicketId,
    /// Type of the ticket, a free list of the help desk. Null if none is set.
    #[schema(required, value_type = Option<String>, example = "Question")]
    pub ticket_type: Option<Text>,
    /// Subject, plain text. Null if the ticket has none.
    #[schema(required, value_type = Option<String>, example = "My order has not arrived")]
    pub subject: Option<Text>,
    /// First message of the ticket; may be HTML.
    #[schema(required, value_type = Option<String>, example = "<div>It should have been here on Monday.</div>")]
    pub description: Option<Text>,
    /// Priority. Null if the help desk has none for this ticket, or one that is not known.
    #[schema(required)]
    pub priority: Option<Priority>,
    /// Status. One that only this help desk has is shown as the nearest of the four.
    #[schema(required)]
    pub status: Option<Status>,
    /// The help desk's own status.
    #[schema(required)]
    pub native_status: Option<NativeStatus>,
    /// Tags. Null where the help desk has no place for them (a Request Tracker without a field for tags).
    #[schema(required, value_type = Option<Vec<String>>, example = json!(["order", "late"]))]
    pub tags: Option<Vec<Text>>,
    /// Whether the requester can see the ticket. Freshdesk's tickets always are.
    #[schema(required)]
    pub public: Option<bool>,
    /// When the ticket is due, ISO 8601 in UTC. Null if there is no due date (yet).
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2020-08-25T19:50:31Z")]
    pub due_at: Option<Timestamp>,
    /// Custom fields, empty ones too.
    pub custom_properties: Vec<CustomProperty>,
    /// Id of the group that the ticket belongs to. Null if none.
    #[schema(required, example = "48000093104")]
    pub group: Option<String>,
    /// Id of the company that the ticket belongs to. Null if none.
    #[schema(required, example = "48000001111")]
    pub company: Option<String>,
    /// Who asked.
    #[schema(required)]
    pub requester: Option<Person>,
    /// Id of the person who entered the ticket. Null where the help desk does not tell (Freshdesk).
    #[schema(required, example = "3008384627")]
    pub submitter: Option<String>,
    /// Id of the agent who works on the ticket. Null if nobody does.
    #[schema(required, example = "48001212121")]
    pub assignee: Option<String>,
    /// People in copy.
    pub email_ccs: Vec<Person>,
    /// People who follow the ticket. Empty where the help desk does not tell (Freshdesk).
    pub followers: Vec<Person>,
    /// When the ticket was created, ISO 8601 in UTC.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2020-08-25T07:50:31Z")]
    pub created_at: Option<Timestamp>,
    /// When the ticket was last modified, ISO 8601 in UTC.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2020-08-25T07:50:31Z")]
    pub modified_at: Option<Timestamp>,
    /// Whether the ticket lies in the help desk's trash.
    pub deleted: bool,
    /// Whether the help desk holds the ticket for spam. Such a ticket can be read, not written.
    pub spam: bool,
}

/// What a request says about a ticket to be made.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// Subject, required.
    pub subject: String,
    /// First message, required; may be HTML.
    pub description: String,
    /// Type of the ticket.
    pub ticket_type: Option<String>,
    /// Priority, `normal` unless given.
    pub priority: Priority,
    /// Status, `open` unless given.
    pub status: Status,
    /// Tags.
    pub tags: Vec<String>,
    /// Visibility, public unless given.
    pub public: bool,
    /// Due date.
    pub due_at: Option<Timestamp>,
    /// Custom fields.
    pub custom_properties: Vec<CustomProperty>,
    /// Group.
    pub group: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Requester.
    pub requester: Option<PersonRef>,
    /// Who enters the ticket.
    pub submitter: Option<String>,
    /// Agent who works on it.
    pub assignee: Option<String>,
    /// People in copy.
    pub email_ccs: Vec<PersonRef>,
    /// Followers.
    pub followers: Vec<PersonRef>,
}

/// What a request changes in a ticket.
#[derive(Debug, Clone, Default)]
pub struct TicketPatch {
    /// Type.
    pub ticket_type: Patch<String>,
    /// Subject.
    pub subject: Patch<String>,
    /// First message.
    pub description: Patch<String>,
    /// Priority.
    pub priority: Patch<Priority>,
    /// Status.
    pub status: Patch<Status>,
    /// All tags.
    pub tags: Patch<Vec<String>>,
    /// Visibility.
    pub public: Patch<bool>,
    /// Due date.
    pub due_at: Patch<Timestamp>,
    /// The custom fields that are named; others keep their values.
    pub custom_properties: Patch<Vec<CustomProperty>>,
    /// Group.
    pub group: Patch<String>,
    /// Company.
    pub company: Patch<String>,
    /// Requester.
    pub requester: Patch<PersonRef>,
    /// Who entered the ticket.
    pub submitter: Patch<String>,
    /// Agent.
    pub assignee: Patch<String>,
    /// All people in copy.
    pub email_ccs: Patch<Vec<PersonRef>>,
    /// All followers.
    pub followers: Patch<Vec<PersonRef>>,
    /// The last change that the client has seen, where it says so: a help desk that compares and changes in one step is
    /// asked to refuse if there was another since.
    pub unless_changed_since: Option<Timestamp>,
}
