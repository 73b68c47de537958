//! New tickets: what is refused, and what is dropped without a word (trap 7).

use http::StatusCode;
use serde_json::{Map, Value};

use super::body::{self, filled};
use super::dates;
use super::message::Part;
use super::records_people::Right;
use super::reply::Reply;
use super::switches::Database;
use super::ticket_fields;
use super::ticket_watchers;
use super::world::World;
use super::world_tickets::NewTicket;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Reads the ticket that a call wants to create.
pub(super) fn read(
    world: &mut World,
    by: u64,
    members: &Map<String, Value>,
    files: Vec<Part>,
) -> Result<NewTicket, Reply> {
    if members.contains_key("id") {
        let message = "Ticket could not be created due to an internal error";
        return Err(Reply::bad(message));
    }
    let Some(name) = filled(members, "Queue") else {
        return Err(Reply::bad("Could not create ticket. Queue not set"));
    };
    let queue = world.queue(&name).filter(|queue| !queue.is_disabled);
    let queue = queue.filter(|queue| world.may(by, Right::Create, queue.id));
    let Some(queue) = queue.cloned() else {
        let message = format!("No permission to create tickets in the queue '{name}'");
        return Err(Reply::refused(StatusCode::FORBIDDEN, &message));
    };
    let text = |name: &str| members.get(name).and_then(body::text).unwrap_or_default();
    let message = message(members, files)?;
    let status = filled(members, "Status").map(|status| status.to_lowercase());
    if let Some(status) = &status {
        if !queue.lifecycle.has(status) {
            let message =
                format!("Status '{status}' isn't a valid status for tickets in this queue.");
            return Err(Reply::bad(&message));
        }
        if !queue.lifecycle.at_creation.contains(&status.as_str()) {
            let message = format!("New tickets can not have status '{status}' in this queue.");
            return Err(Reply::bad(&message));
        }
    }
    let initial = text("InitialPriority");
    let priority = if members.contains_key("Priority") {
        text("Priority")
    } else {
        initial.clone()
    };
    let priorities = [priority, initial, text("FinalPriority")];
    let is_number = |text: &String| text.is_empty() || text.parse::<i64>().is_ok();
    if world.switches.database == Database::Postgres && !priorities.iter().all(is_number) {
        return Err(Reply::bad(
            "Ticket could not be created due to an internal error",
        ));
    }
    let owner = filled(members, "Owner").and_then(|owner| {
        let user = world.user(&owner)?;
        let may_own = user.is_privileged && world.sees_queue(user.id, queue.id);
        may_own.then_some(user.id)
    });
    let [admin_cc, cc, requestors] = ticket_watchers::ROLES.map(|role| {
        let value = members.get(role);
        value.map_or_else(Vec::new, |value| ticket_watchers::of_new(world, value))
    });
    let fields = members.get("CustomFields").and_then(Value::as_object);
    let fields = fields.map(|fields| ticket_fields::of_new(world, fields));
    let minutes = ["TimeEstimated", "TimeWorked", "TimeLeft"];
    Ok(NewTicket {
        queue: queue.id,
        subject: text("Subject"),
        status,
        priorities,
        owner,
        requestors,
        cc,
        admin_cc,
        due: dates::exact(&text("Due")),
        minutes: minutes.map(|name| text(name).parse().unwrap_or(0)),
        fields: fields.unwrap_or_default().into_iter().collect(),
        message,
    })
}

/// The first message: none without content and files.
fn message(members: &Map<String, Value>, files: Vec<Part>) -> Result<Option<Part>, Reply> {
    let required =
        |name: &str| format!("Field {name} is required for each attachment in Attachments");
    let mut all = attachments(members, Reply::bad, required)?;
    all.extend(files);
    let content = members.get("Content").filter(|content| !content.is_null());
    if content.is_none() && all.is_empty() {
        return Ok(None);
    }
    let content = content.and_then(body::text).unwrap_or_default();
    let content_type = filled(members, "ContentType").unwrap_or_else(|| "text/plain".to_owned());
    let body = match content.replace("\r\n", "\n").as_str() {
        "" => Part::empty(),
        content => Part::body(&content_type, content),
    };
    Ok(Some(Part::mixed(body, all)))
}

/// The files in `Attachments`, all members of which are required. What is refused of a new ticket kills a message.
pub(super) fn attachments(
    members: &Map<String, Value>,
    wrong: impl Fn(&str) -> Reply,
    required: impl Fn(&str) -> String,
) -> Result<Vec<Part>, Reply> {
    let Some(list) = members.get("Attachments").filter(|list| !list.is_null()) else {
        return Ok(Vec::new());
    };
    let list = list
        .as_array()
        .ok_or_else(|| wrong("Attachments must be an array"))?;
    let files = list.iter().map(|one| {
        let one = one.as_object();
        let one = one.ok_or_else(|| wrong("Each element of Attachments must be a hash"))?;
        let text = |name| filled(one, name).ok_or_else(|| Reply::bad(&required(name)));
        let (name, kind) = (text("FileName")?, text("FileType")?);
        let content = decoded(&text("FileContent")?);
        // A name outside of ASCII is broken (trap 22).
        let name = name.chars().map(|letter| {
            if letter.is_ascii() {
                letter
            } else {
                '\u{fffd}'
            }
        });
        Ok(Part::file(&kind, &name.collect::<String>(), &content))
    });
    files.collect()
}

/// Decodes base64 as Perl does: what does not belong there is skipped.
fn decoded(text: &str) -> Vec<u8> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let letters = text
        .bytes()
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    let letters: Vec<u8> = letters.collect();
    GeneralPurpose::new(&STANDARD, config)
        .decode(letters)
        .unwrap_or_default()
}
