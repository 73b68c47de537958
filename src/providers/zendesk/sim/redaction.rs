//! What can be changed in a comment afterwards: its visibility one way, and parts of it made unreadable
//! (Zendesk reference, section 6).

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::attachment_json;
use super::body::{Body, Given};
use super::comments;
use super::html;
use super::records::{Comment, Ticket};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_write;
use super::tickets;
use super::world::World;

/// What stands in the place of a redacted letter.
const BAR: &str = "▇";

/// `PUT /tickets/{id}/comments/{comment}/make_private`: there is no way back.
pub(super) fn make_private(world: &mut World, ask: &mut Ask) -> Answer {
    let comment = ask.id_at(1)?;
    let ticket = ticket_write::writable(world, ask.id()?)?;
    if find(ticket, comment)?.public {
        world.make_private(comment);
    }
    Ok(Reply::ok(&json!({})))
}

/// `PUT /tickets/{id}/comments/{comment}/redact`: not in closed tickets.
pub(super) fn redact(world: &mut World, ask: &mut Ask) -> Answer {
    let (id, comment) = (ask.id()?, ask.id_at(1)?);
    let Given::Is(text) = Body::new(&ask.json, &ask.place).text("text")? else {
        return Err(Reply::missing("text"));
    };
    let found = find(ticket_write::writable(world, id)?, comment)?;
    if text.is_empty() || !found.body.contains(&text) {
        // What an unknown text answers is not known.
        let reason = "Text: was not found in the comment";
        return Err(Reply::invalid("text", reason, Some("InvalidValue")));
    }
    let body = found.body.replace(&text, &bars(&text));
    replace(world, id, comment, &html::of_text(&body), &body);
    answer(world, ask, id, comment)
}

/// `PUT /comment_redactions/{comment}`: in closed and archived tickets too. The body repeats the comment's HTML
/// with `<redact>` around what is to go.
pub(super) fn redact_html(world: &mut World, ask: &mut Ask) -> Answer {
    let comment = ask.id()?;
    let body = Body::new(&ask.json, &ask.place);
    let Given::Is(id) = body.id("ticket_id")? else {
        return Err(Reply::missing("ticket_id"));
    };
    let found = find(tickets::found(world, id)?, comment)?;
    let gone = body.texts("external_attachment_urls")?;
    if let Given::Is(marked) = body.text("html_body")? {
        let plain = marked.replace("<redact>", "").replace("</redact>", "");
        if plain != found.html_body {
            let reason = "html_body does not match the comment";
            return Err(Reply::titled(
                StatusCode::BAD_REQUEST,
                "Invalid attribute",
                reason,
            ));
        }
        let mut redacted = String::new();
        let mut rest = marked.as_str();
        while let Some((before, after)) = rest.split_once("<redact>") {
            let (inside, after) = after.split_once("</redact>").unwrap_or((after, ""));
            redacted.push_str(before);
            redacted.push_str(&bars(inside));
            rest = after;
        }
        redacted.push_str(rest);
        let text = html::to_text(&redacted);
        replace(world, id, comment, &redacted, &text);
    } else if !gone.is_said() {
        return Err(Reply::missing("html_body"));
    }
    answer(world, ask, id, comment)
}

/// `PUT /tickets/{id}/comments/{comment}/attachments/{file}/redact`: the answer still tells of the old file, as
/// recorded.
pub(super) fn redact_file(world: &mut World, ask: &mut Ask) -> Answer {
    let (id, comment, file) = (ask.id()?, ask.id_at(1)?, ask.id_at(2)?);
    let ticket = ticket_write::writable(world, id)?;
    let files = &find(ticket, comment)?.attachments;
    let old = files
        .iter()
        .find(|one| one.id == file)
        .ok_or_else(Reply::not_found)?;
    let old = attachment_json::attachment(&ask.base, old);
    edit(world, id, comment, |comment| {
        let mut files = comment.attachments.iter_mut();
        if let Some(found) = files.find(|one| one.id == file) {
            "redacted.txt".clone_into(&mut found.file_name);
            "text/plain".clone_into(&mut found.content_type);
            found.content = Bytes::from_static(b"redacted");
            found.pixels = None;
            found.thumbnails.clear();
            found.deleted = true;
        }
    });
    Ok(Reply::ok(&json!({"attachment": old})))
}

/// A comment of a ticket.
fn find(ticket: &Ticket, comment: u64) -> Result<&Comment, Reply> {
    let mut all = ticket.comments.iter();
    all.find(|one| one.id == comment)
        .ok_or_else(Reply::not_found)
}

/// As many bars as a text has letters; blanks stay.
fn bars(text: &str) -> String {
    let letters = text.chars();
    letters
        .map(|letter| {
            if letter.is_whitespace() {
                letter.to_string()
            } else {
                BAR.to_owned()
            }
        })
        .collect()
}

/// Exchanges the text of a comment, and of the ticket whose description it is.
fn replace(world: &mut World, id: u64, comment: u64, markup: &str, text: &str) {
    edit(world, id, comment, |comment| {
        markup.clone_into(&mut comment.html_body);
        text.clone_into(&mut comment.body);
        text.clone_into(&mut comment.plain_body);
    });
    world.edit_ticket(id, |ticket| {
        if ticket
            .comments
            .first()
            .is_some_and(|first| first.id == comment)
        {
            text.clone_into(&mut ticket.description);
        }
    });
}

/// Changes a comment.
fn edit(world: &mut World, id: u64, comment: u64, edit: impl FnOnce(&mut Comment)) {
    world.edit_ticket(id, |ticket| {
        let mut all = ticket.comments.iter_mut();
        if let Some(found) = all.find(|one| one.id == comment) {
            edit(found);
        }
    });
}

/// The comment as it is now.
fn answer(world: &World, ask: &Ask, id: u64, comment: u64) -> Answer {
    let ticket = tickets::found(world, id)?;
    let comment = find(ticket, comment)?;
    let comment = comments::comment_json(&ask.base, ticket, comment, false);
    Ok(Reply::ok(&json!({"comment": comment})))
}
