//! The tickets of a seeded world: all statuses, priorities and ages, with comments, files, archived and deleted
//! ones.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::records::{Audit, Deleted, Event, Ticket, Via};
use super::seed::Dice;
use super::seed_texts::{ANSWERS, DESCRIPTIONS, NOTES, SUBJECTS, TAGS};
use super::ticket_apply::group_of;
use super::world::World;

/// The oldest ticket's age in seconds: three years.
const OLDEST: i64 = 3 * 365 * 24 * 3600;

/// The newest ticket's age in seconds.
const NEWEST: i64 = 900;

/// How many comments the longest conversation has.
const LONG: u64 = 130;

/// An image of one dot.
const DOT: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];

/// Who appears in tickets.
struct Cast {
    /// Customers who are not suspended.
    customers: Vec<u64>,
    /// All agents.
    agents: Vec<u64>,
}

/// What becomes of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is listed.
    Listed,
    /// It left the lists.
    Archived,
    /// It can be restored.
    Deleted,
    /// It is a row in the exports.
    Scrubbed,
}

/// Puts so many listed tickets into a world, and others besides them.
pub(super) fn plant(world: &mut World, dice: &mut Dice, listed: u32) {
    let users = world.users.values();
    let cast = Cast {
        customers: users
            .clone()
            .filter(|user| !user.is_agent() && !user.suspended)
            .map(|user| user.id)
            .collect(),
        agents: users
            .filter(|user| user.is_agent())
            .map(|user| user.id)
            .collect(),
    };
    let counts = [
        (Fate::Archived, listed / 40 + 3),
        (Fate::Deleted, listed / 50 + 3),
        (Fate::Scrubbed, listed / 100 + 1),
    ];
    let total = u64::from(listed)
        + counts
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum::<u64>();
    let fates = draw(dice, total, &counts);
    let now = world.now();
    for (place, fate) in fates.into_iter().enumerate() {
        let mut ticket = world.blank_ticket(dice.pick(&cast.customers));
        // Ages thin out towards the past.
        let place = i64::try_from(place).unwrap_or(0);
        let total = i64::try_from(total).unwrap_or(1).max(1);
        let far = (total - place) * 100_000 / total;
        let age = NEWEST + (OLDEST - NEWEST) / 100_000 * far / 100_000 * far;
        ticket.created_at = now - SignedDuration::from_secs(age);
        let is_long = fate == Fate::Listed && place == total / 2 && total > 20;
        fill(world, dice, &cast, &mut ticket, fate);
        converse(world, dice, &cast, &mut ticket, now, is_long);
        finish(world, dice, &mut ticket, now, fate);
        let id = world.insert_ticket(ticket);
        if fate == Fate::Scrubbed {
            let at = world.tickets.get(&id).map(|ticket| ticket.updated_at);
            world.purge(id);
            if let (Some(ticket), Some(at)) = (world.tickets.get_mut(&id), at) {
                ticket.updated_at = at;
                ticket.generated_at = at;
            }
        }
    }
}

/// What becomes of each ticket. Archived ones are among the older ones.
fn draw(dice: &mut Dice, total: u64, counts: &[(Fate, u32)]) -> Vec<Fate> {
    let mut fates = Vec::new();
    fates.resize(usize::try_from(total).unwrap_or(0), Fate::Listed);
    for (fate, count) in counts {
        let end = match fate {
            Fate::Archived => total * 6 / 10,
            _ => total,
        };
        let mut left = *count;
        while left > 0 {
            let place = usize::try_from(dice.below(end)).unwrap_or(0);
            if let Some(drawn) = fates.get_mut(place).filter(|drawn| **drawn == Fate::Listed) {
                *drawn = *fate;
                left -= 1;
            }
        }
    }
    fates
}

