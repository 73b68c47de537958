//! Comments: Freshdesk's conversations (Freshdesk reference, section 6).
//!
//! A conversation has no address below its ticket: to change one, it is first found in the
//! ticket's list, which also tells whether the ticket is there and whether the comment is a note.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::id::{CommentId, TicketId};
use crate::model::object::Object;
use crate::model::page::{Cursor, End, Found, PageRequest, Then};
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::{Upstream, read, read_object};
use crate::provider::{Result, confirm_visibility};
use crate::providers::freshdesk::walk::SKEW;
use crate::providers::freshdesk::{held_for_spam, state, translate, wire, writable};

/// The last page of conversations that is read.
const LAST_PAGE: u32 = 100;
/// How many conversations a ticket embeds at most.
const EMBEDDED: usize = 10;
/// More than anybody looks at: the size of a page on which a comment is looked for.
const WHOLE: u16 = 1000;
/// How long the running second is waited for before it is looked at again.
const PAUSE: Duration = Duration::from_millis(400);
/// The source of a note. Not every note has it.
const NOTE: u64 = 2;

/// A comment, and whether Freshdesk lets its text be changed.
#[derive(Clone)]
pub(super) struct Entry {
    /// The comment.
    pub(super) found: Found<Comment>,
    /// Only notes can be edited, public or private ones.
    is_note: bool,
}

impl Entry {
    /// The id as a number, by which conversations are ordered.
    fn number(&self) -> u64 {
        self.found.object.id.upstream().parse().unwrap_or(u64::MAX)
    }

    /// When it was made or changed last, in unix time.
    fn changed_at(&self) -> Option<i64> {
        self.found.object.modified_at.map(Timestamp::as_second)
    }
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
    /// What comes after it.
    pub(super) then: Then,
    /// Whether the ticket is held for spam; told with the first page only.
    spam: bool,
}

/// How far a walk through the comments of a ticket has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// In a further pass, only comments that changed at this second or later are given out.
    changed_since: Option<i64>,
    /// When the pass began, in unix time.
    began: i64,
    /// The id of the last comment given; 0 if none.
    last: u64,
}

impl Place {
    /// As a cursor: `changed_since.began.last`.
    fn cursor(self) -> Cursor {
        let Self {
            changed_since,
            began,
            last,
        } = self;
        let since = changed_since
            .map(|second| second.to_string())
            .unwrap_or_default();
        Cursor(format!("{since}.{began}.{last}"))
    }

    /// Reads a cursor.
    fn read(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.0.split('.');
        let since = parts.next()?;
        let changed_since = if since.is_empty() {
            None
        } else {
            Some(since.parse().ok()?)
        };
        Some(Self {
            changed_since,
            began: parts.next()?.parse().ok()?,
            last: parts.next()?.parse().ok()?,
        })
    }
}

