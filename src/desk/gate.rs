//! Compares a request with what the help desk can do, before it is called.
//!
//! An attribute that the help desk does not have is ignored on write, as the API says. One that it
//! has but cannot change is refused by name, unless it would stay the same.

use crate::error::{Error, Result};
use crate::model::comment::{Comment, CommentPatch};
use crate::model::field::{CommentField, Field, Intent, TicketField};
use crate::model::filter::Order;
use crate::model::page::TicketQuery;
use crate::model::ticket::{Ticket, TicketPatch};
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

/// Asks for what must be given, and refuses what can never be.
pub(super) fn check_new<F: Field>(
    title: &str,
    accepts: &Accepts<F>,
    intents: &[(F, Intent)],
) -> Result<()> {
    let given = |field: &F| intents.contains_pair(*field, Intent::Set);
    if let Some(missing) = accepts.required.iter().find(|field| !given(field)) {
        return Err(Error::BadRequest(format!("{} is required", missing.name())));
    }
    match accepts.refused.iter().find(|field| given(field)) {
        None => Ok(()),
        Some(refused) => {
            let name = refused.name();
            let message = format!("{name} cannot be set in {title}");
            Err(Error::InvalidParameter(message))
        }
    }
}

/// The names of the attributes that a request gives and the help desk does not have.
pub(super) fn ignored<F: Field>(
    accepts: &Accepts<F>,
    intents: &[(F, Intent)],
) -> Vec<&'static str> {
    let Accepts {
        required,
        optional,
        fixed,
        refused,
        clearable: _,
    } = accepts;
    let has = |field: &F| {
        [required, optional, fixed, refused]
            .iter()
            .any(|known| known.contains(field))
    };
    let given = intents.iter().filter(|(_, intent)| *intent != Intent::Keep);
    let lacking = given.map(|(field, _)| field).filter(|field| !has(field));
    lacking.map(|field| field.name()).collect()
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
    refuse_changes(capabilities, fixed, |field| patch.keeps(field, current))
}

/// Refuses a change of a fixed attribute of a comment.
pub(super) fn check_comment_keeps(
    capabilities: &Capabilities,
    fixed: &[CommentField],
    patch: &CommentPatch,
    current: &Comment,
) -> Result<()> {
    refuse_changes(capabilities, fixed, |field| patch.keeps(field, current))
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
