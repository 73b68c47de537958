//! Which tickets a list shows, and in which order.

use jiff::Timestamp;

use crate::model::person::Person;
use crate::model::text::Text;
use crate::model::ticket::{Priority, Status, Ticket};

/// The order of a list of tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Oldest change first: the order in which a walk misses nothing.
    #[default]
    ModifiedAt,
    /// Newest change first, for screens.
    ModifiedAtDescending,
    /// Oldest first.
    CreatedAt,
    /// Newest first, for screens.
    CreatedAtDescending,
    /// Due first.
    DueAt,
}

impl Order {
    /// Every order.
    pub const ALL: [Self; 5] = [
        Self::ModifiedAt,
        Self::ModifiedAtDescending,
        Self::CreatedAt,
        Self::CreatedAtDescending,
        Self::DueAt,
    ];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::ModifiedAt => "modified_at",
            Self::ModifiedAtDescending => "-modified_at",
            Self::CreatedAt => "created_at",
            Self::CreatedAtDescending => "-created_at",
            Self::DueAt => "due_at",
        }
    }
}

/// Who asked, as a filter names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// By the help desk's id.
    UserId(String),
    /// By e-mail address.
    Email(String),
}

/// Which tickets a list shows: those for which everything holds that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Changed at this time or later.
    pub modified_since: Option<Timestamp>,
    /// Created at this time or later.
    pub created_since: Option<Timestamp>,
    /// Created before this time.
    pub created_before: Option<Timestamp>,
    /// With this status.
    pub status: Option<Status>,
    /// With this priority.
    pub priority: Option<Priority>,
    /// Asked by this person.
    pub requester: Option<Requester>,
    /// Worked on by this agent.
    pub assignee: Option<String>,
    /// Of this group.
    pub group: Option<String>,
    /// Of this company.
    pub company: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this type.
    pub ticket_type: Option<String>,
    /// With all these words in subject or description, in any letter case.
    pub words: Vec<String>,
}

/// Whether nothing is asked for, or what is there is it.
fn holds<T>(asked: Option<&T>, is_it: impl FnOnce(&T) -> bool) -> bool {
    asked.is_none_or(is_it)
}

/// Whether a text is this one.
fn is_text(text: Option<&Text>, asked: &str) -> bool {
    text.is_some_and(|text| text.decode() == asked)
}

impl Filter {
    /// Whether a ticket is one of those that are asked for.
    pub fn matches(&self, ticket: &Ticket) -> bool {
        let Self {
            modified_since,
            created_since,
            created_before,
            status,
            priority,
            requester,
            assignee,
            group,
            company,
            tag,
            ticket_type,
            words,
        } = self;
        holds(modified_since.as_ref(), |since| {
            ticket.modified_at.is_some_and(|time| time >= *since)
        }) && holds(created_since.as_ref(), |since| {
            ticket.created_at.is_some_and(|time| time >= *since)
        }) && holds(created_before.as_ref(), |before| {
            ticket.created_at.is_some_and(|time| time < *before)
        }) && holds(status.as_ref(), |status| ticket.status == Some(*status))
            && holds(priority.as_ref(), |priority| {
                ticket.priority == Some(*priority)
            })
            && holds(requester.as_ref(), |asked| {
                ticket
                    .requester
                    .as_ref()
                    .is_some_and(|person| asked.is(person))
            })
            && holds(assignee.as_ref(), |id| ticket.assignee.as_ref() == Some(id))
            && holds(group.as_ref(), |id| ticket.group.as_ref() == Some(id))
            && holds(company.as_ref(), |id| ticket.company.as_ref() == Some(id))
            && holds(tag.as_ref(), |tag| {
                let mut tags = ticket.tags.iter().flatten();
                tags.any(|own| own.decode() == tag.as_str())
            })
            && holds(ticket_type.as_ref(), |kind| {
                is_text(ticket.ticket_type.as_ref(), kind)
            })
            && (words.is_empty() || has_words(ticket, words))
    }
}

impl Requester {
    /// Whether this is the person.
    fn is(&self, person: &Person) -> bool {
        match self {
            Self::UserId(id) => person.user_id.as_ref() == Some(id),
            Self::Email(email) => person
                .email
                .as_ref()
                .is_some_and(|own| own.decode().eq_ignore_ascii_case(email)),
        }
    }
}

/// Whether all the words, in lower case, are in a ticket's subject or description.
fn has_words(ticket: &Ticket, words: &[String]) -> bool {
    let lower = |text: Option<&Text>| {
        text.map(|text| text.decode().to_lowercase())
            .unwrap_or_default()
    };
    let (subject, description) = (
        lower(ticket.subject.as_ref()),
        lower(ticket.description.as_ref()),
    );
    words
        .iter()
        .all(|word| subject.contains(word.as_str()) || description.contains(word.as_str()))
}
