//! The links of a ticket: to itself, to other tickets, to its fields, to what can be done with it.

use serde_json::{Value, json};

use super::cells::{Object, View};
use super::records::{DELETED, Ticket};
use super::records_people::Right;

/// All of them, for who may see the ticket.
pub(super) fn of(view: &View<'_>, ticket: &Ticket) -> Option<Vec<Value>> {
    let id = ticket.id;
    let caller = view.ask.caller;
    let may = |right| view.world.may(caller, right, ticket.queue);
    let mut links = vec![view.self_link("ticket", id)];
    for (name, other) in &ticket.links {
        let mut link = view.reference(Object::Ticket(*other));
        link.insert("ref".to_owned(), json!(name));
        links.push(Value::Object(link));
    }
    for field in view
        .world
        .custom_fields
        .values()
        .filter(|field| field.is_of_tickets())
    {
        let mut link = view.reference(Object::CustomField(field.id));
        link.insert("ref".to_owned(), json!("customfield"));
        link.insert("name".to_owned(), json!(field.name));
        links.push(Value::Object(link));
    }
    links.push(view.link("history", &format!("ticket/{id}/history")));
    if may(Right::Reply) {
        links.push(view.link("correspond", &format!("ticket/{id}/correspond")));
    }
    if may(Right::Comment) {
        links.push(view.link("comment", &format!("ticket/{id}/comment")));
    }
    let lifecycle = view.world.queues.get(&ticket.queue)?.lifecycle;
    for action in lifecycle
        .actions
        .iter()
        .filter(|action| action.from == ticket.status)
    {
        let right = if action.to == DELETED {
            Right::Delete
        } else {
            Right::Modify
        };
        if !may(right) {
            continue;
        }
        let below = match action.update {
            Some("Respond") => "/correspond",
            Some(_) => "/comment",
            None => "",
        };
        let url = view.url(&format!("ticket/{id}{below}"));
        let mut link = json!({"ref": "lifecycle", "from": action.from, "to": action.to,
            "label": action.label, "_url": url});
        if let (Some(update), Some(link)) = (action.update, link.as_object_mut()) {
            link.insert("update".to_owned(), json!(update));
        }
        links.push(link);
    }
    Some(links)
}
