//! Merging tickets and contacts (Freshdesk reference, sections 4.5 and 9).

use super::form::Form;
use super::form_fields::Given;
use super::records::Ticket;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::world::World;

/// A note that a merge leaves behind.
struct Note {
    /// Its text.
    body: String,
    /// For agents only.
    private: bool,
}

/// `PUT /tickets/merge`: the others become closed, keep readable, and get a note.
pub(super) fn tickets(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&[
        "primary_id",
        "ticket_ids",
        "note_in_primary",
        "note_in_secondary",
        // Spelled so by the API.
        "convert_recepients_to_cc",
    ])?;
    let form = &mut ask.form;
    let primary_id = form.positive("primary_id").value();
    let others = form.ids("ticket_ids").value().unwrap_or_default();
    let converts = form
        .boolean("convert_recepients_to_cc")
        .value()
        .unwrap_or(false);
    if primary_id.is_none() && form.errors.is_empty() {
        form.refuse(
            "primary_id",
            "missing_field",
            "It should be a/an Positive Integer",
        );
    }
    if others.is_empty() && form.errors.is_empty() {
        form.refuse("ticket_ids", "missing_field", "It should be a/an Array");
    }
    let is_open = |id: u64| world.tickets.get(&id).is_some_and(Ticket::is_listable);
    if primary_id.is_some_and(|id| !is_open(id)) {
        form.errors
            .push(FieldError::no_match("ticket", "primary_id"));
    }
    if others
        .iter()
        .any(|id| !is_open(*id) || Some(*id) == primary_id)
    {
        form.errors
            .push(FieldError::no_match("ticket", "ticket_ids"));
    }
    let in_primary = note(form, "note_in_primary");
    let in_secondary = note(form, "note_in_secondary");
    form.checked()?;

    let Some(primary_id) = primary_id else {
        return Err(Reply::not_found());
    };
    let me = world.me;
    let mut copies: Vec<String> = Vec::new();
    for id in others {
        if let Some(ticket) = world.tickets.get(&id) {
            copies.extend(ticket.cc_emails.iter().flatten().cloned());
            let requester = world
                .person(ticket.requester_id)
                .and_then(|person| person.email);
            copies.extend(requester.map(str::to_owned));
        }
        if let Some(note) = &in_secondary {
            world.add_note(id, me, &note.body, note.private);
        }
        world.edit_ticket(id, |ticket| {
            ticket.status = 5;
            ticket.merged_into = Some(primary_id);
        });
    }
    if let Some(note) = &in_primary {
        world.add_note(primary_id, me, &note.body, note.private);
    }
    world.edit_ticket(primary_id, |ticket| {
        let cc_emails = ticket.cc_emails.get_or_insert_default();
        cc_emails.extend(copies.into_iter().filter(|_| converts));
    });
    Ok(Reply::no_content())
}

/// `POST /contacts/merge`: the others' tickets and addresses go to the first.
pub(super) fn contacts(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form
        .only(&["primary_contact_id", "secondary_contact_ids"])?;
    let form = &mut ask.form;
    let primary = form.positive("primary_contact_id");
    let others = form
        .ids("secondary_contact_ids")
        .value()
        .unwrap_or_default();
    let is_live = |id: u64| {
        world
            .contacts
            .get(&id)
            .is_some_and(|contact| !contact.deleted)
    };
    let primary_id = match primary {
        Given::Is(id) if is_live(id) => id,
        Given::Is(_) | Given::Null | Given::Absent => {
            form.errors
                .push(FieldError::no_match("contact", "primary_contact_id"));
            0
        }
    };
    if others.is_empty() || others.iter().any(|id| !is_live(*id) || *id == primary_id) {
        form.errors
            .push(FieldError::no_match("contact", "secondary_contact_ids"));
    }
    form.checked()?;

    for id in others {
        let Some(contact) = world.contacts.get(&id).cloned() else {
            continue;
        };
        let theirs: Vec<u64> = world
            .tickets
            .values()
            .filter(|one| one.requester_id == id)
            .map(|one| one.id)
            .collect();
        for ticket in theirs {
            world.edit_ticket(ticket, |ticket| ticket.requester_id = primary_id);
        }
        world.edit_contact(id, |contact| {
            contact.deleted = true;
            contact.email = None;
            contact.other_emails.clear();
        });
        world.edit_contact(primary_id, |primary| {
            primary.other_emails.extend(contact.email);
            primary.other_emails.extend(contact.other_emails);
        });
    }
    Ok(Reply::no_content())
}

/// Reads a note; private unless it says otherwise.
fn note(form: &mut Form, name: &str) -> Option<Note> {
    let fields = form.object(name).value()?;
    let mut note = Form {
        fields,
        ..Form::default()
    };
    let body = note.required_text("body");
    let private = note.boolean("private").value().unwrap_or(true);
    form.errors.append(&mut note.errors);
    Some(Note {
        body: body?,
        private,
    })
}
