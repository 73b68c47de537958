//! Searches of transactions by `TransactionSQL`.

use std::collections::BTreeSet;

use super::cells::Object;
use super::condition::{Condition, Operator, Test};
use super::dates;
use super::page::Row;
use super::records::Transaction;
use super::sorting::Key;
use super::sql;
use super::world::World;

/// Where RT's messages about these searches say that they come from.
const TRANSACTIONS_PM: &str = " at /usr/share/request-tracker5/lib/RT/Transactions.pm line ";

/// The fields that `TransactionSQL` knows, in lower case. Those that nothing below reads find nothing.
const FIELDS: &str = " id objectid objecttype creator timetaken type field oldvalue newvalue referencetype oldreference \
    newreference data created content contenttype filename subject customfieldvalue customfield cf ticketid \
    ticketsubject ticketqueue ticketstatus ticketowner ticketcreator ticketlastupdatedby ticketcreated ticketstarted \
    ticketresolved tickettold ticketlastupdated ticketstarts ticketdue ticketpriority ticketinitialpriority \
    ticketfinalpriority tickettype ticketqueuelifecycle customfieldname cfname oldcfvalue newcfvalue ";

/// Reads a query; the error is the message that RT has for it.
pub(super) fn parse(text: &str) -> Result<Condition, String> {
    let condition =
        sql::parse(text).map_err(|message| format!("{message}{TRANSACTIONS_PM}918.\n"))?;
    let tests = condition.tests();
    let unknown = tests
        .iter()
        .filter(|test| !FIELDS.contains(&format!(" {} ", test.field)));
    let unknown: Vec<_> = unknown
        .map(|test| format!("Unknown field: {}", test.written))
        .collect();
    if !unknown.is_empty() {
        return Err(format!("{}{TRANSACTIONS_PM}918.\n", unknown.join("; ")));
    }
    for test in tests {
        if test.names_column() && !FIELDS.contains(&format!(" {} ", test.value.to_lowercase())) {
            let value = &test.value;
            return Err(format!(
                "Wrong query, no such column '{value}' in '{text}'{TRANSACTIONS_PM}918.\n"
            ));
        }
        if test.field == "creator" && !matches!(test.operator, Operator::Is | Operator::IsNot) {
            let operator = test.operator.written();
            let message = format!("Invalid Operation: {operator} for Creator");
            return Err(format!("{message}{TRANSACTIONS_PM}308.\n"));
        }
        if test.field == "created" {
            dates::check(test).map_err(|message| format!("{message}{TRANSACTIONS_PM}373.\n"))?;
        }
    }
    Ok(condition)
}

/// Whether only transactions of tickets can fit: one condition says so, under no `OR` but the outermost.
fn is_of_tickets_only(condition: &Condition, is_outermost: bool) -> bool {
    match condition {
        Condition::Group(is_any, conditions) => {
            (is_outermost || !is_any) && conditions.iter().any(|one| is_of_tickets_only(one, false))
        }
        Condition::Test(test) => {
            test.field == "objecttype"
                && test.operator == Operator::Is
                && test.value == "RT::Ticket"
        }
    }
}

impl World {
    /// The transactions that a condition fits, oldest first. Of a search for those of tickets only, the database
    /// leaves out the tickets that the caller may not see; all else that they may not see leaves holes in the pages.
    pub(super) fn find_transactions(&self, caller: u64, condition: &Condition) -> Vec<Row> {
        let of_tickets_only = is_of_tickets_only(condition, true);
        let candidates: Vec<&Transaction> = match condition.numbers(&["ticketid", "objectid"]) {
            Some(numbers) => self.transactions_of(&numbers),
            None => match condition.numbers(&["id"]) {
                Some(ids) => ids
                    .iter()
                    .filter_map(|id| self.transactions.get(id))
                    .collect(),
                None => self.transactions.values().collect(),
            },
        };
        let committed = candidates.into_iter().filter(|one| self.is_committed(one));
        let fitting =
            committed.filter(|one| condition.holds(&|test| self.fits_transaction(one, test)));
        let rows = fitting.filter_map(|one| {
            let ticket = self
                .tickets
                .get(&one.object_id)
                .filter(|_| one.object_type == "RT::Ticket");
            let is_hidden = ticket.is_none_or(|ticket| !self.sees_ticket(caller, ticket));
            if of_tickets_only && is_hidden {
                return None;
            }
            Some(self.transaction_row(caller, one))
        });
        rows.collect()
    }

