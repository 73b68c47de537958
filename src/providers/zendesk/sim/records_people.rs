//! People, groups, organizations and the account's settings, as plain values (Zendesk reference, sections 2, 3
//! and 10).

use jiff::Timestamp;
use serde_json::{Map, Value};

/// An agent or an end user (section 10).
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the API has them so")]
pub struct User {
    /// Unique in the account.
    pub id: u64,
    /// Never empty.
    pub name: String,
    /// The primary address, lower-cased or not; one of the identities.
    pub email: Option<String>,
    /// end-user, agent or admin.
    pub role: String,
    /// Of a custom agent role.
    pub custom_role_id: Option<u64>,
    /// A phone number.
    pub phone: Option<String>,
    /// The main one of the user's organizations.
    pub organization_id: Option<u64>,
    /// Anybody's own id.
    pub external_id: Option<String>,
    /// The name that customers see.
    pub alias: Option<String>,
    /// Words about the user.
    pub details: Option<String>,
    /// More words.
    pub notes: Option<String>,
    /// Below an agent's messages.
    pub signature: Option<String>,
    /// Sorted.
    pub tags: Vec<String>,
    /// By key.
    pub user_fields: Map<String, Value>,
    /// Such as `en-US`.
    pub locale: String,
    /// Such as `Europe/Berlin`.
    pub time_zone: String,
    /// An address is proven.
    pub verified: bool,
    /// False once deleted.
    pub active: bool,
    /// Mails become suspended tickets.
    pub suspended: bool,
    /// An agent who may not write public comments.
    pub only_private_comments: bool,
    /// Purged after the deletion.
    pub permanently_deleted: bool,
    /// Of an agent.
    pub default_group_id: Option<u64>,
    /// Addresses and numbers, primary first.
    pub identities: Vec<Identity>,
    /// The last sign-in.
    pub last_login_at: Option<Timestamp>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

impl User {
    /// Whether the user works in the help desk.
    pub fn is_agent(&self) -> bool {
        self.role != "end-user"
    }

    /// Whether the user may do what admins do.
    pub fn is_admin(&self) -> bool {
        self.role == "admin"
    }

    /// Whether one of the user's addresses is this one; letters count alike.
    pub fn has_email(&self, email: &str) -> bool {
        let is_it = |text: &str| text.to_lowercase() == email.trim().to_lowercase();
        let mut others = self.identities.iter();
        self.email.as_deref().is_some_and(is_it)
            || others.any(|one| one.kind == "email" && is_it(&one.value))
    }
}

/// An address or a number of a user (section 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Unique in the account.
    pub id: u64,
    /// email, `phone_number` and others.
    pub kind: String,
    /// The address itself.
    pub value: String,
    /// Proven.
    pub verified: bool,
    /// The one of its kind that is used.
    pub primary: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// The last change.
    pub updated_at: Timestamp,
}

/// A group of agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Unique in the account.
    pub id: u64,
    /// What agents read.
    pub name: String,
    /// May be empty.
    pub description: String,
    /// The account's default group.
    pub default: bool,
    /// Visible to all agents.
    pub is_public: bool,
    /// Deleted groups are still shown (section 10).
    pub deleted: bool,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

/// A company of customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Organization {
    /// Unique in the account.
    pub id: u64,
    /// Unique too.
    pub name: String,
    /// Mail domains that belong to it.
    pub domain_names: Vec<String>,
    /// Words about it.
    pub details: Option<String>,
    /// More words.
    pub notes: Option<String>,
    /// Anybody's own id.
    pub external_id: Option<String>,
    /// The group that its tickets go to.
    pub group_id: Option<u64>,
    /// Members see each other's tickets.
    pub shared_tickets: bool,
    /// Members may comment on each other's tickets.
    pub shared_comments: bool,
    /// Sorted.
    pub tags: Vec<String>,
    /// By key.
    pub organization_fields: Map<String, Value>,
    /// Only in the exports.
    pub deleted_at: Option<Timestamp>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

/// That a user belongs to a group or to an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Unique in the account.
    pub id: u64,
    /// Who.
    pub user_id: u64,
    /// The group or the organization.
    pub place_id: u64,
    /// The user's main one.
    pub default: bool,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

/// A field of the ticket form (section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketField {
    /// Unique in the account.
    pub id: u64,
    /// What agents read.
    pub title: String,
    /// What customers read.
    pub title_in_portal: String,
    /// text, textarea, checkbox, date, integer, decimal, regexp, tagger, multiselect, or a system field's own.
    pub kind: String,
    /// Named by the account; system fields are not among `custom_fields`.
    pub custom: bool,
    /// Otherwise it is not shown.
    pub active: bool,
    /// Agents must fill it in to solve a ticket.
    pub required: bool,
    /// Of a tagger or multiselect: id, what people read, and the value, which is a tag.
    pub choices: Vec<(u64, String, String)>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

/// A status with a name of the account's own (section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomStatus {
    /// Unique in the account.
    pub id: u64,
    /// new, open, pending, hold or solved.
    pub status_category: String,
    /// What agents read.
    pub agent_label: String,
    /// What customers read.
    pub end_user_label: String,
    /// Otherwise it cannot be set.
    pub active: bool,
    /// The category's own.
    pub default: bool,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

/// An OAuth token pair (section 2). No `Debug`: it lets in.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id, which is no secret.
    pub id: u64,
    /// What `Authorization: Bearer` carries.
    pub access: String,
    /// What gets the next pair, if there is one.
    pub refresh: Option<String>,
    /// Whose it is.
    pub user_id: u64,
    /// Separated by blanks.
    pub scopes: String,
    /// When the access token stops; none lives on.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token stops.
    pub refresh_expires_at: Option<Timestamp>,
    /// When it was given.
    pub created_at: Timestamp,
    /// The last call with it.
    pub used_at: Option<Timestamp>,
}
