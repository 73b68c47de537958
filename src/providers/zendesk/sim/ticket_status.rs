//! How statuses change (Zendesk reference, section 3).

use serde_json::{Value, json};

use super::records::Ticket;
use super::reply::Problems;
use super::switches::NewAgain;
use super::ticket_apply;
use super::ticket_draft::Draft;
use super::world::World;

/// The statuses that there are, in the order in which lists sort them.
pub(super) const STATUSES: [&str; 6] = ["new", "open", "pending", "hold", "solved", "closed"];

/// Sets the status, after everything else is set. `before` is the status that the ticket had; a ticket that is
/// being made had none.
pub(super) fn apply(
    world: &World,
    draft: &Draft,
    caller: u64,
    before: Option<&str>,
    ticket: &mut Ticket,
    problems: &mut Problems,
) {
    if let Some(id) = draft.custom_status_id.value() {
        match world.custom_statuses.get(id).filter(|status| status.active) {
            Some(status) => {
                ticket.custom_status_id = *id;
                ticket.status.clone_from(&status.status_category);
            }
            None => ticket_apply::unknown(world, "custom_status_id", "Custom status", problems),
        }
    } else if let Some(status) = draft.status.value() {
        let is_known = STATUSES.contains(&status.as_str());
        if !is_known || (status == "hold" && !world.switches.hold_is_active) {
            let text = format!("Status: {status} is not a valid status");
            problems.add("status", &text, Some("InvalidValue"));
            return;
        }
        ticket.status.clone_from(status);
        // The status brings the default custom status of its category.
        ticket.custom_status_id = world.default_status(status);
    }
    keep_new_back(world, before, ticket, problems);
    let is_solved_now = ticket.status == "solved" && before != Some("solved");
    if is_solved_now && ticket.assignee_id.is_none() && world.switches.solving_assigns {
        ticket.assignee_id = Some(caller);
        let group = ticket.group_id;
        let group = group.filter(|group| world.is_in_group(caller, *group));
        ticket.group_id = group.or_else(|| ticket_apply::group_of(world, caller));
    }
    if ticket.status == "solved" {
        check_solvable(world, ticket, problems);
    }
}

/// A ticket with an agent is not new any more, and what was opened is never new again.
fn keep_new_back(
    world: &World,
    before: Option<&str>,
    ticket: &mut Ticket,
    problems: &mut Problems,
) {
    if ticket.status != "new" {
        return;
    }
    let was_opened = before.is_some_and(|before| before != "new");
    if was_opened && world.switches.new_again == NewAgain::Refused {
        let text = "Status: new is not allowed once the ticket was opened";
        problems.add("status", text, Some("InvalidValue"));
    } else if was_opened || ticket.assignee_id.is_some() {
        "open".clone_into(&mut ticket.status);
        ticket.custom_status_id = world.default_status("open");
    }
}

/// A solved ticket has an agent and its required fields.
fn check_solvable(world: &World, ticket: &Ticket, problems: &mut Problems) {
    let reason = |title: &str, id: u64, kind: &str| {
        json!({
            "description": format!("{title}: is required when solving a ticket"),
            "error": null,
            "ticket_field_id": id,
            "ticket_field_type": kind,
        })
    };
    if ticket.assignee_id.is_none() {
        let mut fields = world.ticket_fields.values();
        let field = fields.find(|field| field.kind == "assignee");
        let id = field.map_or(0, |field| field.id);
        problems.add_whole("base", reason("Assignee", id, "FieldAssignee"));
    }
    let required = world.ticket_fields.values();
    for field in required.filter(|field| field.custom && field.active && field.required) {
        let value = ticket.custom_fields.get(&field.id);
        if value.is_none_or(|value| *value == Value::Null || *value == json!(false)) {
            let kind = match field.kind.as_str() {
                "checkbox" => "FieldCheckbox",
                "tagger" => "FieldTagger",
                "integer" => "FieldInteger",
                "date" => "FieldDate",
                _ => "FieldText",
            };
            problems.add_whole("base", reason(&field.title, field.id, kind));
        }
    }
}
