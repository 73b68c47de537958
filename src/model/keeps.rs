//! Whether a change leaves things as they are: what a patch names compared with what there is.

use crate::model::comment::{Comment, CommentPatch};
use crate::model::field::{CommentField, TicketField};
use crate::model::patch::Patch;
use crate::model::person::{Person, PersonRef};
use crate::model::text::Text;
use crate::model::ticket::{CustomProperty, Ticket, TicketPatch};

impl TicketPatch {
    /// Whether it leaves an attribute of this ticket as it is.
    pub fn keeps(&self, field: TicketField, current: &Ticket) -> bool {
        match field {
            TicketField::TicketType => same_text(&self.ticket_type, current.ticket_type.as_ref()),
            TicketField::Subject => same_text(&self.subject, current.subject.as_ref()),
            TicketField::Description => same_text(&self.description, current.description.as_ref()),
            TicketField::Priority => same(&self.priority, current.priority.is_none(), |new| {
                current.priority == Some(*new)
            }),
            TicketField::Status => same(&self.status, current.status.is_none(), |new| {
                current.status == Some(*new)
            }),
            TicketField::Tags => same_tags(&self.tags, current.tags.as_deref().unwrap_or_default()),
            TicketField::Public => same(&self.public, current.public.is_none(), |new| {
                current.public == Some(*new)
            }),
            TicketField::DueAt => same(&self.due_at, current.due_at.is_none(), |new| {
                current.due_at == Some(*new)
            }),
            TicketField::CustomProperties => {
                let held = |new: &CustomProperty| current.custom_properties.contains(new);
                let is_empty = current.custom_properties.is_empty();
                same(&self.custom_properties, is_empty, |new| {
                    new.iter().all(held)
                })
            }
            TicketField::Group => same_id(&self.group, current.group.as_ref()),
            TicketField::Company => same_id(&self.company, current.company.as_ref()),
            TicketField::Requester => same(&self.requester, current.requester.is_none(), |new| {
                current
                    .requester
                    .as_ref()
                    .is_some_and(|person| new.names(person))
            }),
            TicketField::Submitter => same_id(&self.submitter, current.submitter.as_ref()),
            TicketField::Assignee => same_id(&self.assignee, current.assignee.as_ref()),
            TicketField::EmailCcs => same_people(&self.email_ccs, &current.email_ccs),
            TicketField::Followers => same_people(&self.followers, &current.followers),
        }
    }
}

impl TicketPatch {
    /// Names an attribute no more.
    pub fn forget(&mut self, field: TicketField) {
        match field {
            TicketField::TicketType => self.ticket_type = Patch::Keep,
            TicketField::Subject => self.subject = Patch::Keep,
            TicketField::Description => self.description = Patch::Keep,
            TicketField::Priority => self.priority = Patch::Keep,
            TicketField::Status => self.status = Patch::Keep,
            TicketField::Tags => self.tags = Patch::Keep,
            TicketField::Public => self.public = Patch::Keep,
            TicketField::DueAt => self.due_at = Patch::Keep,
            TicketField::CustomProperties => self.custom_properties = Patch::Keep,
            TicketField::Group => self.group = Patch::Keep,
            TicketField::Company => self.company = Patch::Keep,
            TicketField::Requester => self.requester = Patch::Keep,
            TicketField::Submitter => self.submitter = Patch::Keep,
            TicketField::Assignee => self.assignee = Patch::Keep,
            TicketField::EmailCcs => self.email_ccs = Patch::Keep,
            TicketField::Followers => self.followers = Patch::Keep,
        }
    }
}

impl CommentPatch {
    /// Whether it leaves an attribute of this comment as it is.
    pub fn keeps(&self, field: CommentField, current: &Comment) -> bool {
        match field {
            CommentField::Content => same_text(&self.content, current.content.as_ref()),
            CommentField::Author => same_id(&self.author, current.author.as_ref()),
            CommentField::Public => same(&self.public, false, |public| *public == current.public),
        }
    }
}

impl PersonRef {
    /// Whether it names this person: by id, or by address in any letter case.
    pub fn names(&self, person: &Person) -> bool {
        if let Some(user_id) = &self.user_id {
            return person.user_id.as_ref() == Some(user_id);
        }
        let email = person.email.as_ref().map(Text::decode);
        self.email
            .as_deref()
            .zip(email)
            .is_some_and(|(new, old)| new.eq_ignore_ascii_case(&old))
    }
}

/// Whether a patch leaves a value as it is.
fn same<T>(patch: &Patch<T>, is_empty: bool, equals: impl FnOnce(&T) -> bool) -> bool {
    match patch {
        Patch::Keep => true,
        Patch::Clear => is_empty,
        Patch::Set(new) => equals(new),
    }
}

/// [`same`] for a long text.
fn same_text(patch: &Patch<String>, current: Option<&Text>) -> bool {
    same(patch, current.is_none(), |new| {
        current.is_some_and(|text| text.decode() == *new)
    })
}

/// [`same`] for an id.
fn same_id(patch: &Patch<String>, current: Option<&String>) -> bool {
    same(patch, current.is_none(), |new| current == Some(new))
}

/// [`same`] for tags, in any order and however often.
fn same_tags(patch: &Patch<Vec<String>>, current: &[Text]) -> bool {
    let is_new = |new: &[String], old: &Text| new.iter().any(|new| old.decode() == *new);
    let is_old = |new: &String| current.iter().any(|old| old.decode() == *new);
    same(patch, current.is_empty(), |new| {
        new.iter().all(is_old) && current.iter().all(|old| is_new(new, old))
    })
}

/// [`same`] for people, in any order and however often.
fn same_people(patch: &Patch<Vec<PersonRef>>, current: &[Person]) -> bool {
    same(patch, current.is_empty(), |new| {
        let is_old = |reference: &PersonRef| current.iter().any(|person| reference.names(person));
        let is_new = |person: &Person| new.iter().any(|reference| reference.names(person));
        new.iter().all(is_old) && current.iter().all(is_new)
    })
}
