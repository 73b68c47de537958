//! RT itself, its queues and its custom fields.

use serde_json::{Value, json};

use super::cells::{Object, View};
use super::columns;
use super::json_search::Search;
use super::page::{self, Row};
use super::records_people::FieldKind;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /rt`: only admins are told of plugins.
pub(super) fn version(world: &World, ask: &Ask) -> Reply {
    let mut version = json!({"Version": "5.0.3+dfsg-3~deb12u6"});
    if world.is_super(ask.caller) {
        version["Plugins"] = json!([]);
    }
    Reply::ok(&version)
}

/// `GET` and `POST /queues`; without a search nothing is found.
pub(super) fn list(world: &World, ask: &Ask) -> Answer {
    let search = Search::read(ask, &["id", "Name", "Description", "Lifecycle", "Disabled"])?;
    if search.is_empty() {
        return page::of_counted(&View { world, ask }, &[]);
    }
    page::of_counted(&View { world, ask }, &rows(world, ask, &search))
}

/// `GET /queues/all`.
pub(super) fn all(world: &World, ask: &Ask) -> Answer {
    let search = Search::read(ask, &["id", "Name", "Description", "Lifecycle", "Disabled"])?;
    page::of_counted(&View { world, ask }, &rows(world, ask, &search))
}

/// The queues that a search finds, by name. Those that the caller may not see leave holes in the pages.
fn rows(world: &World, ask: &Ask, search: &Search) -> Vec<Row> {
    let finds_disabled = ask.query.get("find_disabled_rows").is_some();
    let queues = world
        .queues
        .values()
        .filter(|queue| finds_disabled || !queue.is_disabled);
    let mut found: Vec<_> = queues
        .filter(|queue| {
            let text = |field: &str| match field {
                "id" => Some(queue.id.to_string()),
                "Name" => Some(queue.name.clone()),
                "Description" => Some(queue.description.clone()),
                "Lifecycle" => Some(queue.lifecycle.name.to_owned()),
                _ => Some(u8::from(queue.is_disabled).to_string()),
            };
            search.is_empty() || search.fits(text)
        })
        .collect();
    found.sort_by_key(|queue| queue.name.to_lowercase());
    match ask.query.order().first() {
        Some(("id", is_descending)) => {
            found.sort_by_key(|queue| queue.id);
            if *is_descending {
                found.reverse();
            }
        }
        Some((name, true)) if name.eq_ignore_ascii_case("name") => found.reverse(),
        Some((name, false)) if name.eq_ignore_ascii_case("name") => {}
        Some(_) => found.clear(),
        None => {}
    }
    let rows = found.into_iter().map(|queue| Row {
        object: Object::Queue(queue.id),
        is_seen: world.sees_queue(ask.caller, queue.id),
    });
    rows.collect()
}

/// `GET /queue/X` (facts, 14).
pub(super) fn show(world: &World, ask: &Ask, id: &str) -> Answer {
    let queue = world.queue(id).ok_or_else(Reply::not_found)?;
    let view = View { world, ask };
    let fields = [
        "Name",
        "Description",
        "Lifecycle",
        "CorrespondAddress",
        "CommentAddress",
        "Disabled",
        "SLADisabled",
        "SortOrder",
        "Cc",
        "AdminCc",
        "Created",
        "LastUpdated",
        "Creator",
        "LastUpdatedBy",
    ];
    let mut whole = view.whole(Object::Queue(queue.id), queue.id, &fields)?;
    let fields = world
        .custom_fields
        .values()
        .filter(|field| field.is_of_tickets());
    let fields = fields.map(|field| {
        let mut link = view.reference(Object::CustomField(field.id));
        link.insert("ref".to_owned(), json!("customfield"));
        link.insert("name".to_owned(), json!(field.name));
        Value::Object(link)
    });
    whole.insert("TicketCustomFields".to_owned(), fields.collect());
    whole.insert("TicketTransactionCustomFields".to_owned(), json!([]));
    whole.insert("CustomFields".to_owned(), json!([]));
    Ok(Reply::ok(&whole.into()))
}

/// `GET` and `POST /customfields`, where nothing is found without a search, and those of a queue. Agents see none.
pub(super) fn custom_fields(world: &World, ask: &Ask, queue: Option<u64>) -> Answer {
    let search = Search::read(
        ask,
        &["id", "Name", "Type", "LookupType", "MaxValues", "Disabled"],
    )?;
    let is_super = world.is_super(ask.caller);
    let is_all = queue.is_some_and(|queue| world.queues.contains_key(&queue));
    let mut found: Vec<_> = world
        .custom_fields
        .values()
        .filter(|field| queue.is_none() || field.is_of_tickets())
        .filter(|field| {
            let text = |name: &str| columns::text(world, Object::CustomField(field.id), name);
            if search.is_empty() {
                is_all
            } else {
                search.fits(text)
            }
        })
        .collect();
    found.sort_by_key(|field| field.name.to_lowercase());
    let rows = found.into_iter().map(|field| Row {
        object: Object::CustomField(field.id),
        is_seen: is_super,
    });
    page::of_counted(&View { world, ask }, &rows.collect::<Vec<_>>())
}

/// `GET /customfield/N`.
pub(super) fn custom_field(world: &World, ask: &Ask, id: u64) -> Answer {
    let field = world.custom_fields.get(&id).ok_or_else(Reply::not_found)?;
    let view = View { world, ask };
    let fields = [
        "Name",
        "Description",
        "Type",
        "MaxValues",
        "LookupType",
        "EntryHint",
        "Pattern",
        "Disabled",
        "UniqueValues",
        "SortOrder",
        "Created",
        "LastUpdated",
        "Creator",
        "LastUpdatedBy",
    ];
    let mut whole = view.whole(Object::CustomField(id), id, &fields)?;
    if let FieldKind::SelectOne(choices) = &field.kind {
        let mut choices = choices.clone();
        choices.sort_unstable();
        whole.insert("Values".to_owned(), json!(choices));
    }
    Ok(Reply::ok(&whole.into()))
}

/// `GET /customfield/N/values`: a list that is never in pages.
pub(super) fn field_values(world: &World, ask: &Ask, id: u64) -> Answer {
    let field = world.custom_fields.get(&id).ok_or_else(Reply::not_found)?;
    let FieldKind::SelectOne(choices) = &field.kind else {
        return Ok(Reply::ok(
            &json!({"count": 0, "items": [], "page": 1, "per_page": 20, "total": 0}),
        ));
    };
    let mut choices: Vec<_> = (1_u64..).zip(choices).collect();
    choices.sort_by_key(|(_, name)| *name);
    let view = View { world, ask };
    let items = choices.into_iter().map(|(number, name)| {
        let url = view.url(&format!("customfield/{id}/value/{number}"));
        json!({"type": "customfieldvalue", "id": number, "name": name, "_url": url})
    });
    let items: Vec<Value> = items.collect();
    let count = items.len();
    Ok(Reply::ok(
        &json!({"count": count, "items": items, "page": 1, "per_page": 20, "total": count}),
    ))
}