    /// The transactions in the histories of all objects with these numbers, oldest first.
    fn transactions_of(&self, numbers: &BTreeSet<u64>) -> Vec<&Transaction> {
        let lists = numbers.iter().flat_map(|number| {
            let ticket = self.tickets.get(number);
            // A merged ticket's are in the history of the other one.
            let ticket = ticket.and_then(|ticket| self.tickets.get(&ticket.effective_id));
            let queue = self.queues.get(number);
            let user = self.users.get(number);
            [
                ticket.map(|ticket| &ticket.transactions),
                queue.map(|queue| &queue.transactions),
                user.map(|user| &user.transactions),
            ]
        });
        let ids: BTreeSet<u64> = lists.flatten().flatten().copied().collect();
        ids.iter()
            .filter_map(|id| self.transactions.get(id))
            .collect()
    }

    /// A transaction as a row.
    pub(super) fn transaction_row(&self, caller: u64, transaction: &Transaction) -> Row {
        Row {
            object: Object::Transaction(transaction.id),
            is_seen: self.sees_transaction(caller, transaction),
        }
    }

    /// Whether a test fits a transaction. `TicketId` does not ask whether it is of a ticket (trap 17).
    fn fits_transaction(&self, transaction: &Transaction, test: &Test) -> bool {
        let ticket = || self.committed(transaction.object_id);
        // What is empty is NULL, which only `IS NULL` fits.
        let fits = |value: &String| {
            let filled = Some(value).filter(|value| !value.is_empty());
            match test.operator {
                Operator::IsNull => filled.is_none(),
                _ => filled.is_some_and(|value| test.fits_text(value)),
            }
        };
        match test.field.as_str() {
            _ if test.names_column() => false,
            "id" => test.fits_number(&transaction.id.to_string()),
            "objectid" => test.fits_number(&transaction.object_id.to_string()),
            "ticketid" => {
                ticket().is_some() && test.fits_number(&transaction.object_id.to_string())
            }
            "ticketstatus" => ticket().is_some_and(|ticket| test.fits_text(&ticket.status)),
            "ticketsubject" => ticket().is_some_and(|ticket| test.fits_text(&ticket.subject)),
            "ticketqueue" => ticket().is_some_and(|ticket| {
                let queue = self.queues.get(&ticket.queue);
                queue.is_some_and(|queue| match test.value.parse::<u64>() {
                    Ok(_) => test.fits_number(&queue.id.to_string()),
                    Err(_) => test.fits_text(&queue.name),
                })
            }),
            "timetaken" => test.fits_number(&transaction.time_taken.to_string()),
            "objecttype" => test.fits_text(transaction.object_type),
            "type" => test.fits_text(transaction.kind),
            "field" => fits(&transaction.field),
            "oldvalue" => fits(&transaction.old_value),
            "newvalue" => fits(&transaction.new_value),
            "data" => fits(&transaction.data),
            "creator" => self.fits_people(&[transaction.creator], test, "Name"),
            "created" => {
                let created = Some(transaction.created);
                dates::fits(test, created, &self.switches.time_zone, self.now())
            }
            _ => false,
        }
    }

    /// What a transaction or an attachment is sorted by; `None` is a field that does not exist.
    pub(super) fn history_key(&self, object: Object, field: &str) -> Option<Key> {
        let (id, created, kind, of) = match object {
            Object::Transaction(id) => {
                let one = self.transactions.get(&id)?;
                (id, one.created, one.kind.to_owned(), one.object_id)
            }
            Object::Attachment(id) => {
                let one = self.attachments.get(&id)?;
                (
                    id,
                    one.created,
                    one.content_type.clone(),
                    one.transaction_id,
                )
            }
            _ => return None,
        };
        Some(match field.to_lowercase().as_str() {
            "id" => Key::of(&id.to_string()),
            "created" => Key::Text(dates::stored(created)),
            "type" | "contenttype" => Key::Text(kind),
            "objectid" | "transactionid" => Key::of(&of.to_string()),
            _ => return None,
        })
    }
}
