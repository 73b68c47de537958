//! The texts and files of messages. RT keeps them apart from the entries of the history that they belong to.

use std::collections::HashMap;

use futures_util::future::BoxFuture;

use crate::model::comment::Attachment;
use crate::model::page::Found;
use crate::model::text::Text;
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::Kind;
use crate::provider::json::text;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::providers::rt::searches::{self, MAX_PAGE};
use crate::providers::rt::translate;
use crate::providers::rt::wire;

/// The parts of messages by transaction.
type Parts<T> = HashMap<u64, T>;

/// Fills in the descriptions of tickets: the texts with which they were made.
pub(super) async fn describe(up: &Upstream, tickets: &mut [Found<Ticket>]) -> Result<()> {
    let number = |found: &Found<Ticket>| found.object.id.upstream().parse().ok();
    let ids: Vec<u64> = tickets.iter().filter_map(number).collect();
    let mut descriptions: HashMap<u64, Text> = HashMap::new();
    for ids in ids.chunks(usize::from(MAX_PAGE)) {
        descriptions.extend(of_tickets(up, ids).await?);
    }
    for found in tickets {
        if let Some(id) = number(found) {
            found.object.description = descriptions.remove(&id);
        }
    }
    Ok(())
}

/// The descriptions of these tickets, by ticket.
pub(super) async fn of_tickets(up: &Upstream, ids: &[u64]) -> Result<HashMap<u64, Text>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let reply = up.send(searches::list_creations(ids)).await?;
    let wire::Collection { items, .. } = read(&reply)?;
    let mut creations: HashMap<u64, u64> = HashMap::new();
    for raw in items {
        let creation: wire::Transaction<'_> = read_object(raw)?;
        if let Some(ticket) = creation.object_id.0 {
            // A ticket that others were merged into has their creations too: its own is the first.
            let first = creations.entry(ticket).or_insert(creation.id.0);
            *first = creation.id.0.min(*first);
        }
    }
    let transactions: Vec<_> = creations.values().copied().collect();
    let mut texts = texts(up, &transactions).await?;
    let text = |(ticket, creation)| Some((ticket, texts.remove(&creation)?));
    Ok(creations.into_iter().filter_map(text).collect())
}

/// The texts of these transactions as HTML. Of a message in several forms the one in HTML.
pub(super) fn texts<'a>(
    up: &'a Upstream,
    transactions: &'a [u64],
) -> BoxFuture<'a, Result<Parts<Text>>> {
    Box::pin(async move {
        let mut found: Parts<(bool, Text)> = HashMap::new();
        let read = for_each(up, transactions, false, |part| {
            let is_html = part
                .content_type
                .is_some_and(|kind| kind.get() == "\"text/html\"");
            let Some(content) = text(part.content) else {
                return;
            };
            let is_better = |(was_html, _): &(bool, Text)| is_html && !was_html;
            if found.get(&part.transaction_id.0).is_none_or(is_better) {
                let content = if is_html {
                    content
                } else {
                    content.into_html()
                };
                found.insert(part.transaction_id.0, (is_html, content));
            }
        });
        match read.await {
            // Long messages are read in smaller lots; one that is too long by itself is left out.
            Err(error) if error.kind == Kind::TooLarge => match transactions {
                [] | [_] => {
                    tracing::warn!(?transactions, "a message is too long to be read");
                    return Ok(HashMap::new());
                }
                several => {
                    let (first, second) = several.split_at(several.len() / 2);
                    let mut all = texts(up, first).await?;
                    all.extend(texts(up, second).await?);
                    return Ok(all);
                }
            },
            read => read?,
        }
        let text = |(transaction, (_, text))| (transaction, text);
        Ok(found.into_iter().map(text).collect())
    })
}

/// The files of these transactions.
pub(super) async fn files(up: &Upstream, transactions: &[u64]) -> Result<Parts<Vec<Attachment>>> {
    let mut files: Parts<Vec<_>> = HashMap::new();
    for_each(up, transactions, true, |part| {
        let of_this = files.entry(part.transaction_id.0).or_default();
        of_this.push(translate::attachment(part));
    })
    .await?;
    Ok(files)
}

/// Reads parts of messages, page by page.
async fn for_each(
    up: &Upstream,
    transactions: &[u64],
    are_files: bool,
    mut take: impl FnMut(&wire::Attachment<'_>) + Send,
) -> Result<()> {
    let mut after = 0;
    while !transactions.is_empty() {
        let call = searches::list_attachments(transactions, are_files, after);
        let reply = up.send(call).await?;
        let wire::Collection { items, .. } = read(&reply)?;
        let count = items.len();
        let before = after;
        for raw in items {
            let part: wire::Attachment<'_> = read_object(raw)?;
            after = after.max(part.id.0);
            take(&part);
        }
        if count < usize::from(MAX_PAGE) || after == before {
            break;
        }
    }
    Ok(())
}