/// One page of a ticket's comments.
///
/// The first page comes with the ticket itself, in one call of two credits, which tells whether the
/// ticket lies in the trash; only a ticket with ten or more conversations needs the list as well, and
/// that is read whole.
///
/// What is edited stays at its place in the list: so a walk of several requests ends with a further
/// pass that gives out what has changed since it began, until a pass begins and ends in one request.
pub(super) async fn page(
    up: &Upstream,
    ticket: &TicketId,
    request: &PageRequest,
) -> Result<Listed> {
    let size = usize::from(request.size);
    let mut spam = false;
    let mut place = match &request.at {
        None => {
            let reply = up.send(translate::get_with_conversations(ticket)?).await?;
            let Object(view): Object<wire::Ticket<'_>> = read(&reply)?;
            state(&view)?;
            spam = view.spam.is_set();
            let embedded = view.conversations.0;
            if embedded.len() < EMBEDDED && embedded.len() <= size {
                return Ok(Listed {
                    entries: entries(up, embedded)?,
                    then: Then::End(End::default()),
                    spam,
                });
            }
            None
        }
        Some(cursor) => {
            Some(Place::read(cursor).ok_or_else(|| ProviderError::malformed("a cursor"))?)
        }
    };
    let (all, now) = loop {
        let (all, now) = all(up, ticket).await?;
        // A comment of the running second cannot be told from one that changes right after it is read:
        // a walk that will go on does not begin with one.
        let is_open = |entry: &Entry| {
            entry
                .changed_at()
                .zip(now)
                .is_some_and(|(changed, now)| (now..=now + SKEW).contains(&changed))
        };
        if place.is_some() || all.len() <= size || !all.iter().any(is_open) {
            break (all, now);
        }
        up.pause(PAUSE).await?;
    };
    let mut began_here = place.is_none();
    let mut given = Vec::new();
    let mut current = place.take().unwrap_or(Place {
        changed_since: None,
        began: now.unwrap_or(0),
        last: 0,
    });
    loop {
        let is_asked = |entry: &&Entry| {
            let is_changed = |since| entry.changed_at().is_none_or(|second| second >= since);
            entry.number() > current.last && current.changed_since.is_none_or(is_changed)
        };
        let wanted = size - given.len();
        let mut asked: Vec<_> = all.iter().filter(is_asked).cloned().collect();
        let is_whole = asked.len() <= wanted;
        asked.truncate(wanted);
        current.last = asked.last().map_or(current.last, Entry::number);
        given.extend(asked);
        if !is_whole {
            let then = Then::More(current.cursor());
            return Ok(Listed {
                entries: given,
                then,
                spam,
            });
        }
        if began_here {
            return Ok(Listed {
                entries: given,
                then: Then::End(End::default()),
                spam,
            });
        }
        current = Place {
            changed_since: Some(current.began),
            began: now.unwrap_or(0),
            last: 0,
        };
        began_here = true;
    }
}

/// All conversations of a ticket by id, and a time at which they were so.
///
/// The list is ordered by creation: what is deleted moves all that follows towards the first page.
/// So its pages are read from the last to the first, and none is passed over; the last one is read
/// again for what was added meanwhile.
async fn all(up: &Upstream, ticket: &TicketId) -> Result<(Vec<Entry>, Option<i64>)> {
    let (first, now) = list(up, ticket, 1).await?;
    let mut found: BTreeMap<u64, Entry> = BTreeMap::new();
    let mut keep = |entries: Vec<Entry>| {
        found.extend(entries.into_iter().map(|entry| (entry.number(), entry)));
    };
    if first.len() < usize::from(translate::MAX_PAGE) {
        keep(first);
        return Ok((found.into_values().collect(), now));
    }
    let mut last = 1;
    while !list(up, ticket, last + 1).await?.0.is_empty() {
        last += 1;
        if last > LAST_PAGE {
            return Err(ProviderError::unsupported(
                "the ticket has more than 10,000 comments",
            ));
        }
    }
    for page in (1..=last).rev() {
        keep(list(up, ticket, page).await?.0);
    }
    for page in last.. {
        let (entries, _) = list(up, ticket, page).await?;
        let is_last = entries.len() < usize::from(translate::MAX_PAGE);
        keep(entries);
        if is_last || page > LAST_PAGE {
            break;
        }
    }
    Ok((found.into_values().collect(), now))
}

/// One page of Freshdesk's list, and a time at which it was so.
async fn list(up: &Upstream, ticket: &TicketId, page: u32) -> Result<(Vec<Entry>, Option<i64>)> {
    match up.send(translate::list_conversations(ticket, page)?).await {
        Ok(reply) => Ok((entries(up, read(&reply)?)?, reply.seen_at())),
        Err(error) => Err(explain(up, ticket, error).await),
    }
}

/// Reads conversations.
fn entries(up: &Upstream, conversations: Vec<&RawValue>) -> Result<Vec<Entry>> {
    let read_one = |raw: &RawValue| {
        let conversation = read_object(raw)?;
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
        let listed = page(up, ticket, &PageRequest { at, size: WHOLE }).await?;
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
        let Then::More(next) = listed.then else {
            return Err(ProviderError::not_found("the comment"));
        };
        at = Some(next);
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
