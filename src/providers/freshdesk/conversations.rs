//! Comments: Freshdesk's conversations (Freshdesk reference, section 6).
//!
//! A conversation has no address below its ticket: to change one, it is first found in the
//! ticket's list, which also tells whether the ticket is there and whether the comment is a note.

use serde_json::value::RawValue;

use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::id::{CommentId, TicketId};
use crate::model::page::{Cursor, Found, PageRequest};
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::{Upstream, read};
use crate::providers::freshdesk::{held_for_spam, state, translate, wire, writable};

/// How many conversations a ticket embeds at most.
const EMBEDDED: usize = 10;
/// The source of a note. Not every note has it.
const NOTE: u64 = 2;

/// A comment, and whether Freshdesk lets its text be changed.
pub(super) struct Entry {
    /// The comment.
    pub(super) found: Found<Comment>,
    /// Only notes can be edited, public or private ones.
    is_note: bool,
}

/// Reads one conversation of a list. Where its visibility is missing it counts as private: what is
/// not known to be public is not called so.
fn entry(conversation: wire::Conversation<'_>) -> (Comment, bool) {
    let private = conversation.private.0.unwrap_or(true);
    let is_note = private || conversation.source.0 == Some(NOTE);
    (translate::comment(conversation, !private), is_note)
}

/// A page of a ticket's comments.
pub(super) struct Listed {
    /// What is on it.
    pub(super) entries: Vec<Entry>,
    /// Where the next one begins.
    pub(super) next: Option<Cursor>,
    /// Whether the ticket is held for spam; told with the first page only.
    spam: bool,
}

/// One page of a ticket's comments.
///
/// The first page comes with the ticket itself, in one call of two credits, which tells whether the
/// ticket lies in the trash; only a ticket with ten or more conversations needs the list as well.
pub(super) async fn page(up: &Upstream, ticket: &TicketId, page: &PageRequest) -> Result<Listed> {
    let mut spam = false;
    let number = match &page.at {
        None => {
            let reply = up.send(translate::get_with_conversations(ticket)?).await?;
            let view: wire::Ticket<'_> = read(&reply)?;
            state(&view)?;
            spam = view.spam.is_set();
            let embedded = view.conversations.0;
            if embedded.len() < EMBEDDED && embedded.len() <= usize::from(page.size) {
                return Ok(Listed {
                    entries: entries(up, embedded)?,
                    next: None,
                    spam,
                });
            }
            1
        }
        Some(Cursor(number)) => number
            .parse()
            .map_err(|_| ProviderError::malformed("a cursor"))?,
    };
    let call = translate::list_conversations(ticket, number, page.size)?;
    let reply = match up.send(call).await {
        Ok(reply) => reply,
        Err(error) => return Err(explain(up, ticket, error).await),
    };
    let next = translate::has_next(&reply).then(|| Cursor((number + 1).to_string()));
    Ok(Listed {
        entries: entries(up, read(&reply)?)?,
        next,
        spam,
    })
}

/// Reads conversations.
fn entries(up: &Upstream, conversations: Vec<&RawValue>) -> Result<Vec<Entry>> {
    let read_one = |raw: &RawValue| {
        let conversation = serde_json::from_str(raw.get())
            .map_err(|_| ProviderError::malformed("a conversation"))?;
        let (object, is_note) = entry(conversation);
        Ok(Entry {
            found: Found {
                object,
                raw: up.raw(raw),
            },
            is_note,
        })
    };
    conversations.into_iter().map(read_one).collect()
}

/// Says what a refused list means: what Freshdesk answers about the conversations of a trashed ticket
/// is not known (403 and 405 are reported, section 4.5), so the ticket is looked at.
async fn explain(up: &Upstream, ticket: &TicketId, error: ProviderError) -> ProviderError {
    if !matches!(error.kind, Kind::Forbidden | Kind::Conflict) {
        return error;
    }
    match writable(up, ticket).await {
        Err(reason) if reason.kind == Kind::NotFound => reason,
        _ => error,
    }
}

/// Finds a comment of a ticket that can be written to.
async fn find(up: &Upstream, ticket: &TicketId, id: &CommentId) -> Result<Entry> {
    let mut at = None;
    loop {
        let listed = page(
            up,
            ticket,
            &PageRequest {
                at,
                size: translate::MAX_PAGE,
            },
        )
        .await?;
        if listed.spam {
            return Err(held_for_spam());
        }
        if let Some(entry) = listed
            .entries
            .into_iter()
            .find(|entry| entry.found.object.id == *id)
        {
            return Ok(entry);
        }
        if listed.next.is_none() {
            return Err(ProviderError::not_found("the comment"));
        }
        at = listed.next;
    }
}

/// Adds a comment, and makes sure that it is as visible as was asked for.
///
/// The ticket is looked at first: what Freshdesk does with a reply to a trashed ticket is not
/// known, and an e-mail that is out cannot be called back.
pub(super) async fn create(
    up: &Upstream,
    ticket: &TicketId,
    new: &NewComment,
) -> Result<Found<Comment>> {
    let call = translate::create_comment(ticket, new)?;
    writable(up, ticket).await?;
    let reply = up.send(call).await?;
    // The answer to a reply does not tell its visibility: a reply has none but public. Should it
    // tell one all the same, it counts.
    let made = up.read_one(&reply, |conversation: wire::Conversation<'_>| {
        let private = conversation.private.0.unwrap_or(false);
        translate::comment(conversation, !private)
    });
    let made = made.map_err(|_| ProviderError::outcome_unknown())?;
    confirm_visibility(&made.object, new.public)?;
    Ok(made)
}

/// Refuses to call a comment stored as it was asked for when the help desk says otherwise.
fn confirm_visibility(comment: &Comment, asked: bool) -> Result<()> {
    if comment.public == asked {
        return Ok(());
    }
    tracing::error!(comment.id = %comment.id, comment.public, "a comment has another visibility than was asked for");
    let stored = if comment.public { "public" } else { "private" };
    let id = &comment.id;
    let message = format!(
        "the help desk does not confirm the visibility that was asked for: it counts {id} as {stored}"
    );
    Err(ProviderError::new(Kind::Malformed, message))
}

/// Changes the text of a note.
pub(super) async fn update(
    up: &Upstream,
    ticket: &TicketId,
    id: &CommentId,
    patch: &CommentPatch,
) -> Result<Found<Comment>> {
    let Entry {
        found: current,
        is_note,
    } = find(up, ticket, id).await?;
    let Some(call) = translate::update_comment(id, patch)? else {
        return Ok(current);
    };
    if !is_note {
        let message = "Freshdesk lets notes be edited, not replies and messages that went out or came in by e-mail";
        return Err(ProviderError::unsupported(message));
    }
    let reply = up.send(call).await?;
    let public = current.object.public;
    let changed = up.read_one(&reply, |conversation: wire::Conversation<'_>| {
        let public = conversation.private.0.map_or(public, |private| !private);
        translate::comment(conversation, public)
    })?;
    confirm_visibility(&changed.object, public)?;
    Ok(changed)
}

/// Removes a comment of this ticket.
pub(super) async fn delete(up: &Upstream, ticket: &TicketId, id: &CommentId) -> Result<()> {
    find(up, ticket, id).await?;
    up.send(translate::delete_comment(id)?).await?;
    Ok(())
}
