//! The tickets of a seeded world.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::message::{Kind, Part};
use super::seed::{AGENTS, CUSTOMERS, ROOT, SEVERITY, TAGS_FIELD};
use super::seed_texts::{ANSWERS, DESCRIPTIONS, NOTES, SUBJECTS, TAGS};
use super::world::World;
use super::world_mail::Mail;
use super::world_tickets::{Change, NewTicket};
use crate::simulator::scrambled;

/// Numbers that look random and follow from the seed.
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(scrambled(seed))
    }

    /// A number below another one; 0 below 0.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        scrambled(self.0).checked_rem(end).unwrap_or(0)
    }

    /// One of several; nobody passes none.
    fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let end = u64::try_from(list.len()).unwrap_or(0);
        let place = usize::try_from(self.below(end)).unwrap_or(0);
        list.get(place).copied().unwrap_or_default()
    }
}

/// Makes tickets, the oldest thirty days old, and besides them two that were deleted and one that was merged.
pub(super) fn plant(world: &mut World, dice: &mut Dice, count: u32, start: Timestamp) {
    if count == 0 {
        return;
    }
    let all = i64::from(count) + 3;
    let step = 30 * 24 * 3600 / all;
    for place in 0..all {
        let age = (all - place) * step;
        let ago = |seconds: i64| {
            let ago = SignedDuration::from_secs(seconds);
            start.saturating_sub(ago).unwrap_or_default()
        };
        let id = world.at(ago(age), |world| plant_ticket(world, dice));
        // What happens to it later happens before the next moment that anybody looks at.
        let later = u64::try_from(age).map_or(0, |age| dice.below(age));
        let later = ago(i64::try_from(later).unwrap_or(0));
        world.at(later, |world| work_on(world, dice, id));
        if all - place <= 2 {
            world.at(later, |world| world.delete_ticket(id));
        } else if all - place == 3 {
            let into = world.tickets.keys().next().copied().unwrap_or(id);
            world.at(later, |world| world.merge(ROOT, id, into));
        }
    }
}

/// Makes a ticket: a customer's mail, or what an agent wrote down.
fn plant_ticket(world: &mut World, dice: &mut Dice) -> u64 {
    let queues: Vec<u64> = world.queues.keys().copied().filter(|id| *id != 1).collect();
    let queue = if dice.below(3) == 0 {
        dice.pick(&queues)
    } else {
        3
    };
    let customer = dice.pick(&CUSTOMERS);
    let subject = dice.pick(&SUBJECTS);
    let text = dice.pick(&DESCRIPTIONS);
    if dice.below(2) == 0 {
        let from = world.users.get(&customer).map(|user| user.email.clone());
        let html =
            (dice.below(2) == 0).then(|| format!("<div>{}</div>", text.replace('<', "&lt;")));
        let file = (
            "image/png".to_owned(),
            "screen shot.png".to_owned(),
            b"\x89PNG\r\n\x1a\n".to_vec(),
        );
        let mail = Mail {
            from: from.unwrap_or_default(),
            subject: subject.to_owned(),
            plain: text.to_owned(),
            html,
            files: if dice.below(3) == 0 {
                vec![file]
            } else {
                Vec::new()
            },
        };
        return world.mail_ticket(queue, &mail);
    }
    let mut fields = BTreeMap::new();
    let levels = [Some("Low"), Some("Medium"), Some("High"), None];
    if let Some(level) = dice.pick(&levels) {
        fields.insert(SEVERITY, vec![Some(level.to_owned())]);
    }
    let first = dice.pick(&TAGS);
    let second = dice.pick(&TAGS);
    let tags: Vec<_> = if first == second {
        vec![first]
    } else {
        vec![first, second]
    };
    fields.insert(
        TAGS_FIELD,
        tags.into_iter().map(|tag| Some(tag.to_owned())).collect(),
    );
    let due = (dice.below(4) == 0).then(|| {
        let later = SignedDuration::from_hours(24 * 7);
        world.stamp().saturating_add(later).unwrap_or_default()
    });
    let priority = dice.pick(&["0", "20", "50", "80", "100"]).to_owned();
    let new = NewTicket {
        queue,
        subject: subject.to_owned(),
        priorities: [priority, String::new(), String::new()],
        owner: (dice.below(2) == 0).then(|| dice.pick(&AGENTS)),
        requestors: vec![customer],
        due,
        fields,
        message: Some(Part::body("text/plain", text)),
        ..NewTicket::default()
    };
    world.create_ticket(ROOT, new)
}

/// What agents do with a ticket: some replies and notes, and a status.
fn work_on(world: &mut World, dice: &mut Dice, id: u64) {
    let agent = dice.pick(&[ROOT, 35, 37]);
    if dice.below(2) == 0 {
        let part = Part::body("text/html", dice.pick(&ANSWERS));
        world.write_message(agent, id, Kind::Correspond, "", part, 0);
    }
    if dice.below(3) == 0 {
        let part = Part::body("text/plain", dice.pick(&NOTES));
        world.write_message(agent, id, Kind::Comment, "", part, 5);
    }
    let queue = world.tickets.get(&id).map_or(3, |ticket| ticket.queue);
    let Some(lifecycle) = world.queues.get(&queue).map(|queue| queue.lifecycle) else {
        return;
    };
    let live = lifecycle.statuses().filter(|status| *status != "deleted");
    let status = dice.pick(&live.collect::<Vec<_>>());
    let is_other = world
        .tickets
        .get(&id)
        .is_some_and(|ticket| ticket.status != status);
    if is_other {
        world.apply(agent, id, Change::Status(status.to_owned()));
    }
}
