//! The people of a ticket, as they are written: addresses, logins, numbers (facts, 8).

use serde_json::Value;

use super::body;
use super::reply::Reply;
use super::world::World;
use super::world_tickets::Change;

/// The roles that are lists of people, in the order in which they are written.
pub(super) const ROLES: [&str; 3] = ["AdminCc", "Cc", "Requestor"];

/// The values of a role.
fn values(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    }
}

/// The parts of a text between commas that are not quoted.
fn parts(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let parts = text.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    let parts = parts.map(str::trim);
    parts.filter(|part| !part.is_empty()).collect()
}

/// The people of a new ticket. Unknown addresses become users; what names nobody is dropped.
pub(super) fn of_new(world: &mut World, value: &Value) -> Vec<u64> {
    let mut people = Vec::new();
    for value in values(value) {
        let text = body::text(value).unwrap_or_default();
        for part in parts(&text) {
            let person = person(world, part).filter(|person| !people.contains(person));
            people.extend(person);
        }
    }
    people
}

/// The person that a value of an update names: the first in it. Perl's true is the number 1.
fn of_update(world: &mut World, value: &Value) -> Option<u64> {
    let text = match value {
        Value::Bool(true) => "1".to_owned(),
        value => body::text(value)?,
    };
    let first = parts(&text).first().copied()?.to_owned();
    person(world, &first)
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
    let mut unique: Vec<u64> = Vec::new();
    let mut repeated = Vec::new();
    for value in values(value) {
        let person = of_update(world, value).ok_or_else(Reply::died)?;
        if unique.contains(&person) {
            repeated.push(person);
        } else {
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
    for person in repeated {
        messages.push(format!("{} is already {role}", world.login(person)));
    }
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
    if unique != old {
        let change = match role {
            "Requestor" => Change::Requestors(unique),
            "Cc" => Change::Cc(unique),
            _ => Change::AdminCc(unique),
        };
        world.apply(by, id, change);
    }
    Ok(messages)
}
