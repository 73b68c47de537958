//! What attributes do to a ticket: who is in charge, and plain values (Zendesk reference, sections 3 and 4).
//! Statuses are in `ticket_status`, custom fields and tags in `ticket_fields`.

use super::body::Given;
use super::records::Ticket;
use super::reply::Problems;
use super::switches::UnknownReferences;
use super::ticket_draft::Draft;
use super::world::World;

/// The types that there are.
const TYPES: [&str; 4] = ["problem", "incident", "question", "task"];

/// The priorities that there are.
const PRIORITIES: [&str; 4] = ["urgent", "high", "normal", "low"];

/// Sets everything of the draft but people, status, custom fields and tags.
pub(super) fn plain(world: &World, draft: &Draft, ticket: &mut Ticket, problems: &mut Problems) {
    draft.subject.set(&mut ticket.subject);
    draft.external_id.set(&mut ticket.external_id);
    draft.recipient.set(&mut ticket.recipient);
    kind(draft, ticket, problems);
    priority(world, draft, ticket, problems);
    match &draft.due_at {
        Given::Is(_)
            if world.switches.due_at_is_for_tasks && ticket.kind.as_deref() != Some("task") => {}
        given => given.set(&mut ticket.due_at),
    }
    let of_form = [
        (
            &draft.brand_id,
            &mut ticket.brand_id,
            world.brand_id,
            "brand_id",
            "Brand",
        ),
        (
            &draft.ticket_form_id,
            &mut ticket.ticket_form_id,
            world.ticket_form_id,
            "ticket_form_id",
            "Form",
        ),
    ];
    for (given, attribute, known, field, title) in of_form {
        match given.value() {
            Some(id) if *id == known => *attribute = *id,
            Some(_) => unknown(world, field, title, problems),
            None => {}
        }
    }
    match &draft.problem_id {
        Given::Is(id) => {
            let problem = world.tickets.get(id).filter(|other| other.is_there());
            if problem.is_some_and(|other| other.kind.as_deref() == Some("problem")) {
                ticket.problem_id = Some(*id);
            } else {
                unknown(world, "problem_id", "Problem", problems);
            }
        }
        given => given.set(&mut ticket.problem_id),
    }
}

/// Sets the type.
fn kind(draft: &Draft, ticket: &mut Ticket, problems: &mut Problems) {
    match draft.kind.value() {
        Some(kind) if !TYPES.contains(&kind.as_str()) => {
            let text = format!("Type: {kind} is not a valid type");
            problems.add("type", &text, Some("InvalidValue"));
        }
        _ => draft.kind.set(&mut ticket.kind),
    }
}

/// Sets the priority, which cannot be cleared (section 3).
fn priority(world: &World, draft: &Draft, ticket: &mut Ticket, problems: &mut Problems) {
    match &draft.priority {
        Given::Is(priority) if !PRIORITIES.contains(&priority.as_str()) => {
            let text = format!("Priority: {priority} is not a valid priority");
            problems.add("priority", &text, Some("InvalidValue"));
        }
        Given::Null if ticket.priority.is_some() => {
            if world.switches.clearing_priority_is_refused {
                problems.add(
                    "priority",
                    "Priority: cannot be reset",
                    Some("InvalidValue"),
                );
            }
        }
        given => given.set(&mut ticket.priority),
    }
}

/// Sets requester and organization: only one of the requester's own (section 3).
pub(super) fn requester(
    world: &World,
    draft: &Draft,
    requester: Option<u64>,
    ticket: &mut Ticket,
    problems: &mut Problems,
) {
    if let Some(id) = requester.filter(|id| *id != ticket.requester_id) {
        ticket.requester_id = id;
        ticket.organization_id = world.users.get(&id).and_then(|user| user.organization_id);
    }
    match &draft.organization_id {
        Given::Is(id) if world.is_in_organization(ticket.requester_id, *id) => {
            ticket.organization_id = Some(*id);
        }
        Given::Is(_) => unknown(world, "organization_id", "Organization", problems),
        given => given.set(&mut ticket.organization_id),
    }
}

/// Sets agent and group. An agent brings a group, and a group can drop the agent (section 3).
pub(super) fn charge(world: &World, draft: &Draft, ticket: &mut Ticket, problems: &mut Problems) {
    let by_email = draft.assignee_email.value().map(|email| {
        let found = world.person_by_email(email);
        // An address that nobody has is as good as an id that nobody has.
        Given::Is(found.unwrap_or_default())
    });
    let mut is_assigned = false;
    match by_email.as_ref().unwrap_or(&draft.assignee_id) {
        Given::Is(id) if world.active_agent(*id).is_some() => {
            ticket.assignee_id = Some(*id);
            is_assigned = true;
        }
        Given::Is(_) => unknown(world, "assignee_id", "Assignee", problems),
        given => given.set(&mut ticket.assignee_id),
    }
    let mut is_grouped = false;
    match &draft.group_id {
        Given::Is(id) if world.groups.get(id).is_some_and(|group| !group.deleted) => {
            ticket.group_id = Some(*id);
            is_grouped = true;
        }
        Given::Is(_) => unknown(world, "group_id", "Group", problems),
        given => given.set(&mut ticket.group_id),
    }
    let (Some(agent), group) = (ticket.assignee_id, ticket.group_id) else {
        return;
    };
    if group.is_some_and(|group| world.is_in_group(agent, group)) {
        return;
    }
    match (is_assigned, is_grouped) {
        (true, true) => {
            let text = "Assignee: is not a member of the group";
            problems.add("assignee_id", text, Some("InvalidValue"));
        }
        (true, false) => ticket.group_id = group_of(world, agent),
        (false, true) => ticket.assignee_id = None,
        (false, false) => {}
    }
}

/// The group that an agent brings along.
pub(super) fn group_of(world: &World, agent: u64) -> Option<u64> {
    let default = world
        .users
        .get(&agent)
        .and_then(|agent| agent.default_group_id);
    let mut joined = world.group_memberships.values();
    default.or_else(|| {
        let found = joined.find(|membership| membership.user_id == agent);
        found.map(|membership| membership.place_id)
    })
}

/// Notes a reference that leads nowhere, unless such are ignored (section 4).
pub(super) fn unknown(world: &World, field: &str, title: &str, problems: &mut Problems) {
    if world.switches.unknown_references == UnknownReferences::Refused {
        problems.add(field, &format!("{title}: is invalid"), Some("InvalidValue"));
    }
}
