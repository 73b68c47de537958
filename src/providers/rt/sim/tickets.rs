//! Reading tickets: one, or a search.

use super::cells::{Object, View};
use super::page::{self, Row, Total};
use super::records::Ticket;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::sorting;
use super::ticket_search;
use super::world::World;

/// What a ticket always has. `Told` is missing until somebody was told.
const FIELDS: [&str; 25] = [
    "Queue",
    "Type",
    "Owner",
    "Subject",
    "InitialPriority",
    "FinalPriority",
    "Priority",
    "TimeEstimated",
    "TimeWorked",
    "TimeLeft",
    "Status",
    "Told",
    "Starts",
    "Started",
    "Due",
    "Resolved",
    "LastUpdatedBy",
    "LastUpdated",
    "Creator",
    "Created",
    "Requestor",
    "Cc",
    "AdminCc",
    "CustomFields",
    "SLA",
];

/// The ticket of a number; that of a merged one is another (trap 8).
pub(super) fn find(world: &World, id: u64) -> Option<&Ticket> {
    let ticket = world.committed(id)?;
    if ticket.effective_id == id {
        return Some(ticket);
    }
    world.committed(ticket.effective_id)
}

/// `GET /ticket/N`: all of it, whatever `fields` says (trap 18).
pub(super) fn show(world: &World, ask: &Ask, id: u64) -> Answer {
    let ticket = find(world, id).ok_or_else(Reply::not_found)?;
    let view = View { world, ask };
    let mut whole = view.whole(Object::Ticket(ticket.id), ticket.id, &FIELDS)?;
    let is_set = |id: &u64| {
        let transaction = world.transactions.get(id);
        transaction.is_some_and(|transaction| transaction.field == "Subject")
    };
    if ticket.subject.is_empty() && !ticket.transactions.iter().any(is_set) {
        // A ticket that never had a subject has no such member.
        whole.remove("Subject");
    }
    let effective = view.reference(Object::Ticket(ticket.effective_id));
    whole.insert("EffectiveId".to_owned(), effective.into());
    Ok(Reply::ok(&whole.into()))
}

/// `GET` and `POST /tickets`. Without a query nothing is found (trap 16).
pub(super) fn list(world: &World, ask: &Ask) -> Answer {
    let view = View { world, ask };
    let query = ask.query.get("query").unwrap_or_default();
    if query.trim().is_empty() {
        return page::of(&view, &[], Total::Known(0));
    }
    let is_simple = ask.query.get("simple").is_some_and(|simple| simple != "0");
    let query = if is_simple {
        sql_of_words(world, query)
    } else {
        query.to_owned()
    };
    let condition = ticket_search::parse(&query).map_err(|message| Reply::bad(&message))?;
    let found = world.find_tickets(ask.caller, &condition);
    let total = Total::Known(found.len());
    let sorted = sorting::sorted(found, &ask.query.order(), |ticket, field| {
        world.sort_key(ticket, field)
    });
    let rows = sorted.unwrap_or_default().into_iter();
    let rows: Vec<_> = rows
        .map(|ticket| Row::seen(Object::Ticket(ticket.id)))
        .collect();
    page::of(&view, &rows, total)
}

/// What `simple=1` makes of words: a status is one, a number is an id, anything else stands in the subject. Without a
/// status only what is active is found.
fn sql_of_words(world: &World, words: &str) -> String {
    let is_status = |word: &str| world.queues.values().any(|queue| queue.lifecycle.has(word));
    let (statuses, others): (Vec<&str>, Vec<&str>) =
        words.split_whitespace().partition(|word| is_status(word));
    let quoted = |word: &str| word.replace('\\', "\\\\").replace('\'', "\\'");
    let others = others
        .into_iter()
        .map(|word| format!("Subject LIKE '{}'", quoted(word)));
    let statuses = match statuses.as_slice() {
        [] => vec!["Status = '__Active__'".to_owned()],
        list => list
            .iter()
            .map(|status| format!("Status = '{status}'"))
            .collect(),
    };
    let statuses = format!("({})", statuses.join(" OR "));
    others.chain([statuses]).collect::<Vec<_>>().join(" AND ")
}
