//! Searches of tickets by `TicketSQL`.

use super::condition::{Condition, Operator, Test};
use super::dates;
use super::records::Ticket;
use super::reply::TICKETS_PM;
use super::sql;
use super::switches::Ties;
use super::world::World;
use crate::simulator::scrambled;

/// The fields that `TicketSQL` knows, in lower case. Those that nothing below reads find nothing, as `Content` does
/// without an index (trap 16).
const FIELDS: &str = " status sla queue type creator lastupdatedby owner effectiveid id initialpriority finalpriority \
    priority timeleft timeworked timeestimated linked linkedto linkedfrom memberof dependson refersto hasmember \
    dependenton dependedonby referredtoby told starts started due resolved lastupdated created subject content \
    contenttype filename transactiondate requestor requestors cc admincc watcher queuecc queueadmincc queuewatcher \
    customrole customfieldvalue customfield cf txncf transactioncf queuecf lifecycle updated updatedby ownergroup \
    requestorgroup ccgroup adminccgroup watchergroup hasattribute hasnoattribute ";

/// The fields of users that can be asked for behind a point, in this spelling.
const OF_PEOPLE: [&str; 6] = [
    "id",
    "Name",
    "EmailAddress",
    "RealName",
    "Organization",
    "NickName",
];

/// Reads a query; the error is the message that RT has for it.
pub(super) fn parse(text: &str) -> Result<Condition, String> {
    let condition = sql::parse(text).map_err(|message| format!("{message}{TICKETS_PM}3187.\n"))?;
    let tests = condition.tests();
    let unknown = tests
        .iter()
        .filter(|test| !FIELDS.contains(&format!(" {} ", test.field)));
    let unknown: Vec<_> = unknown
        .map(|test| format!("Unknown field: {}", test.written))
        .collect();
    if !unknown.is_empty() {
        return Err(format!("{}{TICKETS_PM}3187.\n", unknown.join("; ")));
    }
    for test in tests {
        if test.names_column() && !FIELDS.contains(&format!(" {} ", test.value.to_lowercase())) {
            let value = &test.value;
            return Err(format!(
                "Wrong query, no such column '{value}' in '{text}'{TICKETS_PM}3462.\n"
            ));
        }
        match test.field.as_str() {
            "created" | "lastupdated" | "due" | "resolved" | "started" | "starts" | "told" => {
                dates::check(test).map_err(|message| format!("{message}{TICKETS_PM}574.\n"))?;
            }
            "creator" | "lastupdatedby" | "type"
                if !matches!(test.operator, Operator::Is | Operator::IsNot) =>
            {
                let (operator, field) = (test.operator.written(), &test.written);
                let message = format!("Invalid Operation: {operator} for {field}");
                return Err(format!("{message}{TICKETS_PM}378.\n"));
            }
            "owner" | "requestor" | "requestors" | "cc" | "admincc" | "watcher" => {
                let subkey = test.subkey.as_deref().unwrap_or("id");
                if !OF_PEOPLE.contains(&subkey) {
                    return Err(format!(
                        "Invalid watcher subfield: '{subkey}'{TICKETS_PM}1165.\n"
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(condition)
}

impl World {
    /// The tickets that a caller may see and a condition fits, in the order in which the database gives them. Deleted
    /// and merged ones are never found (trap 9).
    pub(super) fn find_tickets(&self, caller: u64, condition: &Condition) -> Vec<&Ticket> {
        // Who asks for the number into which tickets were merged finds those too.
        let tests = condition.tests();
        let finds_merged = tests.iter().any(|test| test.field == "effectiveid");
        let ids: Vec<u64> = match condition.numbers(&["id"]) {
            Some(ids) => ids.into_iter().collect(),
            None => self.tickets.keys().copied().collect(),
        };
        let committed = ids.into_iter().filter_map(|id| self.committed(id));
        let listed = committed.filter(|ticket| {
            ticket.is_listable() || (finds_merged && ticket.effective_id != ticket.id)
        });
        let seen = listed.filter(|ticket| self.sees_ticket(caller, ticket));
        let mut found: Vec<_> = seen
            .filter(|ticket| condition.holds(&|test| self.fits_ticket(ticket, test)))
            .collect();
        let by_status =
            !self.is_super(caller) || condition.tests().iter().any(|test| test.field == "queue");
        match self.switches.ties {
            Ties::ByStatus if by_status => {
                found
                    .sort_by(|left, right| (&left.status, left.id).cmp(&(&right.status, right.id)));
            }
            Ties::ByStatus => {}
            Ties::NewestFirst => found.reverse(),
            Ties::Shuffled => found.sort_by_key(|ticket| scrambled(ticket.id)),
        }
        found
    }

    /// Whether a test fits a ticket.
    fn fits_ticket(&self, ticket: &Ticket, test: &Test) -> bool {
        let date = |date| dates::fits(test, date, &self.switches.time_zone, self.now());
        let queue = self.queues.get(&ticket.queue);
        let [estimated, worked, left] = ticket.minutes.map(|minutes| minutes.to_string());
        match test.field.as_str() {
            _ if test.names_column() => false,
            "id" => test.fits_number(&ticket.id.to_string()),
            "effectiveid" => test.fits_number(&ticket.effective_id.to_string()),
            "priority" => test.fits_number(&ticket.priority),
            "initialpriority" => test.fits_number(&ticket.initial_priority),
            "finalpriority" => test.fits_number(&ticket.final_priority),
            "timeestimated" => test.fits_number(&estimated),
            "timeworked" => test.fits_number(&worked),
            "timeleft" => test.fits_number(&left),
            "subject" => test.fits_text(&ticket.subject),
            "type" => test.fits_text("ticket"),
            "status" => self.fits_status(ticket, test),
            "lifecycle" => queue.is_some_and(|queue| test.fits_text(queue.lifecycle.name)),
            "queue" => match (queue, test.value.parse::<u64>()) {
                (Some(queue), Ok(_)) => test.fits_number(&queue.id.to_string()),
                (Some(queue), Err(_)) => test.fits_text(&queue.name),
                (None, _) => false,
            },
            "creator" => self.fits_people(&[ticket.creator], test, "Name"),
            "lastupdatedby" => self.fits_people(&[ticket.last_updated_by], test, "Name"),
            "owner" => self.fits_people(&[ticket.owner], test, "Name"),
            "requestor" | "requestors" => {
                self.fits_people(&ticket.requestors, test, "EmailAddress")
            }
            "cc" => self.fits_people(&ticket.cc, test, "EmailAddress"),
            "admincc" => self.fits_people(&ticket.admin_cc, test, "EmailAddress"),
            "watcher" => {
                let people = [&ticket.requestors, &ticket.cc, &ticket.admin_cc];
                let people: Vec<u64> = people.into_iter().flatten().copied().collect();
                self.fits_people(&people, test, "EmailAddress")
            }
            "created" => date(Some(ticket.created)),
            "lastupdated" => date(Some(ticket.last_updated)),
            "due" => date(ticket.due),
            "resolved" => date(ticket.resolved),
            "started" => date(ticket.started),
            "told" => date(ticket.told),
            "starts" => date(None),
            "updated" => ticket.transactions.iter().any(|id| {
                let transaction = self.transactions.get(id);
                transaction.is_some_and(|one| date(Some(one.created)))
            }),
            "updatedby" => {
                let transactions = ticket.transactions.iter();
                let transactions = transactions.filter_map(|id| self.transactions.get(id));
                let people: Vec<u64> = transactions.map(|one| one.creator).collect();
                self.fits_people(&people, test, "Name")
            }
            "filename" | "contenttype" => {
                let transactions = ticket.transactions.iter();
                let transactions = transactions.filter_map(|id| self.transactions.get(id));
                let parts = transactions.flat_map(|one| &one.attachments);
                let mut parts = parts.filter_map(|id| self.attachments.get(id));
                parts.any(|part| match test.field.as_str() {
                    "filename" => !part.filename.is_empty() && test.fits_text(&part.filename),
                    _ => test.fits_text(&part.content_type),
                })
            }
            "refersto" | "referredtoby" => {
                let is_to = test.field == "refersto";
                let name = if is_to { "refers-to" } else { "referred-to-by" };
                let others = ticket.links.iter().filter(|(kind, _)| *kind == name);
                test.fits_any(others, |test, (_, id)| test.fits_number(&id.to_string()))
            }
            "cf" | "customfield" | "customfieldvalue" => self.fits_field(ticket, test),
            _ => false,
        }
    }

    /// Whether a status fits; `__Active__` and `__Inactive__` stand for those of the lifecycle.
    fn fits_status(&self, ticket: &Ticket, test: &Test) -> bool {
        let queue = self.queues.get(&ticket.queue);
        let is_active =
            queue.is_some_and(|queue| !queue.lifecycle.inactive.contains(&ticket.status.as_str()));
        let is = test.operator == Operator::Is;
        match test.value.to_lowercase().as_str() {
            "__active__" => is_active == is,
            "__inactive__" => is_active != is,
            _ => test.fits_text(&ticket.status),
        }
    }

    /// Whether one of several people fits. Numbers are ids, unless something else is asked for.
    pub(super) fn fits_people(&self, people: &[u64], test: &Test, default: &str) -> bool {
        let is_id = test.subkey.is_none() && test.value.parse::<u64>().is_ok();
        let subkey = if is_id {
            "id"
        } else {
            test.subkey.as_deref().unwrap_or(default)
        };
        let people = people.iter().filter_map(|id| self.users.get(id));
        test.fits_any(people, |test, user| match subkey {
            "id" => test.fits_number(&user.id.to_string()),
            "Name" => test.fits_text(&user.name),
            "EmailAddress" => test.fits_text(&user.email),
            "RealName" => test.fits_text(&user.real_name),
            "Organization" => test.fits_text(&user.organization),
            _ => false,
        })
    }

    /// Whether a value of a custom field fits: `CF.{Name}`, `CF.Name` or `CF.{number}`.
    fn fits_field(&self, ticket: &Ticket, test: &Test) -> bool {
        let name = test.subkey.as_deref().unwrap_or_default();
        let name = name.strip_suffix(".Content").unwrap_or(name);
        let name = name
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
            .unwrap_or(name);
        let field = self.custom_field(name).map(|field| field.id);
        if field.is_none() && test.operator == Operator::IsNull {
            return false;
        }
        let values = field
            .and_then(|id| ticket.fields.get(&id))
            .map(Vec::as_slice);
        let values = values.unwrap_or_default().iter().flatten();
        test.fits_any(values, |test, value| test.fits_text(value))
    }
}
