//! Changing the attributes of a ticket, and what is told of each.

use super::dates;
use super::records::{DELETED, NOBODY, SYSTEM};
use super::records_people::Right;
use super::switches::{Database, Language};
use super::world::World;
use super::world_tickets::{self, Change};

/// Changes one attribute, and says what became of it.
pub(super) fn attribute(
    world: &mut World,
    by: u64,
    id: u64,
    name: &str,
    text: &str,
) -> Option<String> {
    let ticket = world.tickets.get(&id)?;
    if !world.may(by, Right::Modify, ticket.queue) {
        return Some("Permission Denied".to_owned());
    }
    match name {
        "Subject" => {
            let (old, new) = (ticket.subject.clone(), world_tickets::subject(text));
            if is_same(&old, &new) {
                return None;
            }
            // The message has more of it than the ticket.
            let told = text.chars().filter(|letter| !matches!(letter, '\n' | '\r'));
            let told: String = told.take(255).collect();
            world.apply(by, id, Change::Subject(new));
            Some(changed(world, "Subject", &quoted(&old), &quoted(&told)))
        }
        "Priority" => {
            let old = ticket.priority.clone();
            if is_same(&old, text) {
                return None;
            }
            // What is no number becomes one here, unlike in a new ticket.
            let new = match text {
                "Medium" => 50,
                "High" => 100,
                text => text.parse::<u64>().unwrap_or(0),
            };
            let new = new.to_string();
            if old == new {
                return Some("That is already the current value".to_owned());
            }
            world.apply(by, id, Change::Priority(new.clone()));
            let [old, new] = [&old, &new].map(|priority| quoted(level(priority)));
            Some(changed(world, "Priority", &old, &new))
        }
        "Status" if ticket.status == text => None,
        "Status" => set_status(world, by, id, text),
        "Owner" => set_owner(world, by, id, text),
        "Queue" => set_queue(world, by, id, text),
        "Due" => set_due(world, by, id, text),
        // Minutes are not translated.
        _ => {
            let mut minutes = ticket.minutes;
            let place = match name {
                "TimeEstimated" => 0,
                "TimeWorked" => 1,
                _ => 2,
            };
            let minute = minutes.get_mut(place)?;
            let new = text.parse().unwrap_or(0);
            let old = std::mem::replace(minute, new);
            if old == new {
                return None;
            }
            world.apply(by, id, Change::Minutes(minutes));
            let [old, new] = [old, new].map(|minutes| format!("'{minutes} minutes'"));
            Some(changed(world, name, &old, &new))
        }
    }
}

/// Gives a ticket another status, if its lifecycle has it.
pub(super) fn set_status(world: &mut World, by: u64, id: u64, text: &str) -> Option<String> {
    let ticket = world.tickets.get(&id)?;
    let status = text.to_lowercase();
    let lifecycle = world.queues.get(&ticket.queue)?.lifecycle;
    if !lifecycle.has(&status) {
        return Some(format!(
            "Status '{text}' isn't a valid status for this ticket."
        ));
    }
    let right = if status == DELETED {
        Right::Delete
    } else {
        Right::Modify
    };
    if !world.may(by, right, ticket.queue) {
        return Some("Permission Denied".to_owned());
    }
    let old = ticket.status.clone();
    if old == status {
        return Some(format!("You can't change status from '{old}' to '{text}'."));
    }
    world.apply(by, id, Change::Status(status.clone()));
    if status == DELETED {
        return Some("Ticket deleted".to_owned());
    }
    Some(changed(world, "Status", &quoted(&old), &quoted(&status)))
}

/// Gives a ticket to somebody (facts, 7).
fn set_owner(world: &mut World, by: u64, id: u64, text: &str) -> Option<String> {
    let ticket = world.tickets.get(&id)?;
    let old = ticket.owner;
    if old.to_string() == text {
        return None;
    }
    let Some(owner) = world.user(text) else {
        return Some("That user does not exist".to_owned());
    };
    let new = owner.id;
    if new == old {
        let is_spelled = owner.name == text;
        return (!is_spelled).then(|| "That user already owns that ticket".to_owned());
    }
    if old != NOBODY && old != by && !world.may(by, Right::Reassign, ticket.queue) {
        let message = "You can only reassign tickets that you own or that are unowned";
        return Some(message.to_owned());
    }
    let may_own = owner.is_privileged && world.sees_queue(new, ticket.queue);
    if !may_own && ![NOBODY, SYSTEM].contains(&new) {
        return Some("That user may not own tickets in that queue".to_owned());
    }
    world.apply(by, id, Change::Owner(new));
    let [old, new] = [old, new].map(|owner| world.login(owner));
    Some(changed(world, "Owner", &old, &new))
}

/// Moves a ticket (facts, 9).
fn set_queue(world: &mut World, by: u64, id: u64, text: &str) -> Option<String> {
    let old = world.tickets.get(&id)?.queue;
    if old.to_string() == text {
        return None;
    }
    let Some(queue) = world.queue(text) else {
        return Some(format!("Queue {text} does not exist"));
    };
    let (new, name) = (queue.id, queue.name.clone());
    if new == old {
        return None;
    }
    if !world.may(by, Right::Create, new) {
        return Some("Permission Denied".to_owned());
    }
    let old = world.queues.get(&old).map(|queue| queue.name.clone());
    world.apply(by, id, Change::Queue(new));
    Some(changed(world, "Queue", &old.unwrap_or_default(), &name))
}

/// Sets the due date. Any text is kept and told as the date that it may be, but SQLite's is read in one form only:
/// in all others the ticket has no due date then (facts, 5).
fn set_due(world: &mut World, by: u64, id: u64, text: &str) -> Option<String> {
    let old = world.tickets.get(&id)?.raw_due.clone();
    if is_same(&old, text) {
        return None;
    }
    let read = dates::exact(text);
    let is_kept = text.get(10..11) == Some(" ") && !text.ends_with('Z');
    let kept = read.filter(|_| is_kept || world.switches.database == Database::Postgres);
    world.apply(by, id, Change::Due(kept));
    if kept.is_none()
        && let Some(ticket) = world.tickets.get_mut(&id)
    {
        text.clone_into(&mut ticket.raw_due);
    }
    let [old, new] = [dates::exact(&old), read].map(|due| match due {
        Some(due) => due.strftime("%a %b %d %H:%M:%S %Y").to_string(),
        None => "Not set".to_owned(),
    });
    Some(changed(world, "Due", &old, &new))
}

/// Whether a value is the one that there is, as Perl compares: nothing is 0.
fn is_same(old: &str, new: &str) -> bool {
    old == new || (new.is_empty() && old == "0")
}

/// What RT's pages call a priority, and its messages too.
fn level(priority: &str) -> &'static str {
    match priority.parse().unwrap_or(0) {
        ..50 => "Low",
        50..100 => "Medium",
        100.. => "High",
    }
}

/// A text in quotes, or the words for none.
fn quoted(text: &str) -> String {
    if matches!(text, "" | "0") {
        "(no value)".to_owned()
    } else {
        format!("'{text}'")
    }
}

/// What is told of a change, in the language of the user.
pub(super) fn changed(world: &World, name: &str, old: &str, new: &str) -> String {
    match world.switches.language {
        Language::English => format!("{name} changed from {old} to {new}"),
        Language::German => {
            let name = match name {
                "Subject" => "Betreff",
                "Owner" => "Besitzer",
                "Queue" => "Bereich",
                "Priority" => "Priorität",
                name => name,
            };
            format!("{name} von {old} in {new} geändert")
        }
    }
}
