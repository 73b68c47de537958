//! Calls on many users, organizations or memberships at once, which become jobs (Zendesk reference, section 9).

use serde_json::{Map, Value, json};

use super::body::Body;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// What can be done to one thing of a kind, for doing it to many.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// As failures name it: `User`.
    pub(super) noun: &'static str,
    /// The root key of one.
    pub(super) one: &'static str,
    /// The root key of many.
    pub(super) many: &'static str,
    /// Makes one and gives its id.
    pub(super) make: fn(&mut World, Body<'_>) -> Result<u64, Reply>,
    /// Changes one.
    pub(super) alter: fn(&mut World, u64, Body<'_>) -> Result<(), Reply>,
    /// Deletes one.
    pub(super) remove: fn(&mut World, u64) -> Result<(), Reply>,
    /// The one that a body means by something else than its id.
    pub(super) known: fn(&World, Body<'_>) -> Option<u64>,
}

/// `POST …/create_many`
pub(super) fn create(world: &mut World, ask: &mut Ask, kind: Kind) -> Answer {
    make(world, ask, kind, false)
}

/// `POST …/create_or_update_many`: whoever is known already is changed.
pub(super) fn create_or_update(world: &mut World, ask: &mut Ask, kind: Kind) -> Answer {
    make(world, ask, kind, true)
}

/// `PUT …/update_many`: the same change for the ids of the query, or a list of changes with their ids.
pub(super) fn update(world: &mut World, ask: &mut Ask, kind: Kind) -> Answer {
    let named = named(world, ask, kind)?;
    let orders: Vec<(Option<u64>, Map<String, Value>)> = if let Some(ids) = named {
        let change = ask.root(kind.one)?.clone();
        ids.into_iter().map(|id| (id, change.clone())).collect()
    } else {
        let list = ask.roots(kind.many)?.into_iter();
        list.map(|change| {
            let id = change.get("id").and_then(super::body::id_of);
            let known = || (kind.known)(world, Body::new(&change, &ask.place));
            (id.or_else(known), change)
        })
        .collect()
    };
    let (place, total) = (ask.place.clone(), orders.len());
    let work = move |world: &mut World| {
        let done = orders.iter().enumerate().map(|(index, (id, change))| {
            let changed = id.ok_or_else(Reply::not_found).and_then(|id| {
                (kind.alter)(world, id, Body::new(change, &place))?;
                Ok(json!({"action": "update", "id": id, "status": "Updated", "success": true}))
            });
            changed.unwrap_or_else(|refusal| failure(kind, "Update", index, *id, &refusal))
        });
        Value::Array(done.collect())
    };
    queued(world, &ask.base, total, work)
}

/// `DELETE …/destroy_many`: the ids of the query.
pub(super) fn destroy(world: &mut World, ask: &mut Ask, kind: Kind) -> Answer {
    let ids = named(world, ask, kind)?.ok_or_else(|| Reply::missing("ids"))?;
    let total = ids.len();
    let work = move |world: &mut World| {
        let done = ids.iter().enumerate().map(|(index, id)| {
            let removed = id.ok_or_else(Reply::not_found).and_then(|id| {
                (kind.remove)(world, id)?;
                Ok(json!({"action": "delete", "id": id, "status": "Deleted", "success": true}))
            });
            removed.unwrap_or_else(|refusal| failure(kind, "Delete", index, *id, &refusal))
        });
        Value::Array(done.collect())
    };
    queued(world, &ask.base, total, work)
}

/// Makes what the list of the body tells of.
fn make(world: &mut World, ask: &mut Ask, kind: Kind, updates: bool) -> Answer {
    let list = ask.roots(kind.many)?;
    let (place, total) = (ask.place.clone(), list.len());
    let work = move |world: &mut World| {
        let done = list.iter().enumerate().map(|(index, one)| {
            let body = Body::new(one, &place);
            let known = (kind.known)(world, body).filter(|_| updates);
            let made = match known {
                Some(id) => (kind.alter)(world, id, body).map(|()| {
                    json!({"action": "update", "id": id, "status": "Updated", "success": true})
                }),
                None => (kind.make)(world, body).map(|id| json!({"status": "Created", "id": id})),
            };
            made.unwrap_or_else(|refusal| failure(kind, "Create", index, known, &refusal))
        });
        Value::Array(done.collect())
    };
    queued(world, &ask.base, total, work)
}

/// Takes on the job.
fn queued(
    world: &mut World,
    base: &str,
    total: usize,
    work: impl FnOnce(&mut World) -> Value + Send + 'static,
) -> Answer {
    let status = world.queue_job(base, Some(total), work)?;
    Ok(Reply::ok(&json!({"job_status": status})))
}

/// Whom the query names, by `ids` or by `external_ids`; nobody is `None` inside.
fn named(world: &World, ask: &Ask, kind: Kind) -> Result<Option<Vec<Option<u64>>>, Reply> {
    if ask.query.has("ids") {
        let ids = ask.query.ids("ids", &ask.place)?;
        return Ok(Some(ids.into_iter().map(Some).collect()));
    }
    let names = ask.query.list("external_ids");
    if names.is_empty() {
        return Ok(None);
    }
    if names.len() > 100 {
        return Err(Reply::too_many_values());
    }
    let ids = names.into_iter().map(|name| {
        let key = Map::from_iter([("external_id".to_owned(), json!(name))]);
        (kind.known)(world, Body::new(&key, &ask.place))
    });
    Ok(Some(ids.collect()))
}

/// What a job tells of an item that was refused; the job as a whole is completed all the same.
fn failure(kind: Kind, verb: &str, index: usize, id: Option<u64>, refusal: &Reply) -> Value {
    let body: Value = refusal
        .body
        .as_deref()
        .and_then(|body| serde_json::from_slice(body).ok())
        .unwrap_or_default();
    let reasons = body["details"]
        .as_object()
        .into_iter()
        .flat_map(Map::values);
    let texts: Vec<&str> = reasons
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|reason| reason["description"].as_str())
        .collect();
    let details = if texts.is_empty() {
        body["description"]
            .as_str()
            .unwrap_or("Not found")
            .to_owned()
    } else {
        texts.join(", ")
    };
    json!({
        "index": index,
        "id": id,
        "error": format!("{}{verb}Failed", kind.noun),
        "details": details,
    })
}
