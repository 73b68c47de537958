//! Comments: the replies and comments of a ticket's history. They can neither be changed nor deleted.

use futures_util::future::try_join;

use crate::model::comment::{Comment, NewComment};
use crate::model::id::TicketId;
use crate::model::page::{Cursor, End, Found, Page, PageRequest, Then};
use crate::provider::error::ProviderError;
use crate::provider::json::number;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::provider::{Result, confirm_visibility};
use crate::providers::rt::sql::Sql;
use crate::providers::rt::translate::{self, MAX_PAGE};
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
        let call = translate::list_comments(id, &tickets, after, rest);
        let reply = up.send(call).await?;
        let is_last = !read::<wire::Collection<'_>>(&reply)?.has_more(rest);
        let found = read_comments(up, &reply, true).await?;
        objects.extend(found.into_iter().map(|(transaction, found)| {
            after = after.max(transaction);
            found
        }));
        if is_last {
            let then = Then::End(End::default());
            return Ok(Page { objects, then });
        }
        if objects.len() >= size || up.is_late() {
            let then = Then::More(Cursor(after.to_string()));
            return Ok(Page { objects, then });
        }
    }
}

/// Reads the comments of an answer, with their texts and, if wanted, files.
async fn read_comments(
    up: &Upstream,
    reply: &Reply,
    with_files: bool,
) -> Result<Vec<(u64, Found<Comment>)>> {
    let wire::Collection { items, .. } = read(reply)?;
    let transactions: Result<Vec<wire::Transaction<'_>>> =
        items.iter().copied().map(read_object).collect();
    let transactions = transactions?;
    let ids: Vec<_> = transactions
        .iter()
        .map(|transaction| transaction.id.0)
        .collect();
    let of_files: &[u64] = if with_files { &ids } else { &[] };
    let (mut texts, mut files) =
        try_join(texts::texts(up, &ids), texts::files(up, of_files)).await?;
    let comment = |(transaction, raw): (&wire::Transaction<'_>, _)| {
        let id = transaction.id.0;
        let object = translate::comment(
            transaction,
            texts.remove(&id),
            files.remove(&id).unwrap_or_default(),
        );
        (
            id,
            Found {
                object,
                raw: up.raw(raw),
            },
        )
    };
    Ok(transactions.iter().zip(items).map(comment).collect())
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
    // It is stored by now: what cannot be read leaves open what it looks like.
    let stored = stored(up, id, &reply).await;
    let stored = stored.map_err(|_| ProviderError::outcome_unknown())?;
    confirm_visibility(&stored.object, new.public)?;
    Ok(stored)
}

/// Reads the comment that an answer to a write refers to.
async fn stored(up: &Upstream, ticket: u64, reply: &Reply) -> Result<Found<Comment>> {
    let lost = || ProviderError::malformed("a comment that is not there");
    let place = reply.header("location").ok_or_else(lost)?;
    let transaction = place.rsplit('/').next().and_then(number).ok_or_else(lost)?;
    let condition = Sql::all([
        Sql::number("TicketId", "=", ticket),
        Sql::number("id", "=", transaction),
    ]);
    let call = translate::list_transactions(condition, &["id"], 1);
    let reply = up.send(call).await?;
    let mut found = read_comments(up, &reply, false).await?.into_iter();
    found.next().map(|(_, found)| found).ok_or_else(lost)
}
