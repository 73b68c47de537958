//! A walk through all tickets that misses none while people work in the help desk.
//!
//! RT orders by the time of the last change and the number, and compares with both: each page asks for what
//! lies behind the last ticket given, so a row cannot move out of the walk's way but forwards. One thing is
//! left: RT stamps a change when it happens and shows it when its database transaction ends, mails sent
//! before. A second counts as *closed* when it lies [`SETTLES`] back by RT's own `Date`; tickets of later ones
//! are given out at the very end only, or waited for.
//!
//! Deleted tickets are a list of their own ([`trash`]), and a ticket may move from one to the other behind
//! the walk's back. So the walk ends when both have been at their end within one request.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::page::{Cursor, End, Found, Page, Then, TicketQuery};
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::ProviderError;
use crate::provider::upstream::Upstream;
use crate::providers::rt::credentials::Options;
use crate::providers::rt::list::{self, Answer, Place, Row};
use crate::providers::rt::searches::MAX_PAGE;
use crate::providers::rt::sql::Sql;
use crate::providers::rt::{texts, trash};

/// How many seconds after its stamp a change is seen at the latest.
const SETTLES: i64 = 5;
/// How long open seconds are waited for before they are looked at again.
const PAUSE: Duration = Duration::from_secs(1);

/// One of the lists of tickets that RT keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    /// Not deleted.
    Live,
    /// Deleted.
    Trash,
}

/// How far a walk has come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Walk {
    /// Which of the lists that are asked for is being read.
    current: usize,
    /// The place in each list; in one that is not asked for, where a later list of the changes since would
    /// begin.
    places: [Place; 2],
}

impl Walk {
    /// The beginning.
    fn new(since: i64) -> Self {
        let place = Place {
            second: since,
            id: 0,
        };
        Self {
            current: 0,
            places: [place; 2],
        }
    }

    /// As a cursor: `current.second-id.second-id`.
    fn cursor(&self) -> Cursor {
        let [live, trash] = self.places.map(Place::text);
        Cursor(format!("{}.{live}.{trash}", self.current))
    }

    /// Reads a cursor.
    fn read(cursor: &Cursor, lists: usize) -> Option<Self> {
        let (current, places) = cursor.0.split_once('.')?;
        let (live, trash) = places.split_once('.')?;
        // A list of the changes since may leave the trash out, which the walk before had: it begins anew.
        let current: usize = current.parse().ok()?;
        Some(Self {
            current: if current < lists { current } else { 0 },
            places: [Place::read(live)?, Place::read(trash)?],
        })
    }
}

/// Reads one page of a walk.
pub(super) async fn page(
    up: &Upstream,
    query: &TicketQuery,
    options: &Options,
) -> Result<Page<Ticket>> {
    let lists: &[List] = if query.include_deleted {
        &[List::Live, List::Trash]
    } else {
        &[List::Live]
    };
    let since = query.filter.modified_since.map_or(0, Timestamp::as_second);
    let mut walk = match &query.at {
        None => Walk::new(since),
        Some(cursor) => {
            Walk::read(cursor, lists.len()).ok_or_else(|| ProviderError::malformed("a cursor"))?
        }
    };
    let Some(condition) = list::condition(&query.filter, options) else {
        return Ok(end(&walk, Vec::new(), lists, None));
    };
    let size = usize::from(query.size);
    let mut given: Vec<Row> = Vec::new();
    let mut held: Vec<Row> = Vec::new();
    let mut at_end = 0;
    let mut ended_at = None;
    let mut is_new = query.at.is_none();
    let page = loop {
        let list = lists[walk.current];
        let place = walk.places[list as usize];
        let wanted = size.saturating_sub(count(&given)).max(1);
        let most = u16::try_from(wanted).unwrap_or(MAX_PAGE).min(MAX_PAGE);
        let answer = match list {
            List::Live => {
                let behind = place.behind("LastUpdated", false);
                let condition = Sql::all([condition.clone(), behind]);
                list::rows(up, condition, ("LastUpdated", false), most, options).await?
            }
            List::Trash => trash::rows(up, place, most, options).await?,
        };
        let Answer {
            rows,
            has_more,
            now,
        } = answer;
        let newest = rows.last().map_or(place.second, |row| row.place.second);
        // Without a `Date` the last second that is seen counts as open.
        let open_from = now.map_or(newest, |now| now - SETTLES);
        if is_new && lists.len() == 1 {
            is_new = false;
            walk.places[List::Trash as usize].second = open_from;
        }
        let (closed, open): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| row.place.second < open_from);
        if let Some(row) = closed.last() {
            walk.places[list as usize] = row.place;
        }
        given.extend(closed);
        if !has_more {
            if open_from > place.second {
                walk.places[list as usize] = Place {
                    second: open_from,
                    id: 0,
                };
            }
            at_end += 1;
            ended_at.get_or_insert(open_from);
            held.extend(open);
            walk.current = (walk.current + 1) % lists.len();
            if at_end == lists.len() {
                if count(&given) + count(&held) <= size {
                    given.append(&mut held);
                    break end(&walk, given, lists, ended_at);
                }
                if count(&given) == 0 {
                    // Nothing but open seconds, too long for the page: in a moment they are closed.
                    (at_end, ended_at) = (0, None);
                    held.clear();
                    up.pause(PAUSE).await?;
                }
            }
        } else if !open.is_empty() {
            if count(&given) > 0 {
                break more(&walk, given);
            }
            up.pause(PAUSE).await?;
        }
        let is_full = count(&given) >= size || (at_end >= lists.len() && count(&given) > 0);
        if is_full || (count(&given) > 0 && up.is_late()) {
            break more(&walk, given);
        }
    };
    describe(up, query, page).await
}

/// How many tickets there are in rows: some rows of the trash have none to show.
fn count(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.found.is_some()).count()
}

/// The tickets of rows.
fn tickets(rows: Vec<Row>) -> Vec<Found<Ticket>> {
    rows.into_iter().filter_map(|row| row.found).collect()
}

/// A page with a successor.
fn more(walk: &Walk, given: Vec<Row>) -> Page<Ticket> {
    Page {
        objects: tickets(given),
        then: Then::More(walk.cursor()),
    }
}

/// The last page.
fn end(walk: &Walk, given: Vec<Row>, lists: &[List], ended_at: Option<i64>) -> Page<Ticket> {
    let sync = Walk {
        current: 0,
        places: walk.places,
    };
    let end = End {
        to: ended_at.and_then(|second| Timestamp::from_second(second).ok()),
        not_listed: list::not_listed(lists.contains(&List::Trash)),
        sync: Some(sync.cursor()),
    };
    Page {
        objects: tickets(given),
        then: Then::End(end),
    }
}

/// Completes a page by the descriptions, if they are wanted.
async fn describe(
    up: &Upstream,
    query: &TicketQuery,
    mut page: Page<Ticket>,
) -> Result<Page<Ticket>> {
    if query.with_description {
        texts::describe(up, &mut page.objects).await?;
    }
    Ok(page)
}
