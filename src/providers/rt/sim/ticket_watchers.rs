//! The people of a ticket, as they are written: addresses, logins, numbers (facts, 8).

use serde_json::Value;

use super::reply::Reply;
use super::world::World;
use super::world_tickets::Change;

/// The roles that are lists of people, in the order in which they are written.
pub(super) const ROLES: [&str; 3] = ["AdminCc", "Cc", "Requestor"];

/// The people that a value names, of whom each that cannot be is `None`. `Name <address>` tells the name of a new
/// user; a comma separates several. Unknown addresses become users.
pub(super) fn read(world: &mut World, value: &Value) -> Vec<Option<u64>> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let mut people = Vec::new();
    for value in values {
        let Some(text) = super::body::text(value).filter(|text| !text.trim().is_empty()) else {
            people.push(None);
            continue;
        };
        let names: Vec<_> = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        people.extend(names.into_iter().map(|name| person(world, name)));
    }
    people
}

/// One of them.
fn person(world: &mut World, text: &str) -> Option<u64> {
    let (name, address) = match text.split_once('<') {
        Some((name, rest)) => (name.trim().trim_matches('"'), rest.strip_suffix('>')?),
        None => ("", text),
    };
    if !address.contains('@') {
        return world.user(text).map(|user| user.id);
    }
    let (local, domain) = address.rsplit_once('@')?;
    let is_address =
        !local.is_empty() && !domain.is_empty() && !address.contains(char::is_whitespace);
    is_address.then(|| world.user_of_address(address, name))
}

/// Sets the people of a role. One who cannot be kills the request, after what was changed before (trap 10).
pub(super) fn update(
    world: &mut World,
    by: u64,
    id: u64,
    role: &str,
    value: &Value,
) -> Result<Vec<String>, Reply> {
    let people = read(world, value);
    let wanted: Vec<u64> = people
        .into_iter()
        .collect::<Option<_>>()
        .ok_or_else(Reply::died)?;
    let mut unique: Vec<u64> = Vec::new();
    for person in wanted {
        if !unique.contains(&person) {
            unique.push(person);
        }
    }
    let Some(ticket) = world.tickets.get(&id) else {
        return Ok(Vec::new());
    };
    let old = match role {
        "Requestor" => ticket.requestors.clone(),
        "Cc" => ticket.cc.clone(),
        _ => ticket.admin_cc.clone(),
    };
    let added = unique.iter().filter(|person| !old.contains(person));
    let mut messages: Vec<String> = added
        .map(|person| format!("Added {} as {role} for this ticket", world.login(*person)))
        .collect();
    let mut removed: Vec<u64> = old
        .iter()
        .copied()
        .filter(|person| !unique.contains(person))
        .collect();
    removed.sort_by_key(u64::to_string);
    let removed = removed.into_iter();
    messages.extend(removed.map(|person| {
        format!(
            "{} is no longer {role} for this ticket",
            world.login(person)
        )
    }));
    if !messages.is_empty() {
        let change = match role {
            "Requestor" => Change::Requestors(unique),
            "Cc" => Change::Cc(unique),
            _ => Change::AdminCc(unique),
        };
        world.apply(by, id, change);
    }
    Ok(messages)
}
