//! The tickets of a seeded world: all statuses, priorities and ages, with conversations, files,
//! spam and trash.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde_json::{Value, json};

use super::html::html_and_text;
use super::records::Ticket;
use super::seed_conversations::converse;
use super::seed_texts::{DESCRIPTIONS, SUBJECTS, TAGS};
use super::ticket_draft::set_service_level;
use super::world::World;

/// The oldest ticket's age in seconds: two years.
const OLDEST: i64 = 2 * 365 * 24 * 3600;

/// The newest ticket's age in seconds.
const NEWEST: i64 = 600;

/// Who may appear in tickets.
struct Cast {
    /// Contacts that are not deleted.
    contacts: Vec<u64>,
    /// All agents.
    agents: Vec<u64>,
    /// All groups.
    groups: Vec<u64>,
}

/// Puts so many live tickets into a world, and besides them some in the trash and some spam.
pub(super) fn plant(world: &mut World, rng: &mut ChaCha8Rng, live: u32) {
    let live_contacts = world.contacts.values().filter(|contact| !contact.deleted);
    let cast = Cast {
        contacts: live_contacts.map(|contact| contact.id).collect(),
        agents: world.agents.keys().copied().collect(),
        groups: world.groups.keys().copied().collect(),
    };
    let trashed = live / 50 + 3;
    let spam = live / 80 + 3;
    let total = live + trashed + spam;
    let now = world.now();
    let mut left = [live, trashed, spam];
    for place in 0..total {
        let mut ticket = world.blank_ticket(pick(&cast.contacts, rng));
        // Ages thin out towards the past, so that about a fifth is younger than 30 days.
        let far = i64::from(total - place) * 100_000 / i64::from(total);
        let age = NEWEST + (OLDEST - NEWEST) * far * far / 10_000_000_000;
        ticket.created_at = now - SignedDuration::from_secs(age);
        fill(world, rng, &cast, &mut ticket, now);
        // Draw until a kind is hit of which there is some left.
        let kind = {
            let mut draw = rng.random_range(0..left.iter().sum::<u32>());
            left.iter().position(|count| {
                let is_hit = draw < *count;
                draw = draw.saturating_sub(*count);
                is_hit
            })
        };
        match kind {
            Some(1) => ticket.deleted = true,
            Some(2) => ticket.spam = true,
            _ => {}
        }
        if let Some(count) = left.get_mut(kind.unwrap_or(0)) {
            *count -= 1;
        }
        world.insert_ticket(ticket);
    }
}

/// Fills a ticket whose number and age are set.
fn fill(world: &mut World, rng: &mut ChaCha8Rng, cast: &Cast, ticket: &mut Ticket, now: Timestamp) {
    let place = ticket.id;
    let subject = pick(&SUBJECTS, rng);
    ticket.subject = Some(if place.is_multiple_of(3) {
        subject.to_owned()
    } else {
        format!("{subject} ({place})")
    });
    let described = html_and_text(pick(&DESCRIPTIONS, rng));
    (ticket.description, ticket.description_text) = described;
    ticket.status = pick(&[2, 2, 2, 3, 3, 4, 5, 5, 5, 6, 7, 8], rng);
    ticket.priority = pick(&[1, 1, 2, 2, 3, 4], rng);
    ticket.source = pick(&[1, 1, 1, 2, 2, 3, 7], rng);
    ticket.kind = (!place.is_multiple_of(4))
        .then(|| pick(&["Question", "Incident", "Problem", "Refund"], rng).to_owned());
    ticket.responder_id = (place % 3 != 1).then(|| pick(&cast.agents, rng));
    ticket.group_id = (place % 5 != 2).then(|| pick(&cast.groups, rng));
    if place % 29 == 3 {
        // Agents are users too, and can ask (section 9).
        ticket.requester_id = pick(&cast.agents, rng);
    }
    ticket.company_id = world
        .contacts
        .get(&ticket.requester_id)
        .and_then(|contact| contact.company_id);
    if ticket.source == 1 {
        ticket.email_config_id = Some(1001);
        ticket.support_email = world.email_configs.get(&1001).cloned();
        ticket.to_emails = ticket.support_email.clone().map(|email| vec![email]);
    }
    if place.is_multiple_of(6) {
        ticket.cc_emails = Some(vec![
            format!("copy{place}@mail.example"),
            "\"Boss\" <boss@acme.example>".to_owned(),
        ]);
    }
    if place % 50 == 7 {
        // Old tickets have nulls in these places, and sometimes no subject (section 4.2).
        ticket.cc_emails = None;
        ticket.fwd_emails = None;
        ticket.reply_cc_emails = None;
        ticket.to_emails = None;
    }
    if place % 97 == 13 {
        ticket.subject = None;
    }
    for _ in 0..rng.random_range(0..3) {
        let tag = pick(&TAGS, rng).to_owned();
        if !ticket.tags.contains(&tag) {
            ticket.tags.push(tag);
        }
    }
    ticket.custom_fields = custom_fields(place, rng, ticket.created_at);
    if place % 9 == 4 {
        ticket.watcher_ids.push(world.me);
    }
    if place % 10 == 1 {
        let log = Bytes::from_static("12:00 start\n12:01 Größe <unbekannt> & weiter\n".as_bytes());
        let mut file = world.new_attachment("log & trace.txt", "text/plain", log);
        file.created_at = ticket.created_at;
        ticket.attachments.push(file);
    }
    set_service_level(ticket);
    ticket.due_dates_from = ticket.created_at;
    ticket.updated_at = ticket.created_at;
    converse(world, rng, &cast.agents, ticket, now);
    finish(rng, ticket, now);
}

