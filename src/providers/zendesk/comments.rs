//! Comments (Zendesk reference, section 6).
//!
//! The first comment of a ticket is its description, and not listed again. Comments have no address to
//! read them by, no time of change, and take no other change than from public to private.

use serde_json::value::RawValue;

use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::id::{CommentId, TicketId};
use crate::model::page::{Cursor, End, Found, Page, PageRequest, Then};
use crate::model::patch::Patch;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::text;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::provider::{Result, confirm_visibility};
use crate::providers::zendesk::{send, translate, wire};

/// One page of a ticket's comments, oldest first.
pub(super) async fn page(
    up: &Upstream,
    ticket: &TicketId,
    request: &PageRequest,
) -> Result<Page<Comment>> {
    let mut at = request.at.as_ref().map(|Cursor(cursor)| cursor.clone());
    let size = usize::from(request.size);
    let mut objects: Vec<Found<Comment>> = Vec::new();
    loop {
        let skipped = usize::from(at.is_none());
        let wanted = u16::try_from(size - objects.len() + skipped).unwrap_or(u16::MAX);
        let call = translate::list_comments(ticket, at.as_deref(), wanted)?;
        let reply = up.send(call).await?;
        let wire::Comments { comments, meta } = read(&reply)?;
        let meta = meta.ok_or_else(|| ProviderError::malformed("a list without meta"))?;
        for raw in comments.into_iter().skip(skipped) {
            objects.push(found(up, raw, None)?);
        }
        let next = match meta.after_cursor {
            Some(next) if meta.has_more.is_set() => next,
            _ => {
                return Ok(Page {
                    objects,
                    then: Then::End(End::default()),
                });
            }
        };
        // Nine tenths of a page are enough: the description took one place of it.
        if objects.len() * 10 >= size * 9 || up.is_late() {
            return Ok(Page {
                objects,
                then: Then::More(Cursor(next)),
            });
        }
        if at.as_ref() == Some(&next) {
            return Err(ProviderError::malformed("a list that does not go on"));
        }
        at = Some(next);
    }
}

/// Reads one comment.
fn found(up: &Upstream, raw: &RawValue, created_at: Option<&RawValue>) -> Result<Found<Comment>> {
    let wire: wire::Comment<'_> = read_object(raw)?;
    Ok(Found {
        object: translate::comment(wire, created_at),
        raw: up.raw(raw),
    })
}

/// Adds a comment: a change of the ticket, whose audit tells what became of it.
pub(super) async fn create(
    up: &Upstream,
    ticket: &TicketId,
    new: &NewComment,
) -> Result<Found<Comment>> {
    let reply = send(up, translate::create_comment(ticket, new)?).await?;
    // It is stored by now: an answer that does not tell it leaves open what it looks like.
    let made = added(up, &reply.body).ok_or_else(ProviderError::outcome_unknown)?;
    confirm_visibility(&made.object, new.public)?;
    Ok(made)
}

/// The comment of the audit in an answer to a write.
pub(super) fn added(up: &Upstream, body: &[u8]) -> Option<Found<Comment>> {
    let one: wire::One<'_> = serde_json::from_slice(body).ok()?;
    let audit: wire::Audit<'_> = serde_json::from_str(one.audit?.get()).ok()?;
    let is_comment = |raw: &&RawValue| {
        let kind: Option<wire::EventKind<'_>> = serde_json::from_str(raw.get()).ok();
        kind.is_some_and(|event| event.kind == "Comment")
    };
    let event = audit.events.0.into_iter().find(is_comment)?;
    found(up, event, audit.created_at).ok()
}

/// Makes a comment private, which is all that can be changed.
pub(super) async fn update(
    up: &Upstream,
    ticket: &TicketId,
    id: &CommentId,
    patch: &CommentPatch,
) -> Result<Found<Comment>> {
    // The gate has refused what names these.
    let CommentPatch {
        content: _,
        author: _,
        public,
    } = patch;
    if *public == Patch::Set(true) {
        let message = "public: Zendesk makes no private comment public";
        return Err(ProviderError::new(Kind::InvalidParameter, message));
    }
    let current = find(up, ticket, id).await?;
    if *public == Patch::Keep || !current.object.public {
        return Ok(current);
    }
    send(up, translate::make_private(ticket, id)?).await?;
    // The answer is empty: what is stored is looked at.
    let changed = find(up, ticket, id).await?;
    confirm_visibility(&changed.object, false)?;
    Ok(changed)
}

/// Finds a comment in the list of its ticket.
async fn find(up: &Upstream, ticket: &TicketId, id: &CommentId) -> Result<Found<Comment>> {
    let mut request = PageRequest {
        at: None,
        size: translate::MAX_PAGE,
    };
    loop {
        let Page { objects, then } = page(up, ticket, &request).await?;
        if let Some(found) = objects.into_iter().find(|found| found.object.id == *id) {
            return Ok(found);
        }
        let Then::More(next) = then else {
            return Err(ProviderError::not_found("the comment"));
        };
        request.at = Some(next);
    }
}

/// Makes a comment unreadable: its text and its files, for ever. That is as near to deleting it as Zendesk
/// comes, and done only for an account that has asked for it. The comment stays in the list.
pub(super) async fn redact(up: &Upstream, ticket: &TicketId, id: &CommentId) -> Result<()> {
    let mut at: Option<String> = None;
    loop {
        let skipped = usize::from(at.is_none());
        let call = translate::list_comments(ticket, at.as_deref(), translate::MAX_PAGE)?;
        let reply = up.send(call).await?;
        let wire::Comments { comments, meta } = read(&reply)?;
        for raw in comments.into_iter().skip(skipped) {
            let comment: wire::Comment<'_> = read_object(raw)?;
            if comment.id.0.to_string() != id.upstream() {
                continue;
            }
            let text = text(comment.body).map(|text| text.decode().into_owned());
            if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
                up.send(translate::redact_text(ticket, comment.id.0, &text)?)
                    .await?;
            }
            for file in comment.attachments.0.iter().filter_map(|file| file.id.0) {
                up.send(translate::redact_file(ticket, comment.id.0, file)?)
                    .await?;
            }
            return Ok(());
        }
        let meta = meta.unwrap_or_default();
        match meta.after_cursor {
            Some(next) if meta.has_more.is_set() && at.as_ref() != Some(&next) => at = Some(next),
            _ => return Err(ProviderError::not_found("the comment")),
        }
    }
}
