//! The e-mails that RT sends because of what happens, which it writes down: the noise in every history.

use super::message::{Kind, Part};
use super::records::{NOBODY, SYSTEM, Ticket};
use super::world::{Note, World};

/// Tells those concerned of a new ticket: the requestors, then the owner and the agents with a copy, then the others
/// with a copy. Nobody is told of what they did themselves, but requestors are.
pub(super) fn of_creation(world: &mut World, by: u64, ticket_id: u64) {
    let Some(ticket) = world.tickets.get(&ticket_id) else {
        return;
    };
    let subject = ticket.subject.clone();
    let tells_others = ticket.cc.iter().any(|user| *user != by);
    let tells_agents = concerns_agents(ticket, by);
    if !ticket.requestors.is_empty() {
        let text = "Greetings,\n\nThis message has been automatically generated in response to the creation of a \
                    ticket. There is no need to reply to it right now.";
        let subject = format!("AutoReply: {subject}");
        send(world, "EmailRecord", ticket_id, &subject, text);
    }
    for tells in [tells_agents, tells_others] {
        if tells {
            send(
                world,
                "EmailRecord",
                ticket_id,
                &subject,
                "A ticket was created.",
            );
        }
    }
}

/// Whether the owner or an agent with a copy is somebody else.
fn concerns_agents(ticket: &Ticket, by: u64) -> bool {
    let is_owned = ticket.owner != NOBODY && ticket.owner != by;
    is_owned || ticket.admin_cc.iter().any(|user| *user != by)
}

/// Tells those concerned of a message: of a reply the owner and the agents with a copy, then the customers; of a
/// comment the agents with a copy.
pub(super) fn of_message(world: &mut World, by: u64, ticket_id: u64, kind: Kind, text: &str) {
    let Some(ticket) = world.tickets.get(&ticket_id) else {
        return;
    };
    let subject = ticket.subject.clone();
    let (record, tells_agents) = match kind {
        Kind::Correspond => ("EmailRecord", concerns_agents(ticket, by)),
        Kind::Comment => {
            let tells = ticket.admin_cc.iter().any(|user| *user != by);
            ("CommentEmailRecord", tells)
        }
    };
    let mut others = ticket.requestors.iter().chain(&ticket.cc);
    let tells_customers = others.any(|user| *user != by);
    if tells_agents {
        let text = format!("Ticket <URL: Ticket/Display.html?id={ticket_id} >\n\n{text}\n\n");
        send(world, record, ticket_id, &subject, &text);
    }
    if kind == Kind::Correspond && tells_customers {
        let text = format!("{text}\n\n");
        send(world, "EmailRecord", ticket_id, &subject, &text);
    }
}

/// Tells the requestors that their ticket is done.
pub(super) fn of_status(world: &mut World, ticket_id: u64, status: &str) {
    let Some(ticket) = world.tickets.get(&ticket_id) else {
        return;
    };
    let subject = ticket.subject.clone();
    let text = "According to our records, your request has been resolved.";
    if status == "resolved" && !ticket.requestors.is_empty() {
        send(world, "EmailRecord", ticket_id, &subject, text);
    }
}

/// Tells a new owner.
pub(super) fn of_owner(world: &mut World, by: u64, ticket_id: u64, owner: u64) {
    let Some(ticket) = world.tickets.get(&ticket_id) else {
        return;
    };
    let subject = ticket.subject.clone();
    if owner != NOBODY && owner != by {
        send(
            world,
            "EmailRecord",
            ticket_id,
            &subject,
            "The ticket is yours.",
        );
    }
}

/// Writes an e-mail down, with its text in two forms.
fn send(world: &mut World, kind: &'static str, ticket_id: u64, subject: &str, text: &str) {
    let seconds = world.stamp().as_second();
    let note = Note {
        kind,
        data: format!("<rt-5.0.3-1-{seconds}-1.{ticket_id}-7-0@localhost>"),
        ..Note::default()
    };
    let transaction_id = world.note(SYSTEM, "RT::Ticket", ticket_id, note);
    let html = format!(
        "<p>{}</p>\n",
        text.replace('&', "&amp;").replace('<', "&lt;")
    );
    let parts = vec![
        Part::body("text/plain", text),
        Part::body("text/html", &html),
    ];
    let subject = format!("[rt.localhost #{ticket_id}] {subject}");
    let part = Part::multipart("multipart/alternative", parts);
    world.attach(transaction_id, 0, &subject, part);
}
