//! Tickets are made and changed, and what became of it is looked at.
//!
//! RT says 201 and 200 whether it took an attribute or not, and takes some while it refuses others (traps 5 to 7).
//! So people and fields are looked up before, and the ticket is read again
//! after: what it does not show was refused, and is named.

use crate::model::field::{Field as _, Intent, TicketField};
use crate::model::id::TicketId;
use crate::model::page::Found;
use crate::model::patch::Patch;
use crate::model::ticket::{NewTicket, Status, Ticket, TicketPatch};
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::{Upstream, read};
use crate::providers::rt::credentials::Options;
use crate::providers::rt::translate;
use crate::providers::rt::{list, people, properties, queues, read_ticket, wire, words};

/// Makes a ticket.
pub(super) async fn create(up: &Upstream, new: NewTicket) -> Result<Found<Ticket>> {
    let options = Options::of(up);
    let queue = queues::of_new_ticket(up, new.group.as_deref(), &options).await?;
    let (description, mut wanted) = wanted(new)?;
    let people = people::look_up(up, &mut wanted).await?;
    normalise(&mut wanted);
    if !queue.fields.contains(&options.tags_field) {
        wanted.tags = Patch::Keep;
    }
    let mut fields = queue.fields;
    fields.retain(|field| *field != options.tags_field);
    properties::check(&wanted, &fields)?;
    let call = translate::create_ticket(queue.id, &description, &wanted, &people, &options)?;
    let reply = up.send(call).await?;
    let made: Result<wire::Created> = read(&reply);
    let id = made.map_err(|_| ProviderError::outcome_unknown())?.id.0;
    // RT makes no ticket in these.
    let mut is_settled = true;
    if let Patch::Set(word @ (Status::Pending | Status::Closed)) = wanted.status {
        let call = translate::set_status(id, words::native_status(word));
        is_settled = up.send(call).await.is_ok();
    }
    let found = match read_ticket(up, id, &options).await {
        Ok(found) => found,
        Err(error) if is_settled => {
            tracing::warn!(error.kind = ?error.kind, "a ticket was made but cannot be read again");
            let object = translate::as_asked(id, queue.id, &description, &wanted);
            return Ok(Found { object, raw: None });
        }
        Err(_) => {
            let id = TicketId::from_upstream(id.to_string());
            let message = format!(
                "the help desk has made the ticket, {id}, but whether it has the status that was asked for is not known; \
                 change that ticket, do not make another"
            );
            return Err(ProviderError::new(Kind::OutcomeUnknown, message));
        }
    };
    let (refused, _) = compare(&wanted, &found.object);
    if refused.is_empty() {
        return Ok(found);
    }
    let names = names(&refused);
    let id = &found.object.id;
    let message = format!(
        "{names}: the help desk has made the ticket, {id}, but did not take this; change that ticket, do not make another"
    );
    Err(ProviderError::new(Kind::Invalid, message))
}

/// Changes what the patch names.
pub(super) async fn update(
    up: &Upstream,
    id: &TicketId,
    patch: TicketPatch,
) -> Result<Found<Ticket>> {
    let options = Options::of(up);
    let id = translate::ticket_number(id)?;
    // RT would change a deleted ticket too.
    let current = list::one(up, id, &options).await?.object;
    let mut wanted = patch;
    if let Patch::Set(subject) = &mut wanted.subject {
        *subject = translate::subject(subject)?;
    }
    if let Patch::Set(due_at) = &mut wanted.due_at {
        *due_at = translate::due_at(*due_at)?;
    }
    if let Patch::Set(group) = &wanted.group {
        queues::number_of(group)?;
    }
    let people = people::look_up(up, &mut wanted).await?;
    normalise(&mut wanted);
    if wanted.group.is_keep() {
        if current.tags.is_none() {
            wanted.tags = Patch::Keep;
        }
        let known = current.custom_properties.iter();
        let known: Vec<_> = known.map(|property| property.id.clone()).collect();
        properties::check(&wanted, &known)?;
    }
    keep_what_is(&mut wanted, &current);
    let Some(call) = translate::update_ticket(id, &wanted, &current, &people, &options)? else {
        return read_ticket(up, id, &options).await;
    };
    let failure = match up.send(call).await {
        Ok(_) => None,
        // It may have changed something before it failed.
        Err(error) if error.kind == Kind::OutcomeUnknown => Some(error),
        Err(error) => return Err(error),
    };
    let found = match (read_ticket(up, id, &options).await, &failure) {
        (Ok(found), _) => found,
        (Err(error), None) if error.kind == Kind::NotFound && !wanted.group.is_keep() => {
            let message =
                "group: the ticket went to a queue that the account's credential does not see";
            return Err(ProviderError::new(Kind::Forbidden, message));
        }
        // It said neither yes nor no, and does not tell.
        (Err(_), _) => return Err(ProviderError::outcome_unknown()),
    };
    let (refused, taken) = compare(&wanted, &found.object);
    if refused.is_empty() {
        return Ok(found);
    }
    let refused = names(&refused);
    let taken = if taken.is_empty() {
        "nothing else was changed".to_owned()
    } else {
        format!("changed: {}", names(&taken))
    };
    if failure.is_some() {
        let message =
            format!("the help desk failed in the midst of it; not changed: {refused}; {taken}");
        return Err(ProviderError::new(Kind::Unavailable, message));
    }
    let message = format!("{refused}: the help desk did not take this; {taken}");
    Err(ProviderError::new(Kind::Invalid, message))
}

