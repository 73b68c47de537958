//! The texts and files of messages. RT keeps a message as its MIME parts in a row, apart from the entry of the
//! history that it belongs to: first it is asked what there is, then for the texts that are wanted.

use std::collections::{BTreeMap, HashMap};

use crate::model::comment::Attachment;
use crate::model::page::Found;
use crate::model::text::Text;
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::json::text;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::providers::rt::searches::{self, MAX_PAGE};
use crate::providers::rt::{translate, wire};

/// Most bytes of texts that one answer is asked for.
const MOST_AT_ONCE: u64 = 4 * 1024 * 1024;
/// Most bytes of texts on one page of ours; those behind are left out.
const MOST: u64 = 32 * 1024 * 1024;

/// A message.
#[derive(Default)]
pub(super) struct Message {
    /// Its text as HTML.
    pub(super) text: Option<Text>,
    /// Its files.
    pub(super) files: Vec<Attachment>,
}

/// A text in several forms, of which the one in HTML counts.
#[derive(Default, Clone, Copy)]
enum Alternative {
    /// Not in one, or behind it.
    #[default]
    No,
    /// Before its first form.
    Begun,
    /// Behind its form that stands at this place.
    Plain(usize),
}

/// What a message consists of.
#[derive(Default)]
struct Plan {
    /// Its texts in order: the number of the part, how long it is, and whether it is HTML.
    texts: Vec<(u64, u64, bool)>,
    /// Its files.
    files: Vec<Attachment>,
    /// Where in a `multipart/alternative` the next part is.
    alternative: Alternative,
    /// Whether what follows is of a message within the message.
    is_over: bool,
}

impl Plan {
    /// Adds the next part.
    fn add(&mut self, part: &wire::Attachment<'_>) {
        let kind = text(part.content_type).map(|kind| kind.decode().to_lowercase());
        let kind = kind.as_deref().unwrap_or_default();
        let length = part.content_length.0.unwrap_or_default();
        let has_name = part.filename.is_some_and(|name| name.get().len() > 2);
        let is_html = kind == "text/html";
        match kind {
            "message/rfc822" => self.is_over = true,
            _ if self.is_over => {}
            "multipart/alternative" => self.alternative = Alternative::Begun,
            _ if kind.starts_with("multipart/") => {}
            "text/plain" | "text/html" if !has_name => {
                let text = (part.id.0, length, is_html);
                match self.alternative {
                    Alternative::Plain(place) if is_html => {
                        self.texts[place] = text;
                        self.alternative = Alternative::No;
                    }
                    Alternative::Begun if !is_html => {
                        self.alternative = Alternative::Plain(self.texts.len());
                        self.texts.push(text);
                    }
                    Alternative::No | Alternative::Begun | Alternative::Plain(_) => {
                        self.alternative = Alternative::No;
                        self.texts.push(text);
                    }
                }
            }
            // A message without a text is stored so (facts, 11).
            _ if !has_name && length == 0 => {}
            _ => self.files.push(translate::attachment(part)),
        }
    }
}

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
            creations.insert(creation.id.0, ticket);
        }
    }
    let transactions: Vec<_> = creations.keys().copied().collect();
    let messages = messages(up, &transactions).await?;
    let text = |(transaction, message): (u64, Message)| {
        Some((*creations.get(&transaction)?, message.text?))
    };
    Ok(messages.into_iter().filter_map(text).collect())
}

/// The messages of these transactions.
pub(super) async fn messages(up: &Upstream, transactions: &[u64]) -> Result<HashMap<u64, Message>> {
    let mut plans: BTreeMap<u64, Plan> = BTreeMap::new();
    let mut after = 0;
    while !transactions.is_empty() {
        let reply = up.send(searches::list_parts(transactions, after)).await?;
        let wire::Collection { items, .. } = read(&reply)?;
        let (count, before) = (items.len(), after);
        for raw in items {
            let part: wire::Attachment<'_> = read_object(raw)?;
            after = after.max(part.id.0);
            plans.entry(part.transaction_id.0).or_default().add(&part);
        }
        if count < usize::from(MAX_PAGE) || after == before {
            break;
        }
    }
    let wanted = plans.values().flat_map(|plan| &plan.texts);
    let mut texts = contents(up, wanted.map(|(id, length, _)| (*id, *length))).await?;
    let message = |(transaction, plan): (u64, Plan)| {
        let Plan {
            texts: parts,
            files,
            ..
        } = plan;
        let mut html = parts.into_iter().filter_map(|(id, _, is_html)| {
            let text = texts.remove(&id)?;
            Some(if is_html { text } else { text.into_html() })
        });
        let first = html.next();
        let rest: Vec<_> = html.collect();
        let text = first.map(|first| {
            if rest.is_empty() {
                return first;
            }
            let all = std::iter::once(&first).chain(&rest);
            let all: Vec<_> = all.map(|text| text.decode().into_owned()).collect();
            Text::new(&all.join("<br>"))
        });
        (transaction, Message { text, files })
    };
    Ok(plans.into_iter().map(message).collect())
}

/// The contents of these parts, of which the length is known, in lots that fit into an answer. One that does not,
/// and what is too much for a page, is left out.
async fn contents(
    up: &Upstream,
    parts: impl Iterator<Item = (u64, u64)>,
) -> Result<HashMap<u64, Text>> {
    let mut lots: Vec<(u64, Vec<u64>)> = Vec::new();
    let mut all = 0;
    for (id, length) in parts {
        all += length;
        if length > MOST_AT_ONCE || all > MOST {
            tracing::warn!(part = id, length, "a message is too long to be read");
            continue;
        }
        match lots.last_mut() {
            Some((sum, ids))
                if *sum + length <= MOST_AT_ONCE && ids.len() < usize::from(MAX_PAGE) =>
            {
                *sum += length;
                ids.push(id);
            }
            _ => lots.push((length, vec![id])),
        }
    }
    let mut texts = HashMap::new();
    for (_, ids) in lots {
        let reply = up.send(searches::list_contents(&ids)).await?;
        let wire::Collection { items, .. } = read(&reply)?;
        for raw in items {
            let part: wire::Attachment<'_> = read_object(raw)?;
            texts.extend(text(part.content).map(|text| (part.id.0, text)));
        }
    }
    Ok(texts)
}
