//! The incremental export: the one list that has archived tickets too (Zendesk reference, section 8).
//!
//! It is for admins, ten calls a minute, and does not show the last minute. Its order is that of
//! `generated_timestamp`, which system updates move as well, so it keeps the law by itself: what changes
//! comes again further on. Where it ends is said in the coverage; the next list of changes goes on there.

use jiff::Timestamp;

use crate::model::filter::Filter;
use crate::model::page::{Cursor, End, Found, Page, Then, TicketQuery};
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::{Upstream, read};
use crate::providers::zendesk::statuses::Labels;
use crate::providers::zendesk::{CAPABILITIES, list, wire};
use crate::transport::call::Call;

/// Most tickets of one answer.
const MAX_PAGE: u16 = 1000;
/// How much of the end is not exported, in seconds.
const NOT_YET: i64 = 60;

/// Reads one page.
pub(super) async fn page(
    up: &Upstream,
    query: &TicketQuery,
    labels: &Labels,
) -> Result<Page<Ticket>> {
    let since = query.filter.modified_since.map_or(0, Timestamp::as_second);
    let at = match &query.at {
        None => Place::Since(since),
        Some(cursor) => Place::read(cursor).ok_or_else(|| ProviderError::malformed("a cursor"))?,
    };
    // A filter is compared by the gateway: ten calls a minute must not be spent on small answers.
    let is_filtered = Filter {
        modified_since: None,
        ..query.filter.clone()
    } != Filter::default();
    let size = if is_filtered {
        MAX_PAGE
    } else {
        query.size.min(MAX_PAGE)
    };
    let mut call = Call::get(["incremental".into(), "tickets".into(), "cursor".into()])
        .query("per_page", size.to_string());
    call = match &at {
        Place::Since(second) => call.query("start_time", second.to_string()),
        Place::After(cursor) => call.query("cursor", cursor.clone()),
    };
    if query.with_requester {
        call = call.query("include", "users");
    }
    if !query.include_deleted {
        call = call.query("exclude_deleted", "true");
    }
    let reply = match up.send(call).await {
        Ok(reply) => reply,
        // A beginning within what is not exported yet is refused: nothing is there so far.
        Err(error) if error.kind == Kind::Invalid && matches!(at, Place::Since(_)) => {
            let said = error.message.to_lowercase().replace(['_', ' '], "");
            if !said.contains("starttime") {
                return Err(error);
            }
            return Ok(end(query, Vec::new(), None, &at));
        }
        Err(error) => return Err(error),
    };
    let export: wire::TicketPage<'_> = read(&reply)?;
    let rows = list::read_tickets(up, query, labels, export.tickets, export.users).await?;
    let objects = rows.into_iter().map(|(_, found)| found).collect();
    // At the very end the cursor may be null: the one before stays (section 8).
    let next = export.after_cursor.map_or_else(|| at.clone(), Place::After);
    if export.end_of_stream.is_set() {
        let to = reply.seen_at().map(|second| second - NOT_YET);
        return Ok(end(query, objects, to, &next));
    }
    if next == at {
        return Err(ProviderError::malformed("an export that does not go on"));
    }
    Ok(Page {
        objects,
        then: Then::More(next.cursor()),
    })
}

/// The last page.
fn end(
    query: &TicketQuery,
    objects: Vec<Found<Ticket>>,
    to: Option<i64>,
    next: &Place,
) -> Page<Ticket> {
    let mut not_listed = CAPABILITIES.list.never_listed.to_vec();
    if !query.include_deleted {
        not_listed.push("trash");
    }
    Page {
        objects,
        then: Then::End(End {
            to: to.and_then(|second| Timestamp::from_second(second).ok()),
            not_listed,
            sync: Some(next.cursor()),
        }),
    }
}

/// A place in the export.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Its beginning at a time, in unix time.
    Since(i64),
    /// Behind what was given.
    After(String),
}

impl Place {
    /// As a cursor: `s~second` or `c~cursor`.
    fn cursor(&self) -> Cursor {
        Cursor(match self {
            Self::Since(second) => format!("s~{second}"),
            Self::After(cursor) => format!("c~{cursor}"),
        })
    }

    /// Reads a cursor.
    fn read(Cursor(text): &Cursor) -> Option<Self> {
        match text.split_once('~')? {
            ("s", second) => Some(Self::Since(second.parse().ok()?)),
            ("c", cursor) => Some(Self::After(cursor.to_owned())),
            _ => None,
        }
    }
}
