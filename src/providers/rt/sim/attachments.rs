//! Attachments: searches, those of a ticket or a transaction, and one on its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cells::{Object, View};
use super::columns;
use super::json_search::Search;
use super::page::Row;
use super::records::Attachment;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::tickets;
use super::transactions;
use super::world::World;

/// What is searched by in JSON.
const SEARCHABLE: [&str; 9] = [
    "id",
    "TransactionId",
    "Parent",
    "MessageId",
    "Subject",
    "Filename",
    "ContentType",
    "Creator",
    "Created",
];

/// Whether the caller is kept out of an attachment that exists.
pub(super) fn is_forbidden(world: &World, caller: u64, id: u64) -> bool {
    let attachment = world.attachments.get(&id);
    attachment.is_some_and(|attachment| !row(world, caller, attachment).is_seen)
}

/// An attachment as a row: who may see its transaction may see it.
fn row(world: &World, caller: u64, attachment: &Attachment) -> Row {
    let transaction = world.transactions.get(&attachment.transaction_id);
    Row {
        object: Object::Attachment(attachment.id),
        is_seen: transaction.is_some_and(|one| world.sees_transaction(caller, one)),
    }
}

/// Whether the transaction of an attachment is committed.
fn is_committed(world: &World, attachment: &Attachment) -> bool {
    let transaction = world.transactions.get(&attachment.transaction_id);
    transaction.is_some_and(|one| world.is_committed(one))
}

/// `GET` and `POST /attachments` (facts, 11). Those that the caller may not see leave holes in the pages.
pub(super) fn list(world: &World, ask: &Ask) -> Answer {
    let search = Search::read(ask, &SEARCHABLE)?;
    let candidates: Vec<&Attachment> = match search.numbers("TransactionId") {
        Some(numbers) => {
            let transactions = numbers.iter().filter_map(|id| world.transactions.get(id));
            let ids = transactions.flat_map(|one| &one.attachments);
            let ids: BTreeSet<u64> = ids.copied().collect();
            ids.iter()
                .filter_map(|id| world.attachments.get(id))
                .collect()
        }
        None => world.attachments.values().collect(),
    };
    let committed = candidates
        .into_iter()
        .filter(|one| is_committed(world, one));
    let found = committed.filter(|one| {
        let text = |field: &str| match field {
            "Parent" => Some(one.parent.to_string()),
            field => columns::text(world, Object::Attachment(one.id), field),
        };
        !search.is_empty() && search.fits(text)
    });
    let rows = found.map(|one| row(world, ask.caller, one)).collect();
    transactions::show_page(world, ask, rows)
}

/// `GET /ticket/N/attachments`: empty where there is no ticket, or none that the caller may see.
pub(super) fn of_ticket(world: &World, ask: &Ask, id: u64) -> Answer {
    let ticket = tickets::find(world, id).filter(|ticket| world.sees_ticket(ask.caller, ticket));
    let transactions = ticket.into_iter().flat_map(|ticket| &ticket.transactions);
    of_transactions(world, ask, transactions)
}

/// `GET /transaction/N/attachments`.
pub(super) fn of_transaction(world: &World, ask: &Ask, id: u64) -> Answer {
    of_transactions(world, ask, [&id])
}

/// The attachments of transactions.
fn of_transactions<'a>(world: &World, ask: &Ask, ids: impl IntoIterator<Item = &'a u64>) -> Answer {
    let transactions = ids.into_iter().filter_map(|id| world.transactions.get(id));
    let committed = transactions.filter(|one| world.is_committed(one));
    let attachments = committed.flat_map(|one| &one.attachments);
    let attachments = attachments.filter_map(|id| world.attachments.get(id));
    let rows = attachments.map(|one| row(world, ask.caller, one)).collect();
    transactions::show_page(world, ask, rows)
}

/// `GET /attachment/N`: the content is base64 in lines, and null for parts that hold parts.
pub(super) fn show(world: &World, ask: &Ask, id: u64) -> Answer {
    let attachment = world
        .attachments
        .get(&id)
        .filter(|one| is_committed(world, one));
    let Some(attachment) = attachment else {
        // Trap 10.
        return Err(Reply::internal());
    };
    let view = View { world, ask };
    let fields = [
        "ContentType",
        "Subject",
        "MessageId",
        "Headers",
        "Creator",
        "Created",
    ];
    let mut whole = view.whole(Object::Attachment(id), id, &fields)?;
    let transaction = view.reference(Object::Transaction(attachment.transaction_id));
    whole.insert("TransactionId".to_owned(), Value::Object(transaction));
    let parent = match attachment.parent {
        0 => json!("0"),
        parent => Value::Object(view.reference(Object::Attachment(parent))),
    };
    whole.insert("Parent".to_owned(), parent);
    if !attachment.filename.is_empty() {
        whole.insert("Filename".to_owned(), json!(attachment.filename));
    }
    let is_holder = attachment.content_type.starts_with("multipart/");
    let content = (!is_holder).then(|| in_lines(&attachment.content));
    whole.insert("Content".to_owned(), json!(content));
    Ok(Reply::ok(&whole.into()))
}

/// Bytes as base64 in lines of 76 letters.
fn in_lines(content: &[u8]) -> String {
    use base64::Engine;
    let encoded = base64::prelude::BASE64_STANDARD.encode(content);
    let mut lines = String::new();
    for (place, letter) in (1..).zip(encoded.chars()) {
        lines.push(letter);
        if place % 76 == 0 || place == encoded.len() {
            lines.push('\n');
        }
    }
    lines
}