/// Fills a ticket whose number and age are set.
fn fill(world: &World, dice: &mut Dice, cast: &Cast, ticket: &mut Ticket, fate: Fate) {
    let place = ticket.id;
    let subject = dice.pick(&SUBJECTS);
    ticket.subject = match place % 3 {
        _ if place % 97 == 13 => None,
        0 => Some(subject.to_owned()),
        _ => Some(format!("{subject} ({place})")),
    };
    let status = dice.pick(&[
        "new", "open", "open", "pending", "pending", "hold", "solved", "closed",
    ]);
    status.clone_into(&mut ticket.status);
    if fate == Fate::Archived {
        "closed".clone_into(&mut ticket.status);
    }
    ticket.custom_status_id = world.default_status(&ticket.status);
    if place % 4 == 1 {
        let others = world.custom_statuses.values();
        let mut others = others.filter(|one| !one.default && one.status_category == ticket.status);
        if let Some(other) = others.next() {
            ticket.custom_status_id = other.id;
        }
    }
    let priority = dice.pick(&["", "low", "normal", "normal", "high", "urgent"]);
    ticket.priority = (!priority.is_empty()).then(|| priority.to_owned());
    let kind = dice.pick(&["", "", "question", "question", "problem", "task"]);
    ticket.kind = (!kind.is_empty()).then(|| kind.to_owned());
    if kind == "task" {
        ticket.due_at = Some(ticket.created_at + SignedDuration::from_hours(48));
    }
    if place.is_multiple_of(23) {
        let mut problems = world.tickets.values().rev();
        let problem = problems.find(|one| one.kind.as_deref() == Some("problem") && one.is_there());
        if let Some(problem) = problem {
            ticket.kind = Some("incident".to_owned());
            ticket.problem_id = Some(problem.id);
        }
    }
    let needs_agent = matches!(ticket.status.as_str(), "solved" | "closed");
    if needs_agent || (ticket.status != "new" && place % 5 != 2) {
        let agent = dice.pick(&cast.agents);
        ticket.assignee_id = Some(agent);
        ticket.group_id = group_of(world, agent);
    }
    if place % 29 == 3 {
        // Agents can ask too.
        ticket.requester_id = dice.pick(&cast.agents);
    }
    let requester = world.users.get(&ticket.requester_id);
    ticket.organization_id = requester.and_then(|user| user.organization_id);
    ticket.submitter_id = ticket.requester_id;
    ticket.via = Via::channel(dice.pick(&["web", "email", "email", "api", "mobile"]));
    if ticket.via.channel == "email" {
        ticket.recipient = Some("support@desk.example".to_owned());
    }
    if place.is_multiple_of(6) {
        ticket.email_cc_ids = vec![dice.pick(&cast.customers)];
    }
    if place % 9 == 4 {
        ticket.follower_ids.push(world.me);
    }
    ticket.external_id = (place % 11 == 5).then(|| format!("ext-{place}"));
    let mut tags: BTreeSet<String> = BTreeSet::new();
    for _ in 0..dice.below(3) {
        tags.insert(dice.pick(&TAGS).to_owned());
    }
    for field in world
        .ticket_fields
        .values()
        .filter(|field| field.custom && field.active)
    {
        let value = match field.kind.as_str() {
            "text" if place.is_multiple_of(2) => json!(format!("ORD-{place:05} <b>")),
            "integer" if place.is_multiple_of(3) => json!(dice.below(500)),
            "checkbox" if !place.is_multiple_of(5) => json!(place % 5 == 1),
            "date" if place % 6 == 2 => json!(ticket.created_at.strftime("%Y-%m-%d").to_string()),
            "tagger" if place % 3 == 1 => {
                let choices: Vec<&str> = field.choices.iter().map(|one| one.2.as_str()).collect();
                let choice = dice.pick(&choices);
                tags.insert(choice.to_owned());
                json!(choice)
            }
            _ => continue,
        };
        ticket.custom_fields.insert(field.id, value);
    }
    ticket.tags = tags.into_iter().collect();
}

