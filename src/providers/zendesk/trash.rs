//! The trash: `deleted_tickets`, which has numbered pages only (Zendesk reference, section 4).
//!
//! It is read from the newest deletion down to the place of the walk, whole, and given out from the oldest
//! up; a page that does not hold it all has it read again, so large pages cost less. A ticket that is fetched back shifts the pages; a reading during which the number of tickets changed
//! is done again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::filter::Filter;
use crate::model::page::Found;
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::ProviderError;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::providers::zendesk::statuses::Labels;
use crate::providers::zendesk::walk::{Look, Next, Place, Walk};
use crate::providers::zendesk::{translate, wire};
use crate::transport::call::Call;

/// Most pages that are read: the trash has ten calls a minute (section 12). What lies deeper is said not to
/// be listed.
const PAGES: u32 = 8;
/// How often a trash is read whose pages shift.
const PASSES: u32 = 3;

/// A trash that was read: everything from a place on.
struct Heap {
    /// Its tickets, the oldest deletion first.
    rows: Vec<(i64, u64, Found<Ticket>)>,
    /// Whether there was more of it.
    is_cut: bool,
    /// When it was, in the vendor's unix time.
    seen_at: Option<i64>,
}

/// Looks at what follows a place; moves the place behind what is given out.
pub(super) async fn look(
    up: &Upstream,
    labels: &Labels,
    walk: &mut Walk,
    wanted: usize,
) -> Result<Look> {
    let place = &mut walk.trash;
    let heap = read_from(up, labels, *place).await?;
    walk.is_cut |= heap.is_cut;
    let last = heap.rows.last().map_or(i64::MAX, |(second, _, _)| *second);
    let now = heap.seen_at.unwrap_or(last);
    let new = heap.rows.iter().filter(|row| is_behind(row, *place));
    let (closed, open): (Vec<_>, Vec<_>) = new.partition(|(second, _, _)| *second < now);
    let fits = closed.len() <= wanted;
    let given = closed.get(..wanted).unwrap_or(&closed);
    if fits {
        if now != i64::MAX && now > place.second {
            *place = Place {
                second: now,
                after: 0,
            };
        }
    } else if let Some((second, id, _)) = given.last() {
        *place = Place {
            second: *second,
            after: *id,
        };
    }
    let found = |rows: &[&(i64, u64, Found<Ticket>)]| {
        rows.iter().map(|(_, _, found)| found.clone()).collect()
    };
    Ok(Look {
        closed: found(given),
        then: if fits {
            Next::End(found(&open), heap.seen_at)
        } else {
            Next::More
        },
    })
}

/// Whether what the trash tells of a ticket is enough for a filter: its status and its time are.
pub(super) fn answers(filter: &Filter) -> bool {
    let rest = Filter {
        modified_since: None,
        status: None,
        ..filter.clone()
    };
    rest == Filter::default()
}

/// Whether a row is behind a place.
fn is_behind((second, id, _): &(i64, u64, Found<Ticket>), place: Place) -> bool {
    (*second, *id) > (place.second, place.after)
}

/// Reads the trash from the newest deletion down to a place.
async fn read_from(up: &Upstream, labels: &Labels, from: Place) -> Result<Heap> {
    for _ in 0..PASSES {
        if let Some(heap) = try_to_read(up, labels, from).await? {
            return Ok(heap);
        }
    }
    Err(ProviderError::malformed(
        "the trash changes faster than it can be read",
    ))
}

/// Reads the trash once; none if it changed meanwhile.
async fn try_to_read(up: &Upstream, labels: &Labels, from: Place) -> Result<Option<Heap>> {
    let mut rows = BTreeMap::new();
    let (mut count, mut seen_at, mut is_cut) = (None, None, false);
    for page in 1..=PAGES {
        let call = Call::get(["deleted_tickets".into()])
            .query("sort_by", "deleted_at")
            .query("sort_order", "desc")
            .query("per_page", translate::MAX_PAGE.to_string())
            .query("page", page.to_string());
        let reply = up.send(call).await?;
        seen_at = seen_at.or(reply.seen_at());
        let answer: wire::TrashPage<'_> = read(&reply)?;
        if count.is_some_and(|count| count != answer.count) {
            return Ok(None);
        }
        count = Some(answer.count);
        let mut oldest = i64::MAX;
        let is_empty = answer.deleted_tickets.is_empty();
        for raw in answer.deleted_tickets {
            let wire: wire::DeletedTicket<'_> = read_object(raw)?;
            let id = wire.id.0;
            let object = translate::deleted_ticket(&wire, labels);
            let second = object.modified_at.map_or(0, Timestamp::as_second);
            oldest = oldest.min(second);
            let raw = up.raw(raw);
            rows.insert((second, id), Found { object, raw });
        }
        let has_more = answer.next_page.is_some_and(|next| next.get() != "null");
        if is_empty || !has_more || oldest < from.second {
            break;
        }
        is_cut = page == PAGES;
    }
    let rows = rows
        .into_iter()
        .map(|((second, id), found)| (second, id, found));
    Ok(Some(Heap {
        rows: rows.filter(|row| is_behind(row, from)).collect(),
        is_cut,
        seen_at,
    }))
}
