//! Which fields the records have, and where they lead.

use serde_json::{Value, json};

use super::cells::{Cell, Object, View};
use super::records_people::{FieldKind, Right};
use super::ticket_links;
use super::world::World;

/// A field of a record.
pub(super) fn cell(world: &World, object: Object, field: &str) -> Cell {
    match object {
        Object::Ticket(id) => of_ticket(world, id, field),
        Object::Transaction(id) => of_transaction(world, id, field),
        Object::Attachment(id) => of_attachment(world, id, field),
        Object::User(id) => of_user(world, id, field),
        Object::Queue(id) => of_queue(world, id, field),
        Object::CustomField(id) => of_custom_field(world, id, field),
        Object::Group(id) => match (world.groups.get(&id), field) {
            (Some((name, _)), "Name") => Cell::text(name),
            _ => Cell::Missing,
        },
    }
}

/// A field as a text to search by: what is empty is NULL, people go by number.
pub(super) fn text(world: &World, object: Object, field: &str) -> Option<String> {
    match cell(world, object, field) {
        Cell::Plain(Value::String(text)) => Some(text).filter(|text| !text.is_empty()),
        Cell::Plain(value) => Some(value.to_string()),
        Cell::One(Object::User(id)) => Some(id.to_string()),
        _ => None,
    }
}

/// A field of a ticket.
fn of_ticket(world: &World, id: u64, field: &str) -> Cell {
    let Some(ticket) = world.committed(id) else {
        return Cell::Missing;
    };
    let people = |list: &[u64]| Cell::Many(list.iter().map(|id| Object::User(*id)).collect());
    let [estimated, worked, left] = ticket.minutes;
    match field {
        "id" => Cell::Plain(json!(ticket.id)),
        "EffectiveId" => Cell::text(ticket.effective_id),
        "Queue" => Cell::One(Object::Queue(ticket.queue)),
        "Type" => Cell::text("ticket"),
        "Owner" => Cell::One(Object::User(ticket.owner)),
        "Creator" => Cell::One(Object::User(ticket.creator)),
        "LastUpdatedBy" => Cell::One(Object::User(ticket.last_updated_by)),
        "Subject" => Cell::text(&ticket.subject),
        "Status" => Cell::text(&ticket.status),
        "Priority" => Cell::text(&ticket.priority),
        "InitialPriority" => Cell::text(&ticket.initial_priority),
        "FinalPriority" => Cell::text(&ticket.final_priority),
        "TimeEstimated" => Cell::text(estimated),
        "TimeWorked" => Cell::text(worked),
        "TimeLeft" => Cell::text(left),
        "Requestor" => people(&ticket.requestors),
        "Cc" => people(&ticket.cc),
        "AdminCc" => people(&ticket.admin_cc),
        "Created" => Cell::moment(Some(ticket.created)),
        "LastUpdated" => Cell::moment(Some(ticket.last_updated)),
        "Starts" => Cell::moment(None),
        "Started" => Cell::moment(ticket.started),
        "Due" => Cell::moment(ticket.due),
        "Told" if ticket.told.is_some() => Cell::moment(ticket.told),
        "Resolved" => Cell::moment(ticket.resolved),
        "CustomFields" => Cell::CustomFields,
        _ => Cell::Missing,
    }
}

/// A field of a transaction. Its content is not one (facts, 12).
fn of_transaction(world: &World, id: u64, field: &str) -> Cell {
    let Some(transaction) = world.transactions.get(&id) else {
        return Cell::Missing;
    };
    match field {
        "id" => Cell::Plain(json!(id)),
        "ObjectType" => Cell::text(transaction.object_type),
        "ObjectId" => Cell::text(transaction.object_id),
        "Type" => Cell::text(transaction.kind),
        "Field" => Cell::text(&transaction.field),
        "OldValue" => Cell::text(&transaction.old_value),
        "NewValue" => Cell::text(&transaction.new_value),
        "Data" => Cell::text(&transaction.data),
        "TimeTaken" => Cell::text(transaction.time_taken),
        "Creator" => Cell::One(Object::User(transaction.creator)),
        "Created" => Cell::moment(Some(transaction.created)),
        _ => Cell::Missing,
    }
}

/// A field of an attachment, as lists have it: the content is text there, whatever it is.
fn of_attachment(world: &World, id: u64, field: &str) -> Cell {
    let Some(attachment) = world.attachments.get(&id) else {
        return Cell::Missing;
    };
    match field {
        "id" => Cell::Plain(json!(id)),
        "TransactionId" => Cell::text(attachment.transaction_id),
        "ContentType" => Cell::text(&attachment.content_type),
        "Filename" => Cell::text(&attachment.filename),
        "ContentLength" => Cell::text(attachment.content.len()),
        "Content" => Cell::text(String::from_utf8_lossy(&attachment.content)),
        "Subject" => Cell::text(&attachment.subject),
        "MessageId" => Cell::text(attachment.message_id()),
        "Headers" => Cell::text(attachment.headers()),
        "ContentEncoding" if attachment.content.is_empty() => Cell::Missing,
        "ContentEncoding" if attachment.content.is_ascii() => Cell::text("none"),
        "ContentEncoding" if attachment.content_type.starts_with("text/") => {
            Cell::text("quoted-printable")
        }
        "ContentEncoding" => Cell::text("base64"),
        "Creator" => Cell::One(Object::User(attachment.creator)),
        "Created" => Cell::moment(Some(attachment.created)),
        "Parent" => Cell::Deadly,
        _ => Cell::Missing,
    }
}

