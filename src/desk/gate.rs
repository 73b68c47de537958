//! Compares a request with what the help desk can do, before it is called.
//!
//! An attribute that the help desk does not have is ignored on write, as the API says. One that it
//! has but cannot change is refused by name, unless it would stay the same.

use crate::error::{Error, Result};
use crate::model::comment::{Comment, CommentPatch};
use crate::model::field::{CommentField, Field, Intent, TicketField};
use crate::model::filter::Order;
use crate::model::page::TicketQuery;
use crate::model::patch::Patch;
use crate::model::person::{Person, PersonRef};
use crate::model::text::Text;
use crate::model::ticket::{CustomProperty, Ticket, TicketPatch};
use crate::provider::capability::{Accepts, Capabilities, Operation};
use crate::transport::line::Line;

/// Refuses an operation that the help desk lacks, or that the account has not asked for.
pub(super) fn check_operation(
    capabilities: &Capabilities,
    operation: Operation,
    line: &Line,
) -> Result<()> {
    if capabilities.operations.contains(&operation) {
        return Ok(());
    }
    let (title, name) = (capabilities.title, operation.name());
    let mut on_request = capabilities.on_request.iter();
    if let Some((_, option)) = on_request.find(|(requested, _)| *requested == operation) {
        if *line.option(option) == true {
            return Ok(());
        }
        return Err(Error::NotSupported(format!(
            "{title} does {name} only for an account that is connected with {option}: true"
        )));
    }
    Err(Error::NotSupported(format!(
        "{title} does not support {name}"
    )))
}

/// Refuses an order that the help desk lacks.
pub(super) fn check_order(capabilities: &Capabilities, order: Order) -> Result<()> {
    let orders = capabilities.list.orders;
    if orders.contains(&order) {
        return Ok(());
    }
    let names: Vec<_> = orders.iter().map(|order| order.name()).collect();
    let (title, name) = (capabilities.title, order.name());
    Err(Error::NotSupported(format!(
        "{title} does not order by {name}, but by {}",
        names.join(", ")
    )))
}

/// Refuses to list archived tickets where the help desk cannot.
pub(super) fn check_archive(capabilities: &Capabilities, query: &TicketQuery) -> Result<()> {
    if !query.include_archived {
        return Ok(());
    }
    let title = capabilities.title;
    if !capabilities.list.has_archive {
        let message = format!("{title} does not list archived tickets");
        return Err(Error::NotSupported(message));
    }
    if query.order != Order::default() {
        let name = Order::default().name();
        let message = format!("archived tickets are listed in the order {name} only");
        return Err(Error::NotSupported(message));
    }
    Ok(())
}

/// Asks for what must be given.
pub(super) fn check_new<F: Field>(accepts: &Accepts<F>, intents: &[(F, Intent)]) -> Result<()> {
    let given = |field: &F| intents.contains_pair(*field, Intent::Set);
    match accepts.required.iter().find(|field| !given(field)) {
        None => Ok(()),
        Some(missing) => Err(Error::BadRequest(format!("{} is required", missing.name()))),
    }
}

/// Refuses to change what cannot change and to empty what cannot be empty; returns the fixed attributes that the request names.
pub(super) fn check_patch<F: Field>(
    title: &str,
    accepts: &Accepts<F>,
    intents: &[(F, Intent)],
) -> Result<Vec<F>> {
    let mut fixed = Vec::new();
    for (field, intent) in intents {
        if *intent == Intent::Keep {
            continue;
        }
        if accepts.refused.contains(field) {
            let name = field.name();
            return Err(Error::InvalidParameter(format!(
                "{name} cannot be changed in {title}"
            )));
        } else if accepts.fixed.contains(field) {
            fixed.push(*field);
        } else if *intent == Intent::Clear
            && accepts.optional.contains(field)
            && !accepts.clearable.contains(field)
        {
            return Err(Error::InvalidParameter(format!(
                "{} cannot be emptied with null",
                field.name()
            )));
        }
    }
    Ok(fixed)
}

/// Looks a pair up in a list of pairs.
trait ContainsPair<F> {
    /// Whether the pair is there.
    fn contains_pair(&self, field: F, intent: Intent) -> bool;
}

impl<F: PartialEq> ContainsPair<F> for [(F, Intent)] {
    fn contains_pair(&self, field: F, intent: Intent) -> bool {
        self.iter()
            .any(|(own, what)| *own == field && *what == intent)
    }
}