/// Deletes a ticket. RT answers 500 where it is deleted already, so it is looked at first.
pub(super) async fn delete(up: &Upstream, id: &TicketId) -> Result<()> {
    let id = translate::ticket_number(id)?;
    list::exists(up, id).await?;
    up.send(translate::delete_ticket(id)).await.map(drop)
}

/// What a request for a new ticket wants of it, beside the description.
fn wanted(new: NewTicket) -> Result<(String, TicketPatch)> {
    let NewTicket {
        subject,
        description,
        // RT's tickets have none of these, and the gate has refused a submitter.
        ticket_type: _,
        public: _,
        company: _,
        submitter: _,
        // Where it is made.
        group: _,
        priority,
        status,
        tags,
        due_at,
        custom_properties,
        requester,
        assignee,
        email_ccs,
        followers,
    } = new;
    let wanted = TicketPatch {
        subject: Patch::Set(translate::subject(&subject)?),
        priority: Patch::Set(priority),
        status: Patch::Set(status),
        tags: all_of(tags),
        due_at: match due_at {
            None => Patch::Keep,
            Some(due_at) => Patch::Set(translate::due_at(due_at)?),
        },
        custom_properties: all_of(custom_properties),
        requester: requester.map_or(Patch::Keep, Patch::Set),
        assignee: assignee.map_or(Patch::Keep, Patch::Set),
        email_ccs: all_of(email_ccs),
        followers: all_of(followers),
        ..TicketPatch::default()
    };
    Ok((description, wanted))
}

/// A list of a new ticket, if there is anything in it.
fn all_of<T>(list: Vec<T>) -> Patch<Vec<T>> {
    if list.is_empty() {
        Patch::Keep
    } else {
        Patch::Set(list)
    }
}

/// Puts values as RT will show them.
fn normalise(wanted: &mut TicketPatch) {
    if let Patch::Set(subject) = &mut wanted.subject {
        *subject = translate::kept(subject);
    }
    if let Patch::Set(tags) = &mut wanted.tags {
        *tags = tags.iter().map(|tag| translate::kept(tag)).collect();
        tags.retain(|tag| !tag.is_empty());
    }
}

/// Leaves out of a patch what a ticket has already.
fn keep_what_is(wanted: &mut TicketPatch, current: &Ticket) {
    for &field in TicketField::ALL {
        if wanted.keeps(field, current) {
            wanted.forget(field);
        }
    }
    properties::without_kept(wanted, current);
}

/// The attributes that a ticket does not show as they were wanted, and those that it does.
fn compare(wanted: &TicketPatch, told: &Ticket) -> (Vec<TicketField>, Vec<TicketField>) {
    let named = wanted.intents().into_iter();
    let named = named.filter(|(_, intent)| *intent != Intent::Keep);
    named
        .map(|(field, _)| field)
        .partition(|field| match field {
            TicketField::CustomProperties => !properties::are_kept(wanted, told),
            // What RT does not have is ignored.
            TicketField::TicketType | TicketField::Public | TicketField::Company => false,
            TicketField::Tags if told.tags.is_none() => false,
            field => !wanted.keeps(*field, told),
        })
}

/// Names of attributes.
fn names(fields: &[TicketField]) -> String {
    let names: Vec<_> = fields.iter().map(|field| field.name()).collect();
    names.join(", ")
}
