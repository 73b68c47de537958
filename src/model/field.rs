//! The attributes of tickets and comments as values, so that capabilities can be data.

use crate::model::comment::{CommentPatch, NewComment};
use crate::model::patch::Patch;
use crate::model::ticket::{NewTicket, TicketPatch};

/// A writable attribute of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketField {
    /// `ticket_type`
    TicketType,
    /// `subject`
    Subject,
    /// `description`
    Description,
    /// `priority`
    Priority,
    /// `status`
    Status,
    /// `tags`
    Tags,
    /// `public`
    Public,
    /// `due_at`
    DueAt,
    /// `custom_properties`
    CustomProperties,
    /// `group`
    Group,
    /// `company`
    Company,
    /// `requester`
    Requester,
    /// `submitter`
    Submitter,
    /// `assignee`
    Assignee,
    /// `email_ccs`
    EmailCcs,
    /// `followers`
    Followers,
}

/// A writable attribute of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommentField {
    /// `content`
    Content,
    /// `author`
    Author,
    /// `public`
    Public,
}

/// An attribute that has a name in the API.
pub trait Field: Copy + PartialEq + 'static {
    /// Every attribute, in the order of the documentation.
    const ALL: &'static [Self];

    /// Its name in JSON.
    fn name(self) -> &'static str;
}

impl Field for TicketField {
    const ALL: &'static [Self] = &[
        Self::TicketType,
        Self::Subject,
        Self::Description,
        Self::Priority,
        Self::Status,
        Self::Tags,
        Self::Public,
        Self::DueAt,
        Self::CustomProperties,
        Self::Group,
        Self::Company,
        Self::Requester,
        Self::Submitter,
        Self::Assignee,
        Self::EmailCcs,
        Self::Followers,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::TicketType => "ticket_type",
            Self::Subject => "subject",
            Self::Description => "description",
            Self::Priority => "priority",
            Self::Status => "status",
            Self::Tags => "tags",
            Self::Public => "public",
            Self::DueAt => "due_at",
            Self::CustomProperties => "custom_properties",
            Self::Group => "group",
            Self::Company => "company",
            Self::Requester => "requester",
            Self::Submitter => "submitter",
            Self::Assignee => "assignee",
            Self::EmailCcs => "email_ccs",
            Self::Followers => "followers",
        }
    }
}

impl Field for CommentField {
    const ALL: &'static [Self] = &[Self::Content, Self::Author, Self::Public];

    fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Author => "author",
            Self::Public => "public",
        }
    }
}

/// What a request does to one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Nothing.
    Keep,
    /// Empties it.
    Clear,
    /// Gives it a value.
    Set,
}

impl<T> From<&Patch<T>> for Intent {
    fn from(patch: &Patch<T>) -> Self {
        match patch {
            Patch::Keep => Self::Keep,
            Patch::Clear => Self::Clear,
            Patch::Set(_) => Self::Set,
        }
    }
}

/// Tells `Set` from `Keep` for an attribute of something new.
fn given(present: bool) -> Intent {
    if present { Intent::Set } else { Intent::Keep }
}

impl NewTicket {
    /// What the request does to each attribute.
    pub fn intents(&self) -> [(TicketField, Intent); 16] {
        let Self {
            subject,
            description,
            ticket_type,
            priority: _,
            status: _,
            tags,
            public: _,
            due_at,
            custom_properties,
            group,
            company,
            requester,
            submitter,
            assignee,
            email_ccs,
            followers,
        } = self;
        [
            (TicketField::TicketType, given(ticket_type.is_some())),
            (TicketField::Subject, given(!subject.is_empty())),
            (TicketField::Description, given(!description.is_empty())),
            (TicketField::Priority, Intent::Set),
            (TicketField::Status, Intent::Set),
            (TicketField::Tags, given(!tags.is_empty())),
            (TicketField::Public, Intent::Set),
            (TicketField::DueAt, given(due_at.is_some())),
            (
                TicketField::CustomProperties,
                given(!custom_properties.is_empty()),
            ),
            (TicketField::Group, given(group.is_some())),
            (TicketField::Company, given(company.is_some())),
            (TicketField::Requester, given(requester.is_some())),
            (TicketField::Submitter, given(submitter.is_some())),
            (TicketField::Assignee, given(assignee.is_some())),
            (TicketField::EmailCcs, given(!email_ccs.is_empty())),
            (TicketField::Followers, given(!followers.is_empty())),
        ]
    }
}

impl TicketPatch {
    /// What the request does to each attribute.
    pub fn intents(&self) -> [(TicketField, Intent); 16] {
        let Self {
            ticket_type,
            subject,
            description,
            priority,
            status,
            tags,
            public,
            due_at,
            custom_properties,
            group,
            company,
            requester,
            submitter,
            assignee,
            email_ccs,
            followers,
            unless_changed_since: _,
        } = self;
        [
            (TicketField::TicketType, ticket_type.into()),
            (TicketField::Subject, subject.into()),
            (TicketField::Description, description.into()),
            (TicketField::Priority, priority.into()),
            (TicketField::Status, status.into()),
            (TicketField::Tags, tags.into()),
            (TicketField::Public, public.into()),
            (TicketField::DueAt, due_at.into()),
            (TicketField::CustomProperties, custom_properties.into()),
            (TicketField::Group, group.into()),
            (TicketField::Company, company.into()),
            (TicketField::Requester, requester.into()),
            (TicketField::Submitter, submitter.into()),
            (TicketField::Assignee, assignee.into()),
            (TicketField::EmailCcs, email_ccs.into()),
            (TicketField::Followers, followers.into()),
        ]
    }
}

impl NewComment {
    /// What the request does to each attribute.
    pub fn intents(&self) -> [(CommentField, Intent); 3] {
        let Self {
            content,
            author,
            public: _,
        } = self;
        [
            (CommentField::Content, given(!content.is_empty())),
            (CommentField::Author, given(author.is_some())),
            (CommentField::Public, Intent::Set),
        ]
    }
}

impl CommentPatch {
    /// What the request does to each attribute.
    pub fn intents(&self) -> [(CommentField, Intent); 3] {
        let Self {
            content,
            author,
            public,
        } = self;
        [
            (CommentField::Content, content.into()),
            (CommentField::Author, author.into()),
            (CommentField::Public, public.into()),
        ]
    }
}