/// Refuses a change of a fixed attribute of a ticket.
pub(super) fn check_ticket_keeps(
    capabilities: &Capabilities,
    fixed: &[TicketField],
    patch: &TicketPatch,
    current: &Ticket,
) -> Result<()> {
    refuse_changes(capabilities, fixed, |field| {
        ticket_keeps(field, patch, current)
    })
}

/// Refuses a change of a fixed attribute of a comment.
pub(super) fn check_comment_keeps(
    capabilities: &Capabilities,
    fixed: &[CommentField],
    patch: &CommentPatch,
    current: &Comment,
) -> Result<()> {
    refuse_changes(capabilities, fixed, |field| match field {
        CommentField::Content => same_text(&patch.content, current.content.as_ref()),
        CommentField::Author => same_id(&patch.author, current.author.as_ref()),
        CommentField::Public => same(&patch.public, false, |public| *public == current.public),
    })
}

/// Refuses the first attribute that would change.
fn refuse_changes<F: Field>(
    capabilities: &Capabilities,
    fixed: &[F],
    keeps: impl Fn(F) -> bool,
) -> Result<()> {
    match fixed.iter().find(|field| !keeps(**field)) {
        None => Ok(()),
        Some(field) => {
            let (title, name) = (capabilities.title, field.name());
            Err(Error::InvalidParameter(format!(
                "{name} cannot be changed: {title} does not allow it"
            )))
        }
    }
}

/// Whether a patch leaves an attribute of a ticket as it is.
fn ticket_keeps(field: TicketField, patch: &TicketPatch, current: &Ticket) -> bool {
    match field {
        TicketField::TicketType => same_text(&patch.ticket_type, current.ticket_type.as_ref()),
        TicketField::Subject => same_text(&patch.subject, current.subject.as_ref()),
        TicketField::Description => same_text(&patch.description, current.description.as_ref()),
        TicketField::Priority => same(&patch.priority, current.priority.is_none(), |new| {
            current.priority == Some(*new)
        }),
        TicketField::Status => same(&patch.status, current.status.is_none(), |new| {
            current.status == Some(*new)
        }),
        TicketField::Tags => same(&patch.tags, current.tags.is_empty(), |tags| {
            tags.len() == current.tags.len()
                && tags
                    .iter()
                    .zip(&current.tags)
                    .all(|(new, old)| old.decode() == *new)
        }),
        TicketField::Public => same(&patch.public, current.public.is_none(), |new| {
            current.public == Some(*new)
        }),
        TicketField::DueAt => same(&patch.due_at, current.due_at.is_none(), |new| {
            current.due_at == Some(*new)
        }),
        TicketField::CustomProperties => {
            let held = |new: &CustomProperty| current.custom_properties.contains(new);
            same(
                &patch.custom_properties,
                current.custom_properties.is_empty(),
                |new| new.iter().all(held),
            )
        }
        TicketField::Group => same_id(&patch.group, current.group.as_ref()),
        TicketField::Company => same_id(&patch.company, current.company.as_ref()),
        TicketField::Requester => same(&patch.requester, current.requester.is_none(), |new| {
            current
                .requester
                .as_ref()
                .is_some_and(|person| same_person(new, person))
        }),
        TicketField::Submitter => same_id(&patch.submitter, current.submitter.as_ref()),
        TicketField::Assignee => same_id(&patch.assignee, current.assignee.as_ref()),
        TicketField::EmailCcs => same_people(&patch.email_ccs, &current.email_ccs),
        TicketField::Followers => same_people(&patch.followers, &current.followers),
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

/// [`same`] for people, in any order.
fn same_people(patch: &Patch<Vec<PersonRef>>, current: &[Person]) -> bool {
    same(patch, current.is_empty(), |new| {
        let known =
            |reference: &PersonRef| current.iter().any(|person| same_person(reference, person));
        new.len() == current.len() && new.iter().all(known)
    })
}

/// Whether a reference names this person: by id, or by address in any letter case.
fn same_person(reference: &PersonRef, person: &Person) -> bool {
    if let Some(user_id) = &reference.user_id {
        return person.user_id.as_ref() == Some(user_id);
    }
    let email = person.email.as_ref().map(Text::decode);
    reference
        .email
        .as_deref()
        .zip(email)
        .is_some_and(|(new, old)| new.eq_ignore_ascii_case(&old))
}