/// A field of a user.
fn of_user(world: &World, id: u64, field: &str) -> Cell {
    let Some(user) = world.users.get(&id) else {
        return Cell::Missing;
    };
    match field {
        "id" => Cell::Plain(json!(id)),
        "Name" => Cell::text(&user.name),
        "EmailAddress" => Cell::text(&user.email),
        "RealName" => Cell::text(&user.real_name),
        "Organization" => Cell::text(&user.organization),
        "Comments" => Cell::text(&user.comments),
        "Gecos" if user.name == "root" => Cell::text("root"),
        // `Privileged` and `Disabled` are no columns: they are told of a user on their own only.
        "Created" => Cell::moment(Some(user.created)),
        "LastUpdated" => Cell::moment(Some(user.last_updated)),
        "Creator" | "LastUpdatedBy" => Cell::One(Object::User(user.creator)),
        _ => Cell::Missing,
    }
}

/// A field of a queue.
fn of_queue(world: &World, id: u64, field: &str) -> Cell {
    let Some(queue) = world.queues.get(&id) else {
        return Cell::Missing;
    };
    match field {
        "id" => Cell::Plain(json!(id)),
        "Name" => Cell::text(&queue.name),
        "Description" => Cell::text(&queue.description),
        "Lifecycle" => Cell::text(queue.lifecycle.name),
        "CorrespondAddress" => Cell::text(&queue.correspond_address),
        "CommentAddress" => Cell::text(queue.correspond_address.replace('@', "-comment@")),
        "Disabled" => Cell::text(u8::from(queue.is_disabled)),
        "SLADisabled" => Cell::text(1),
        "SortOrder" => Cell::text(0),
        "Cc" | "AdminCc" => Cell::Many(Vec::new()),
        "Created" | "LastUpdated" => Cell::moment(Some(queue.created)),
        "Creator" | "LastUpdatedBy" => Cell::One(Object::User(super::records::SYSTEM)),
        _ => Cell::Missing,
    }
}

/// A field of a custom field.
fn of_custom_field(world: &World, id: u64, field: &str) -> Cell {
    let Some(custom_field) = world.custom_fields.get(&id) else {
        return Cell::Missing;
    };
    let kind = &custom_field.kind;
    match field {
        "id" => Cell::Plain(json!(id)),
        "Name" => Cell::text(&custom_field.name),
        "Description" if *kind == FieldKind::Article => Cell::text("Content"),
        "Type" => Cell::text(match kind {
            FieldKind::SelectOne(_) => "Select",
            FieldKind::FreeOne | FieldKind::FreeMany => "Freeform",
            FieldKind::Article => "Text",
        }),
        "MaxValues" => Cell::text(u8::from(kind.is_one())),
        "LookupType" if *kind == FieldKind::Article => Cell::text("RT::Class-RT::Article"),
        "LookupType" => Cell::text("RT::Queue-RT::Ticket"),
        "EntryHint" => Cell::text(match kind {
            FieldKind::SelectOne(_) => "Select one value",
            FieldKind::FreeOne => "Enter one value",
            FieldKind::FreeMany => "Enter multiple values",
            FieldKind::Article => "Fill in one text area",
        }),
        "Pattern" | "Description" => Cell::text(""),
        "Disabled" | "UniqueValues" | "SortOrder" => Cell::text(0),
        "Created" | "LastUpdated" => Cell::moment(Some(custom_field.created)),
        "Creator" | "LastUpdatedBy" => Cell::One(Object::User(super::records::SYSTEM)),
        _ => Cell::Missing,
    }
}

/// The links of a record, for the kinds that have some.
pub(super) fn links(view: &View<'_>, object: Object) -> Option<Vec<Value>> {
    let world = view.world;
    match object {
        Object::Ticket(id) => ticket_links::of(view, world.committed(id)?),
        Object::Transaction(id) => {
            let attachments = &world.transactions.get(&id)?.attachments;
            let attachments = attachments.iter();
            let links = attachments.map(|id| view.link("attachment", &format!("attachment/{id}")));
            Some(
                std::iter::once(view.self_link("transaction", id))
                    .chain(links)
                    .collect(),
            )
        }
        Object::Attachment(id) => Some(vec![view.self_link("attachment", id)]),
        Object::CustomField(id) => {
            let mut links = vec![view.self_link("customfield", id)];
            if matches!(world.custom_fields.get(&id)?.kind, FieldKind::SelectOne(_)) {
                links.push(view.link("customfieldvalues", &format!("customfield/{id}/values")));
            }
            Some(links)
        }
        Object::User(id) => {
            let mut links = vec![view.self_link("user", id)];
            let is_super = world.is_super(view.ask.caller);
            if is_super || id == view.ask.caller {
                links.push(view.link("history", &format!("user/{id}/history")));
            }
            if is_super {
                links.push(view.link("memberships", &format!("user/{id}/groups")));
            }
            Some(links)
        }
        Object::Queue(id) => {
            let mut links = vec![view.self_link("queue", id)];
            links.push(view.link("history", &format!("queue/{id}/history")));
            if world.may(view.ask.caller, Right::Create, id) {
                let url = view.url(&format!("ticket?Queue={id}"));
                links.push(json!({"ref": "create", "type": "ticket", "_url": url}));
            }
            Some(links)
        }
        Object::Group(_) => None,
    }
}
