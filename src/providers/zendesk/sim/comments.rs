//! Lists of comments (Zendesk reference, section 6). There is no show, no create, no update, no delete.

use serde_json::{Value, json};

use super::paging::{self, Order};
use super::records::{Comment, Ticket};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;
use super::{attachment_json, audits, sideload, tickets};
use crate::simulator::http_date;

/// `GET /tickets/{id}/comments`: oldest first.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = tickets::found(world, ask.id()?)?;
    let key = |comment: &&Comment| (comment.created_at.as_second(), comment.id);
    let descending = if paging::is_by_cursor(&ask.query) {
        match ask.query.get("sort").unwrap_or("created_at") {
            "created_at" => false,
            "-created_at" => true,
            _ => return Err(Reply::bad_page("sort is not valid")),
        }
    } else {
        ask.query.get("sort_order") == Some("desc")
    };
    let sign = if descending { "-" } else { "" };
    let order = Order {
        name: format!("{sign}created_at,id"),
        descending,
        key,
    };
    let rows: Vec<&Comment> = ticket.comments.iter().collect();
    let (page, mut beside) = paging::page(ask, &world.switches, rows, &order)?;
    if ask.includes("users") {
        let authors = page.iter().filter_map(|comment| comment.author_id);
        sideload::users(world, &ask.base, authors, &mut beside);
    }
    let shows_inline = ask.query.is_true("include_inline_images");
    let rows: Vec<Value> = page
        .iter()
        .map(|comment| comment_json(&ask.base, ticket, comment, shows_inline))
        .collect();
    let newest = ticket
        .comments
        .iter()
        .map(|comment| comment.created_at)
        .max();
    let mut reply = Reply::list("comments", &rows, &beside);
    if let Some(newest) = newest {
        reply.headers.push(("last-modified", http_date(newest)));
    }
    Ok(reply)
}

/// `GET /tickets/{id}/comments/count`
pub(super) fn count(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = tickets::found(world, ask.id()?)?;
    let count = json!({"value": ticket.comments.len(), "refreshed_at": world.now()});
    Ok(Reply::ok(&json!({"count": count})))
}

/// A comment as lists show it. Images inside of the text are files only when that is asked for.
pub(super) fn comment_json(
    base: &str,
    ticket: &Ticket,
    comment: &Comment,
    shows_inline: bool,
) -> Value {
    let shown = comment.attachments.iter();
    let files: Vec<Value> = shown
        .filter(|file| shows_inline || !file.inline)
        .map(|file| attachment_json::attachment(base, file))
        .collect();
    let audit = ticket
        .audits
        .iter()
        .find(|audit| audit.id == comment.audit_id);
    json!({
        "id": comment.id,
        "type": "Comment",
        "author_id": audits::author(comment.author_id),
        "body": comment.body,
        "html_body": comment.html_body,
        "plain_body": comment.plain_body,
        "public": comment.public,
        "attachments": files,
        "audit_id": comment.audit_id,
        "via": comment.via.json(),
        "created_at": comment.created_at,
        "metadata": audit.map_or_else(|| json!({"system": {}, "custom": {}}), audits::metadata),
    })
}