/// Adds the first comment and those that follow, some of them private, some with files.
fn converse(
    world: &mut World,
    dice: &mut Dice,
    cast: &Cast,
    ticket: &mut Ticket,
    now: Timestamp,
    is_long: bool,
) {
    let further = if is_long { LONG } else { dice.below(4) };
    let mut at = ticket.created_at;
    for place in 0..=further {
        let is_first = place == 0;
        let is_by_agent = !is_first && dice.below(3) > 0;
        let (author, text, public) = match (is_first, is_by_agent) {
            (true, _) => {
                let text = dice.pick(&DESCRIPTIONS);
                (ticket.requester_id, text, ticket.id % 31 != 7)
            }
            (false, true) if dice.below(2) == 0 => {
                (dice.pick(&cast.agents), dice.pick(&NOTES), false)
            }
            (false, true) => (dice.pick(&cast.agents), dice.pick(&ANSWERS), true),
            (false, false) => (ticket.requester_id, dice.pick(&DESCRIPTIONS), true),
        };
        let mut comment = world.new_comment(Some(author), text, public, at);
        comment.via = ticket.via.clone();
        if is_first && ticket.id % 10 == 1 {
            let log = "12:00 start\n12:01 Größe <unbekannt> & weiter\n".as_bytes();
            let log = Bytes::from_static(log);
            let file = world.new_attachment("log & trace.txt", "text/plain", log);
            comment.attachments.push(file);
        }
        if is_first && ticket.id % 15 == 2 {
            let dot = Bytes::from_static(DOT);
            let mut file = world.new_attachment("dot.png", "image/png", dot.clone());
            let mut thumbnail = world.new_attachment("dot_thumb.png", "image/png", dot);
            file.pixels = Some((1, 1));
            thumbnail.pixels = Some((1, 1));
            file.thumbnails.push(thumbnail);
            comment.attachments.push(file);
        }
        if is_first {
            ticket.description.clone_from(&comment.plain_body);
        }
        ticket.audits.push(Audit {
            id: comment.audit_id,
            created_at: at,
            author_id: Some(author),
            client: None,
            custom: json!({}),
            via: ticket.via.clone(),
            events: vec![Event::Comment(comment.id)],
        });
        ticket.comments.push(comment);
        ticket.updated_at = at;
        let pause = i64::try_from(dice.below(120 * 3600)).unwrap_or(0);
        let later = at + SignedDuration::from_secs(60 + pause);
        let latest = now - SignedDuration::from_secs(300);
        at = later.min(latest).max(at);
    }
}

/// Sets the last changes. Many tickets share one last change, as after a bulk update, and of some the system
/// changed something later, which only the exports show.
fn finish(world: &World, dice: &mut Dice, ticket: &mut Ticket, now: Timestamp, fate: Fate) {
    let pause = i64::try_from(dice.below(48 * 60)).unwrap_or(0);
    let later = ticket.updated_at + SignedDuration::from_mins(pause);
    let latest = now - SignedDuration::from_mins(4);
    ticket.updated_at = later.min(latest).max(ticket.updated_at);
    let bulk = now - SignedDuration::from_hours(24 * 11);
    if ticket.id.is_multiple_of(7) && ticket.updated_at < bulk {
        ticket.updated_at = bulk;
    }
    ticket.generated_at = ticket.updated_at;
    if ticket.id % 8 == 3 {
        let touched = ticket.updated_at + SignedDuration::from_hours(24 * 5);
        ticket.generated_at = touched.min(latest).max(ticket.updated_at);
    }
    match fate {
        Fate::Listed => {}
        Fate::Archived => ticket.archived = true,
        Fate::Deleted | Fate::Scrubbed => {
            ticket.deleted = Some(Deleted {
                at: ticket.updated_at,
                actor: world.me,
                previous_state: ticket.status.clone(),
            });
        }
    }
}