/// Sets the milestones and the last change. Many tickets share one last change, as after a bulk
/// update: lists by `updated_at` have to cope with ties.
fn finish(rng: &mut ChaCha8Rng, ticket: &mut Ticket, now: Timestamp) {
    let later = ticket.updated_at + SignedDuration::from_mins(rng.random_range(0..2880));
    ticket.updated_at = later
        .min(now - SignedDuration::from_mins(1))
        .max(ticket.updated_at);
    let bulk = now - SignedDuration::from_hours(24 * 11);
    if ticket.id.is_multiple_of(7) && ticket.updated_at < bulk {
        ticket.updated_at = bulk;
    }
    let at = ticket.updated_at;
    if ticket.status != 2 {
        ticket.stats.status_updated_at = Some(at);
    }
    ticket.stats.pending_since = (ticket.status == 3).then_some(at);
    ticket.stats.resolved_at = ticket.is_done().then_some(at);
    ticket.stats.closed_at = (ticket.status == 5).then_some(at);
}

/// Values of every kind, and often none.
fn custom_fields(
    place: u64,
    rng: &mut ChaCha8Rng,
    created_at: Timestamp,
) -> std::collections::BTreeMap<String, Value> {
    let day = created_at.strftime("%Y-%m-%d").to_string();
    let amount = f64::from(rng.random_range(1..100_000_u32)) / 4.0;
    let rows = [
        (
            place.is_multiple_of(2),
            "cf_reference",
            json!(format!("ORD-{place:05} <b>")),
        ),
        (
            place.is_multiple_of(8),
            "cf_details",
            json!("first line\nsecond line & more"),
        ),
        (
            place.is_multiple_of(3),
            "cf_seats",
            json!(rng.random_range(1..500)),
        ),
        // A decimal comes as a text (section 4.2).
        (place % 4 == 1, "cf_amount", json!(format!("{amount:?}"))),
        (
            !place.is_multiple_of(5),
            "cf_call_back",
            json!(place % 5 == 1),
        ),
        (
            place % 3 == 1,
            "cf_plan",
            json!(pick(&["Basic", "Business", "Größer & Besser"], rng)),
        ),
        (place % 6 == 2, "cf_installed_on", json!(day)),
        (place % 7 == 3, "cf_region", json!("Europe")),
        (place % 7 == 3, "cf_country", json!("Germany")),
        (place % 7 == 3, "cf_city", json!("Köln")),
        (place.is_multiple_of(11), "legacy_code", json!("A-1")),
    ];
    let given = rows.into_iter().filter(|(is_given, ..)| *is_given);
    given
        .map(|(_, name, value)| (name.to_owned(), value))
        .collect()
}

/// One of several; nobody passes none.
pub(super) fn pick<T: Copy + Default>(list: &[T], rng: &mut ChaCha8Rng) -> T {
    if list.is_empty() {
        return T::default();
    }
    list.get(rng.random_range(0..list.len()))
        .copied()
        .unwrap_or_default()
}
