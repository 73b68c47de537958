//! Comments: the replies and comments of a ticket's history. They can neither be changed nor deleted.

use futures_util::future::try_join;

use crate::model::comment::{Comment, NewComment};
use crate::model::id::TicketId;
use crate::model::page::{Cursor, End, Found, Page, PageRequest, Then};
use crate::provider::error::ProviderError;
use crate::provider::json::number;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::provider::{Result, confirm_visibility};
use crate::providers::rt::searches::{self, Comments, MAX_PAGE};
use crate::providers::rt::sql::Sql;
use crate::providers::rt::translate;
use crate::providers::rt::{list, texts, wire};
use crate::transport::call::Reply;

/// One page of a ticket's comments, oldest first.
pub(super) async fn page(
    up: &Upstream,
    ticket: &TicketId,
    request: &PageRequest,
) -> Result<Page<Comment>> {
    let id = translate::ticket_number(ticket)?;
    let mut after = match &request.at {
        None => 0,
        Some(Cursor(cursor)) => {
            number(cursor).ok_or_else(|| ProviderError::malformed("a cursor"))?
        }
    };
    let size = usize::from(request.size);
    let mut objects = Vec::new();
    // The history of a deleted ticket can still be read, that of an unknown one is empty.
    let tickets = list::with_merged(up, id).await?;
    loop {
        let rest = u16::try_from(size - objects.len())
            .unwrap_or(MAX_PAGE)
            .min(MAX_PAGE);
        let call = |which| up.send(searches::list_comments(id, &tickets, which, after, rest));
        let all = call(Comments::All).await?;
        let listed: wire::Collection<'_> = read(&all)?;
        let is_full = listed.items.len() >= usize::from(rest);
        // Where RT does not count it leaves holes in the page for comments that the token may not see, so that a short
        // page is not the last one. Of the replies it sees all, of the comments all or none.
        let replies = if is_full || listed.total.0.is_some() {
            vec![all]
        } else {
            let (public, private) =
                try_join(call(Comments::Public), call(Comments::Private)).await?;
            vec![public, private]
        };
        let (found, has_more) = read_comments(up, &replies, rest).await?;
        objects.extend(found.into_iter().map(|(transaction, found)| {
            after = after.max(transaction);
            found
        }));
        if !has_more {
            let then = Then::End(End::default());
            return Ok(Page { objects, then });
        }
        if objects.len() >= size || up.is_late() {
            let then = Then::More(Cursor(after.to_string()));
            return Ok(Page { objects, then });
        }
    }
}

/// Reads the oldest comments of some answers, with their texts and files; and whether there are more.
async fn read_comments(
    up: &Upstream,
    replies: &[Reply],
    most: u16,
) -> Result<(Vec<(u64, Found<Comment>)>, bool)> {
    let mut has_more = false;
    let mut entries = Vec::new();
    for reply in replies {
        let listed: wire::Collection<'_> = read(reply)?;
        has_more |= listed.has_more(most);
        for raw in listed.items {
            let entry: wire::Transaction<'_> = read_object(raw)?;
            entries.push((entry, raw));
        }
    }
    entries.sort_by_key(|(entry, _)| entry.id.0);
    has_more |= entries.len() > usize::from(most);
    entries.truncate(usize::from(most));
    let ids: Vec<_> = entries.iter().map(|(entry, _)| entry.id.0).collect();
    let mut messages = texts::messages(up, &ids).await?;
    let comment = |(entry, raw): (wire::Transaction<'_>, _)| {
        let id = entry.id.0;
        let message = messages.remove(&id).unwrap_or_default();
        let object = translate::comment(&entry, message);
        let raw = up.raw(raw);
        (id, Found { object, raw })
    };
    Ok((entries.into_iter().map(comment).collect(), has_more))
}

/// Adds a comment. RT would add one to a deleted ticket too, so the ticket is looked at first.
pub(super) async fn create(
    up: &Upstream,
    ticket: &TicketId,
    new: &NewComment,
) -> Result<Found<Comment>> {
    let id = translate::ticket_number(ticket)?;
    list::exists(up, id).await?;
    let reply = up.send(translate::create_comment(id, new)).await?;
    let lost = ProviderError::outcome_unknown;
    let place = reply.header("location").ok_or_else(lost)?;
    let made = place.rsplit('/').next().and_then(number).ok_or_else(lost)?;
    // It is stored by now: what cannot be read leaves open what it looks like.
    let stored = match stored(up, id, made).await.map_err(|_| lost())? {
        Some(stored) => stored,
        // Who may add private comments need not be allowed to see them.
        None if !new.public => Found {
            object: translate::unseen_comment(made, new),
            raw: None,
        },
        None => return Err(lost()),
    };
    confirm_visibility(&stored.object, new.public)?;
    Ok(stored)
}

/// Reads a comment; none if it is not to be seen.
async fn stored(up: &Upstream, ticket: u64, id: u64) -> Result<Option<Found<Comment>>> {
    let condition = Sql::all([
        Sql::number("TicketId", "=", ticket),
        Sql::number("id", "=", id),
    ]);
    let call = searches::list_transactions(condition, &["id"], 1);
    let reply = up.send(call).await?;
    let (found, _) = read_comments(up, &[reply], 1).await?;
    Ok(found.into_iter().next().map(|(_, found)| found))
}
