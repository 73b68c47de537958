//! Deleted tickets. No search finds one, but the history tells who was deleted, and each can be read by its
//! number (trap 9).

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::model::page::Found;
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::{Upstream, read, read_object};
use crate::providers::rt::credentials::Options;
use crate::providers::rt::list::{Answer, Place, Row};
use crate::providers::rt::searches::{self, MAX_PAGE};
use crate::providers::rt::sql::Sql;
use crate::providers::rt::translate;
use crate::providers::rt::{wire, words};

/// How many deleted tickets are read at once.
const AT_ONCE: usize = 4;

/// The tickets that were deleted behind a place, by when and the number of the history's entry.
pub(super) async fn rows(
    up: &Upstream,
    place: Place,
    size: u16,
    options: &Options,
) -> Result<Answer> {
    let call = searches::list_deletions(place.behind("Created", false), &["Created", "id"], size);
    let reply = up.send(call).await?;
    let listed: wire::Collection<'_> = read(&reply)?;
    let has_more = listed.has_more(size);
    let items = listed.items;
    let mut deletions = Vec::with_capacity(items.len());
    for raw in items {
        let entry: wire::Transaction<'_> = read_object(raw)?;
        let when = words::time(entry.created);
        let (Some(when), Some(ticket)) = (when, entry.object_id.0) else {
            return Err(ProviderError::malformed(
                "a deletion without time or ticket",
            ));
        };
        let place = Place {
            second: when.as_second(),
            id: entry.id.0,
        };
        deletions.push((place, ticket));
    }
    let latest = latest(up, &deletions).await?;
    let rows = stream::iter(deletions).map(|(place, ticket)| {
        // One that came back and was deleted again is told at its last deletion.
        let is_last = latest.get(&ticket).is_none_or(|last| *last == place.id);
        async move {
            let found = if is_last {
                deleted(up, ticket, options).await?
            } else {
                None
            };
            Ok::<_, ProviderError>(Row { place, found })
        }
    });
    let now = reply.seen_at();
    Ok(Answer {
        rows: rows.buffered(AT_ONCE).try_collect().await?,
        has_more,
        now,
    })
}

/// The number of the last deletion of each of these tickets.
async fn latest(up: &Upstream, deletions: &[(Place, u64)]) -> Result<HashMap<u64, u64>> {
    let mut latest: HashMap<u64, u64> = HashMap::new();
    for (place, ticket) in deletions {
        latest.insert(*ticket, place.id);
    }
    let tickets: Vec<_> = latest.keys().copied().collect();
    if tickets.is_empty() {
        return Ok(latest);
    }
    let mut after = 0;
    loop {
        let condition = Sql::all([
            searches::of_tickets(&tickets),
            Sql::number("id", ">", after),
        ]);
        let call = searches::list_deletions(condition, &["id"], MAX_PAGE);
        let reply = up.send(call).await?;
        let listed: wire::Collection<'_> = read(&reply)?;
        let (has_more, before) = (listed.has_more(MAX_PAGE), after);
        for raw in listed.items {
            let entry: wire::Transaction<'_> = read_object(raw)?;
            after = after.max(entry.id.0);
            if let Some(ticket) = entry.object_id.0 {
                latest.insert(ticket, entry.id.0);
            }
        }
        if !has_more || after == before {
            break;
        }
    }
    Ok(latest)
}

/// Reads a ticket if it is deleted.
async fn deleted(up: &Upstream, id: u64, options: &Options) -> Result<Option<Found<Ticket>>> {
    let reply = match up.send(translate::get_ticket(id)).await {
        Ok(reply) => reply,
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Forbidden) => return Ok(None),
        Err(error) => return Err(error),
    };
    let wire: wire::Ticket<'_> = read_object(read(&reply)?)?;
    if wire.kind.is_some_and(|kind| kind.get() != "\"ticket\"") {
        // Reminders and approvals are tickets to RT, which no list shows.
        return Ok(None);
    }
    let found = up.read_one(&reply, |wire| translate::ticket(wire, options))?;
    // One that was merged since answers as another.
    let is_it = found.object.deleted && found.object.id.upstream() == id.to_string();
    Ok(is_it.then_some(found))
}
