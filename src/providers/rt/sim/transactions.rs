//! Transactions: searches, histories, and one on its own.

use serde_json::{Value, json};

use super::cells::{Object, View};
use super::columns;
use super::json_search::Search;
use super::page::{self, Row};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::sorting;
use super::tickets;
use super::transaction_search;
use super::world::World;

/// What is searched by in JSON.
const SEARCHABLE: [&str; 10] = [
    "id",
    "ObjectType",
    "ObjectId",
    "Type",
    "Field",
    "OldValue",
    "NewValue",
    "Data",
    "Creator",
    "Created",
];

/// `GET` and `POST /transactions`: by `TransactionSQL` or by JSON; without either nothing is found.
pub(super) fn list(world: &World, ask: &Ask) -> Answer {
    let query = ask
        .query
        .get("query")
        .filter(|query| !query.trim_start().starts_with('['));
    let rows = if let Some(query) = query {
        let condition = transaction_search::parse(query).map_err(|message| Reply::bad(&message))?;
        world.find_transactions(ask.caller, &condition)
    } else {
        let search = Search::read(ask, &SEARCHABLE)?;
        let committed = world
            .transactions
            .values()
            .filter(|one| world.is_committed(one));
        let found = committed.filter(|one| {
            let text = |field: &str| columns::text(world, Object::Transaction(one.id), field);
            !search.is_empty() && search.fits(text)
        });
        found
            .map(|one| world.transaction_row(ask.caller, one))
            .collect()
    };
    show_page(world, ask, rows)
}

/// A page of a search, of which only the superuser is told how long it is.
pub(super) fn show_page(world: &World, ask: &Ask, rows: Vec<Row>) -> Answer {
    let key = |row: Row, field: &str| world.history_key(row.object, field);
    let view = View { world, ask };
    let total = page::total(&view, rows.len());
    let rows = sorting::sorted(rows, &ask.query.order(), key).unwrap_or_default();
    page::of(&view, &rows, total)
}

/// `GET /ticket/N/history` and the like. Of what does not exist, or may not be seen, it is empty (trap 11).
pub(super) fn history(world: &World, ask: &Ask, kind: &str, id: &str) -> Answer {
    let ids = match kind {
        "RT::Ticket" => {
            let ticket = id.parse().ok().and_then(|id| tickets::find(world, id));
            let seen = ticket.filter(|ticket| world.sees_ticket(ask.caller, ticket));
            seen.map(|ticket| &ticket.transactions)
        }
        "RT::Queue" => world.queue(id).map(|queue| &queue.transactions),
        _ => world.user(id).map(|user| &user.transactions),
    };
    let transactions = ids
        .into_iter()
        .flatten()
        .filter_map(|id| world.transactions.get(id));
    let committed = transactions.filter(|one| world.is_committed(one));
    let rows = committed
        .map(|one| world.transaction_row(ask.caller, one))
        .collect();
    show_page(world, ask, rows)
}

/// `GET /transaction/N`: what is empty is not there.
pub(super) fn show(world: &World, ask: &Ask, id: u64) -> Answer {
    let transaction = world
        .transactions
        .get(&id)
        .filter(|one| world.is_committed(one));
    let Some(transaction) = transaction else {
        // Trap 10.
        return Err(Reply::internal());
    };
    let view = View { world, ask };
    let fields = [
        "Type",
        "TimeTaken",
        "Creator",
        "Created",
        "Data",
        "Field",
        "OldValue",
        "NewValue",
    ];
    let mut whole = view.whole(Object::Transaction(id), id, &fields)?;
    whole.retain(|_, value| *value != json!(""));
    let object = match transaction.object_type {
        "RT::Ticket" => Object::Ticket(transaction.object_id),
        "RT::Queue" => Object::Queue(transaction.object_id),
        _ => Object::User(transaction.object_id),
    };
    whole.insert("Object".to_owned(), Value::Object(view.reference(object)));
    if transaction.kind == "CustomField" {
        let field = transaction.field.parse().unwrap_or(0);
        let reference = view.reference(Object::CustomField(field));
        whole.insert("Field".to_owned(), Value::Object(reference));
    }
    Ok(Reply::ok(&whole.into()))
}
