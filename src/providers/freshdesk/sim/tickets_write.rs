//! Creating and changing tickets (Freshdesk reference, sections 4.3 and 4.5).

use jiff::SignedDuration;

use super::attachments;
use super::form::Form;
use super::records::Ticket;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_draft::{self, Draft};
use super::ticket_json::{Shape, TicketJson, visible_due_dates};
use super::ticket_requester::{self, Requester};
use super::ticket_required;
use super::tickets::writable;
use super::world::World;

/// What a create may say.
const CREATE: [&str; 29] = [
    "requester_id",
    "email",
    "phone",
    "name",
    "facebook_id",
    "twitter_id",
    "unique_external_id",
    "subject",
    "description",
    "type",
    "status",
    "priority",
    "source",
    "responder_id",
    "group_id",
    "product_id",
    "email_config_id",
    "company_id",
    "cc_emails",
    "tags",
    "custom_fields",
    "due_by",
    "fr_due_by",
    "attachments",
    "parent_id",
    "related_ticket_ids",
    "internal_agent_id",
    "internal_group_id",
    "lookup_parameter",
];

/// What an update may say: not `cc_emails`, and nothing that answers only show (section 4.5).
const UPDATE: [&str; 27] = [
    "requester_id",
    "email",
    "phone",
    "name",
    "facebook_id",
    "twitter_id",
    "unique_external_id",
    "subject",
    "description",
    "type",
    "status",
    "priority",
    "source",
    "responder_id",
    "group_id",
    "product_id",
    "email_config_id",
    "company_id",
    "tags",
    "custom_fields",
    "due_by",
    "fr_due_by",
    "attachments",
    "parent_id",
    "internal_agent_id",
    "internal_group_id",
    "lookup_parameter",
];

/// What an outbound mail may say (section 4.5).
const OUTBOUND: [&str; 17] = [
    "email",
    "name",
    "subject",
    "description",
    "type",
    "status",
    "priority",
    "responder_id",
    "group_id",
    "email_config_id",
    "cc_emails",
    "tags",
    "custom_fields",
    "due_by",
    "fr_due_by",
    "attachments",
    "lookup_parameter",
];

/// Fields of features that this account does not have.
const OTHER_FEATURES: [&str; 5] = [
    "parent_id",
    "related_ticket_ids",
    "internal_agent_id",
    "internal_group_id",
    "lookup_parameter",
];

/// `POST /tickets`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&CREATE)?;
    make(world, ask, |_| {})
}

/// `POST /tickets/outbound_email`: closed unless it says otherwise, source 10.
pub(super) fn outbound(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&OUTBOUND)?;
    let mandatory = [("email", "String"), ("email_config_id", "Positive Integer")];
    for (name, kind) in mandatory {
        if !ask.form.has(name) {
            ask.form
                .refuse(name, "missing_field", format!("It should be a/an {kind}"));
        }
    }
    make(world, ask, |ticket| {
        ticket.source = 10;
        ticket.status = 5;
    })
}

/// Makes a ticket out of the body, on top of the given defaults.
fn make(world: &mut World, ask: &mut Ask, defaults: impl FnOnce(&mut Ticket)) -> Answer {
    let form = &mut ask.form;
    refuse_other_features(form);
    let draft = Draft::read(world, form);
    let requester = ticket_requester::read(world, form);
    if requester.is_none() {
        ticket_requester::refuse_missing(form);
    }
    let cc_emails = form.emails("cc_emails").value();
    let attachments = attachments::take(world, form, 0);
    let mut ticket = world.blank_ticket(0);
    defaults(&mut ticket);
    let has_due_dates = draft.sets_due_dates();
    let names_company = form.has("company_id");
    draft.check_due_dates(world, form, draft.status_after(ticket.status));
    draft.apply(world, &mut ticket);
    ticket_required::check_required(world, form, None, &ticket);
    form.checked()?;

    if let Some(requester) = requester {
        ticket.requester_id = requester.resolve(world);
    }
    if !names_company {
        let contact = world.contacts.get(&ticket.requester_id);
        ticket.company_id = contact.and_then(|contact| contact.company_id);
    }
    ticket.cc_emails = Some(cc_emails.unwrap_or_default());
    // The documented sample of a create echoes the copies here (section 4.2).
    ticket.reply_cc_emails.clone_from(&ticket.cc_emails);
    ticket.attachments = attachments;
    if !has_due_dates {
        ticket_draft::set_service_level(&mut ticket);
    }
    // Accounts of 2017 had the due dates at once; now they come about a second later.
    let is_at_once = world.switches.account_of_2017
        || (has_due_dates && !world.switches.update_echoes_old_due_dates);
    if !is_at_once {
        ticket.due_dates_from = ticket.created_at + SignedDuration::from_secs(1);
    }
    if ticket.status == 3 {
        ticket.stats.pending_since = Some(ticket.created_at);
    }
    if ticket.is_done() {
        ticket.stats.resolved_at = Some(ticket.created_at);
    }
    if ticket.status == 5 {
        ticket.stats.closed_at = Some(ticket.created_at);
    }

    let location = ask.location(&format!("tickets/{}", ticket.id));
    let reply = Reply::created(
        &TicketJson::new(world, &ticket, Shape::Created, &ask.base),
        location,
    );
    world.insert_ticket(ticket);
    Ok(reply)
}

/// `PUT /tickets/{id}`, and PATCH: what is not named stays.
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let before = writable(world, ask)?.clone();
    ask.form.only(&UPDATE)?;
    let form = &mut ask.form;
    refuse_other_features(form);
    if before.source == 10 {
        // An outbound mail was sent as it is (section 4.5).
        for name in ["subject", "description"] {
            if form.has(name) {
                form.refuse(
                    name,
                    "inaccessible_field",
                    "It cannot be changed on outbound tickets",
                );
            }
        }
    }
    let draft = Draft::read(world, form);
    let requester = ticket_requester::read(world, form);
    let attachments = attachments::take(world, form, before.attachment_bytes());
    draft.check_due_dates(world, form, draft.status_after(before.status));
    let mut after = before.clone();
    draft.apply(world, &mut after);
    ticket_required::check_required(world, form, Some(&before), &after);
    form.checked()?;

    after.requester_id = requester.map_or(before.requester_id, |one: Requester| one.resolve(world));
    if after.requester_id != before.requester_id && !ask.form.has("company_id") {
        let contact = world.contacts.get(&after.requester_id);
        after.company_id = contact.and_then(|contact| contact.company_id);
    }
    after.attachments.extend(attachments);
    let now = world.now();
    let is_echo = world.switches.update_echoes_old_due_dates && !world.switches.account_of_2017;
    let echoed = is_echo.then(|| visible_due_dates(&before, now));
    if after.due_by != before.due_by || after.fr_due_by != before.fr_due_by {
        after.due_dates_from = before.due_dates_from.min(now);
    }
    let id = before.id;
    if after != before || !world.switches.idle_updates_keep_updated_at {
        world.edit_ticket(id, |ticket| *ticket = after);
    }
    let ticket = world.tickets.get(&id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&TicketJson::new(
        world,
        ticket,
        Shape::Updated { echoed },
        &ask.base,
    )))
}

/// Refuses what needs features that this account does not have (section 12).
fn refuse_other_features(form: &mut Form) {
    for name in OTHER_FEATURES {
        if form.has(name) {
            let message = "The feature that this field belongs to is not enabled on this account";
            form.refuse(name, "inaccessible_field", message);
        }
    }
}
