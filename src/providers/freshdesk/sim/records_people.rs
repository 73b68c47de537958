//! The people a help desk knows and what they belong to (Freshdesk reference, sections 9 and 10).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::records::Attachment;

/// A customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// Shares its range with agents.
    pub id: u64,
    /// Greater than 2^53.
    pub org_contact_id: u64,
    /// Mandatory.
    pub name: String,
    /// Unique.
    pub email: Option<String>,
    /// Unique.
    pub phone: Option<String>,
    /// Unique.
    pub mobile: Option<String>,
    /// Verified. New contacts are not.
    pub active: bool,
    /// A postal address.
    pub address: Option<String>,
    /// A remark.
    pub description: Option<String>,
    /// What they do.
    pub job_title: Option<String>,
    /// Such as `en`.
    pub language: String,
    /// In Rails' words.
    pub time_zone: String,
    /// Unique.
    pub twitter_id: Option<String>,
    /// Unique.
    pub unique_external_id: Option<String>,
    /// Never set through the API.
    pub facebook_id: Option<String>,
    /// Given, or found by the address's domain.
    pub company_id: Option<u64>,
    /// Only those that are not null.
    pub custom_fields: BTreeMap<String, Value>,
    /// Words.
    pub tags: Vec<String>,
    /// Further addresses.
    pub other_emails: Vec<String>,
    /// May see the company's tickets; null is possible.
    pub view_all_tickets: Option<bool>,
    /// A picture.
    pub avatar: Option<Attachment>,
    /// Softly deleted.
    pub deleted: bool,
    /// Kept out by an agent.
    pub blocked: bool,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

/// A person who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Shares its range with contacts.
    pub id: u64,
    /// Shown inside of `contact`.
    pub name: String,
    /// Shown inside of `contact`.
    pub email: String,
    /// Shown inside of `contact`.
    pub phone: Option<String>,
    /// Shown inside of `contact`.
    pub mobile: Option<String>,
    /// Shown inside of `contact`.
    pub job_title: Option<String>,
    /// Shown inside of `contact`.
    pub language: String,
    /// Shown inside of `contact`.
    pub time_zone: String,
    /// Takes tickets now.
    pub available: bool,
    /// Works by the day.
    pub occasional: bool,
    /// 1 global, 2 group, 3 restricted.
    pub ticket_scope: u64,
    /// HTML.
    pub signature: Option<String>,
    /// Where they work.
    pub group_ids: Vec<u64>,
    /// What they may do.
    pub role_ids: Vec<u64>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
    /// The last time seen.
    pub last_active_at: Option<Timestamp>,
}

/// A team of agents; who is in it stands on the agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Unique.
    pub id: u64,
    /// Unique.
    pub name: String,
    /// A remark.
    pub description: Option<String>,
    /// The agent who is told of unassigned tickets.
    pub escalate_to: Option<u64>,
    /// Null, `30m`, `1h` and so on.
    pub unassigned_for: Option<String>,
    /// When it was made; groups do not change here.
    pub created_at: Timestamp,
}

/// A set of rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Unique.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made; roles do not change here.
    pub created_at: Timestamp,
}

/// A firm that contacts work for.
#[derive(Debug, Clone, PartialEq)]
pub struct Company {
    /// Unique.
    pub id: u64,
    /// Unique.
    pub name: String,
    /// A remark.
    pub description: Option<String>,
    /// Another remark.
    pub note: Option<String>,
    /// Contacts with addresses there belong to it.
    pub domains: Vec<String>,
    /// Only those that are not null.
    pub custom_fields: BTreeMap<String, Value>,
    /// A label.
    pub health_score: Option<String>,
    /// A label.
    pub account_tier: Option<String>,
    /// A day, answered as a moment.
    pub renewal_date: Option<Timestamp>,
    /// A label.
    pub industry: Option<String>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}
