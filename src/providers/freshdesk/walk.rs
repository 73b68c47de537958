//! A walk through all tickets that misses none while people work in the help desk.
//!
//! Freshdesk has neither cursors nor snapshots: rows move between its numbered pages whenever a
//! ticket changes (Freshdesk reference, section 3). So page numbers are not trusted. The list is read
//! by `updated_since`, oldest change first, and each call begins anew at the second at which the one
//! before ended. What makes that sound:
//!
//! - One answer is the list at one moment. Of a second that ends within it, all rows are in it.
//! - Such a second is *closed*: later changes carry later times. Its tickets can only leave it, and
//!   then they come again further on. So it is given out by id, and a place in the walk is a second
//!   and the last id given of it.
//! - A second that fills a whole answer is read through its pages, from the last to the first: rows
//!   of a closed second only move towards the first page, so none is passed over.
//! - The second that is still running, by the vendor's own `Date`, is *open*: a ticket may change
//!   twice in it, or enter it with a lower id. It is given out at the very end only, or waited for.
//!
//! Trash and spam are lists of their own, and a ticket may move from one list to another behind the
//! walk's back. So the walk ends when every list has been at its end within one request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::page::{Cursor, End, Found, Page, Then, TicketQuery};
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::ProviderError;
use crate::provider::upstream::Upstream;
use crate::providers::freshdesk::CAPABILITIES;
use crate::providers::freshdesk::statuses::Labels;
use crate::providers::freshdesk::translate::{self, MAX_PAGE};

/// The last page of a list that may be asked for (section 3).
const WALL: u32 = 300;
/// How many tickets of one second are kept between requests, so that it is not read anew for each.
const KEPT: usize = 6000;
/// How long they are kept.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// How long an open second is waited for before it is looked at again.
const PAUSE: Duration = Duration::from_millis(400);
/// How far the vendor's clock may be behind the times of its tickets, in seconds: what is further ahead is
/// not waited for.
pub(super) const SKEW: i64 = 60;
/// How often a second is read that seems to lose rows.
const PASSES: u32 = 3;

/// One of the lists of tickets that Freshdesk keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// Neither trashed nor spam.
    Live,
    /// The trash.
    Trash,
    /// Held for spam.
    Spam,
}

impl List {
    /// Every list, in the order in which they are walked.
    const ALL: [Self; LISTS] = [Self::Live, Self::Trash, Self::Spam];
}

/// How far one list has been given out: everything before the second, and of it the ids up to this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// Unix time.
    second: i64,
    /// The last id given of that second; 0 if none.
    after: u64,
}

/// How far a walk has come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Walk {
    /// Which of the lists that are asked for is being read.
    current: usize,
    /// Whether a second held more tickets than Freshdesk shows, or showed them unreliably.
    crowded: bool,
    /// The place in each list; in one that is not asked for, where a later list of the changes since
    /// would begin.
    places: [Place; LISTS],
}

/// How many lists there are.
const LISTS: usize = 3;

impl Walk {
    /// The beginning.
    fn new(since: i64) -> Self {
        Self {
            current: 0,
            crowded: false,
            places: [Place {
                second: since,
                after: 0,
            }; LISTS],
        }
    }

    /// As a cursor: `current.crowded.second-after.second-after`.
    fn cursor(&self) -> Cursor {
        let mut text = format!("{}.{}", self.current, u8::from(self.crowded));
        for Place { second, after } in &self.places {
            let _ = write!(text, ".{second}-{after}");
        }
        Cursor(text)
    }

    /// Reads a cursor.
    fn read(cursor: &Cursor, lists: usize) -> Option<Self> {
        let mut parts = cursor.0.split('.');
        // A list of the changes since may leave lists out that the page before had: it begins anew.
        let current: usize = parts.next()?.parse().ok()?;
        let current = if current < lists { current } else { 0 };
        let crowded = parts.next()? == "1";
        let place = |part: &str| {
            let (second, after) = part.rsplit_once('-')?;
            Some(Place {
                second: second.parse().ok()?,
                after: after.parse().ok()?,
            })
        };
        let places: Vec<_> = parts.map(place).collect::<Option<_>>()?;
        Some(Self {
            current,
            crowded,
            places: places.try_into().ok()?,
        })
    }
}

/// A ticket with its place in the order.
struct Row {
    /// When it was changed, in unix time.
    second: i64,
    /// Its id.
    id: u64,
    /// The ticket.
    found: Found<Ticket>,
}

/// One answer of a list.
struct Answer {
    /// The tickets, oldest change first.
    rows: Vec<Row>,
    /// Whether there are more behind them.
    has_more: bool,
    /// What time it was at the vendor, in unix time.
    now: Option<i64>,
}

/// What a look at a list yields.
enum Look {
    /// Closed rows, and the place behind them.
    Rows(Vec<Row>, Place),
    /// The end of the list: closed rows, the rows of the open second, and the place behind the
    /// closed ones.
    AtEnd(Vec<Row>, Vec<Row>, Place),
    /// Nothing but an open second that is longer than an answer.
    Open,
}

/// Tickets of one crowded second, kept between requests.
struct Crowd {
    /// Which second, of which list, read how.
    key: String,
    /// Its tickets by id.
    rows: Vec<(u64, Found<Ticket>)>,
}

/// Reads one page of a walk.
pub(super) async fn page(
    up: &Upstream,
    query: &TicketQuery,
    labels: &Arc<Labels>,
) -> Result<Page<Ticket>> {
    let mut lists = vec![List::Live];
    lists.extend(query.include_deleted.then_some(List::Trash));
    lists.extend(query.include_spam.then_some(List::Spam));
    let since = query.filter.modified_since.map_or(0, Timestamp::as_second);
    let mut walk = match &query.at {
        None => Walk::new(since),
        Some(cursor) => {
            Walk::read(cursor, lists.len()).ok_or_else(|| ProviderError::malformed("a cursor"))?
        }
    };
    let size = usize::from(query.size);
    let mut given: Vec<Row> = Vec::new();
    let mut held: Vec<Row> = Vec::new();
    let mut at_end = 0;
    let mut ended_at = None;
    let mut is_new = query.at.is_none();
    loop {
        let list = lists[walk.current];
        let reader = Reader {
            up,
            query,
            labels,
            list,
            now: AtomicI64::new(0),
        };
        let place = walk.places[list as usize];
        let wanted = size.saturating_sub(given.len());
        let look = reader.look(place, &mut walk.crowded).await?;
        if is_new && reader.now.load(Relaxed) != 0 {
            let now = reader.now.load(Relaxed);
            is_new = false;
            for other in List::ALL.into_iter().filter(|list| !lists.contains(list)) {
                walk.places[other as usize].second = now;
            }
        }
        match look {
            Look::Rows(rows, next) => {
                walk.places[list as usize] = take(&mut given, rows, wanted, next);
            }
            Look::AtEnd(rows, open, next) => {
                let fits = rows.len() <= wanted;
                walk.places[list as usize] = take(&mut given, rows, wanted, next);
                if fits {
                    at_end += 1;
                    ended_at.get_or_insert(next.second);
                    held.extend(open);
                    if at_end == lists.len() {
                        if given.len() + held.len() <= size {
                            given.extend(held);
                            return Ok(end(&walk, given, &lists, ended_at));
                        }
                        if given.is_empty() {
                            let now = reader.now.load(Relaxed);
                            if held.iter().all(|row| row.second > now + SKEW) {
                                let what = "its clock is far behind the times of its tickets";
                                return Err(ProviderError::malformed(what));
                            }
                            // Nothing but open seconds, too long for the page: in a moment they are closed.
                            (at_end, ended_at) = (0, None);
                            held.clear();
                            up.pause(PAUSE).await?;
                        }
                    }
                    walk.current = (walk.current + 1) % lists.len();
                }
            }
            Look::Open if given.is_empty() => up.pause(PAUSE).await?,
            Look::Open => return Ok(more(&walk, given)),
        }
        // Nine tenths of a page are enough: the rest would cost another answer of a hundred.
        let is_enough = given.len() * 10 >= size * 9;
        let is_full = is_enough || (at_end >= lists.len() && !given.is_empty());
        if is_full || (!given.is_empty() && up.is_late()) {
            return Ok(more(&walk, given));
        }
    }
}

/// Gives out as many rows as are wanted; returns the place behind the last one given.
fn take(given: &mut Vec<Row>, mut rows: Vec<Row>, wanted: usize, next: Place) -> Place {
    if rows.len() <= wanted {
        given.extend(rows);
        return next;
    }
    rows.truncate(wanted);
    let place = rows.last().map(|row| Place {
        second: row.second,
        after: row.id,
    });
    given.extend(rows);
    place.unwrap_or(next)
}

/// A page with a successor.
fn more(walk: &Walk, given: Vec<Row>) -> Page<Ticket> {
    Page {
        objects: given.into_iter().map(|row| row.found).collect(),
        then: Then::More(walk.cursor()),
    }
}

/// The last page.
fn end(walk: &Walk, given: Vec<Row>, lists: &[List], ended_at: Option<i64>) -> Page<Ticket> {
    let mut not_listed = CAPABILITIES.list.never_listed.to_vec();
    if !lists.contains(&List::Trash) {
        not_listed.push("trash");
    }
    if !lists.contains(&List::Spam) {
        not_listed.push("spam");
    }
    if walk.crowded {
        not_listed.push("crowded_second");
    }
    let to = ended_at.and_then(|second| Timestamp::from_second(second).ok());
    let sync = Walk {
        current: 0,
        crowded: false,
        places: walk.places,
    }
    .cursor();
    let end = End {
        to,
        not_listed,
        sync: Some(sync),
    };
    Page {
        objects: given.into_iter().map(|row| row.found).collect(),
        then: Then::End(end),
    }
}

/// Reads one list.
struct Reader<'a> {
    /// The line.
    up: &'a Upstream,
    /// What is asked for.
    query: &'a TicketQuery,
    /// The names of the statuses.
    labels: &'a Labels,
    /// Which list.
    list: List,
    /// What time it was at the vendor when it answered last, in unix time. An atomic, for the future
    /// that holds it moves between threads.
    now: AtomicI64,
}

impl Reader<'_> {
    /// Looks at what follows a place.
    async fn look(&self, place: Place, crowded: &mut bool) -> Result<Look> {
        if let Some(look) = self.kept(place) {
            return Ok(look);
        }
        // A little more than is asked for, so that the second of the last one ends within the answer.
        let size = self.query.size.saturating_add(10).min(MAX_PAGE);
        let Answer {
            rows,
            has_more,
            now,
        } = self.ask(place.second, 1, size).await?;
        let first = rows.first().map(|row| row.second);
        let last = rows.last().map_or(place.second, |row| row.second);
        let is_new = |row: &Row| {
            row.second > place.second || (row.second == place.second && row.id > place.after)
        };
        if !has_more {
            // Without a `Date` the last second of the list counts as open.
            let now = now.unwrap_or(last);
            let (mut closed, mut open): (Vec<_>, Vec<_>) = rows
                .into_iter()
                .filter(is_new)
                .partition(|row| row.second < now);
            sort(&mut closed);
            sort(&mut open);
            let next = if now > place.second {
                Place {
                    second: now,
                    after: 0,
                }
            } else {
                place
            };
            return Ok(Look::AtEnd(closed, open, next));
        }
        if first.is_none() {
            // A list that is empty and goes on would be asked for ever.
            return Err(ProviderError::malformed(
                "an empty page that has a successor",
            ));
        }
        if first != Some(last) {
            let mut closed: Vec<_> = rows
                .into_iter()
                .filter(|row| row.second < last)
                .filter(is_new)
                .collect();
            sort(&mut closed);
            let next = if last > place.second {
                Place {
                    second: last,
                    after: 0,
                }
            } else {
                place
            };
            return Ok(Look::Rows(closed, next));
        }
        if now.is_none_or(|now| last >= now) {
            return Ok(Look::Open);
        }
        self.crowd(last, place, crowded).await
    }

    /// One answer of the list.
    async fn ask(&self, since: i64, page: u32, size: u16) -> Result<Answer> {
        let call = translate::list_tickets(self.query, self.list, since, page, size)?;
        let reply = match self.up.send(call).await {
            Ok(reply) => reply,
            Err(error) if translate::is_unknown_person(&error, self.query) => {
                return Ok(Answer {
                    rows: Vec::new(),
                    has_more: false,
                    now: None,
                });
            }
            Err(error) => return Err(error),
        };
        let read = |ticket| translate::row(ticket, self.labels);
        let found = self.up.read_list(&reply, read)?;
        let row = |Found { object, raw }| {
            let (second, id, mut ticket): (Option<i64>, u64, Ticket) = object;
            match self.list {
                List::Live => {}
                List::Trash => ticket.deleted = true,
                List::Spam => ticket.spam = true,
            }
            // Left out, it would be missing from what is said to be all.
            let second = second.ok_or_else(|| ProviderError::malformed("when a ticket changed"))?;
            let object = ticket;
            let found = Found { object, raw };
            Ok(Row { second, id, found })
        };
        let mut rows: Vec<Row> = found.into_iter().map(row).collect::<Result<_>>()?;
        rows.retain(|row| row.second >= since);
        rows.sort_by_key(|row| row.second);
        let now = reply.seen_at();
        self.now.store(now.unwrap_or(0), Relaxed);
        Ok(Answer {
            rows,
            has_more: translate::has_next(&reply),
            now,
        })
    }

    /// Reads a closed second that is longer than an answer, whole.
    async fn crowd(&self, second: i64, place: Place, crowded: &mut bool) -> Result<Look> {
        let mut seen: BTreeMap<u64, Found<Ticket>> = BTreeMap::new();
        let last = self.last_page(second).await?;
        for pass in 1..=PASSES {
            let mut expected = 0;
            for page in (1..=last).rev() {
                let answer = self.ask(second, page, MAX_PAGE).await?;
                if page == WALL
                    && answer.has_more
                    && answer.rows.last().is_some_and(|row| row.second == second)
                {
                    *crowded = true;
                }
                let rows = answer.rows.into_iter().filter(|row| row.second == second);
                let mut on_page = 0;
                for row in rows {
                    on_page += 1;
                    seen.insert(row.id, row.found);
                }
                if expected == 0 && on_page > 0 {
                    expected = (page as usize - 1) * usize::from(MAX_PAGE) + on_page;
                }
            }
            // Fewer than there should be: some have left for a later second, or the order among equal
            // times is not stable. Another pass tells.
            if seen.len() >= expected {
                break;
            }
            *crowded |= pass == PASSES;
        }
        let after = if place.second == second {
            place.after
        } else {
            0
        };
        let rows: Vec<_> = seen.into_iter().collect();
        let look = rest_of(second, after, rows.clone());
        if rows.len() <= KEPT {
            let crowd = Crowd {
                key: self.key(second),
                rows,
            };
            self.up.keep("crowded second", Arc::new(crowd), KEPT_FOR);
        }
        Ok(look)
    }

    /// The last page with rows of a second: doubling, then halving.
    async fn last_page(&self, second: i64) -> Result<u32> {
        let (mut known, mut beyond) = (1, 2);
        while beyond <= WALL && self.reaches(second, beyond).await? {
            known = beyond;
            beyond *= 2;
        }
        let mut beyond = beyond.min(WALL + 1);
        while beyond - known > 1 {
            let middle = known + (beyond - known) / 2;
            if self.reaches(second, middle).await? {
                known = middle;
            } else {
                beyond = middle;
            }
        }
        Ok(known)
    }

    /// Whether a page has rows of a second.
    async fn reaches(&self, second: i64, page: u32) -> Result<bool> {
        let answer = self.ask(second, page, MAX_PAGE).await?;
        Ok(answer.rows.first().is_some_and(|row| row.second == second))
    }

    /// What is kept of a crowded second.
    fn kept(&self, place: Place) -> Option<Look> {
        let crowd: Arc<Crowd> = self.up.kept("crowded second")?;
        (crowd.key == self.key(place.second) && place.after > 0)
            .then(|| rest_of(place.second, place.after, crowd.rows.clone()))
    }

    /// Names a crowded second: rows read for another list, filter or form are not the same.
    fn key(&self, second: i64) -> String {
        let TicketQuery {
            filter,
            with_description,
            with_requester,
            ..
        } = self.query;
        format!(
            "{second} {:?} {filter:?} {with_description} {with_requester} {}",
            self.list,
            self.up.wants_raw()
        )
    }
}

/// The rows of a crowded second behind an id.
fn rest_of(second: i64, after: u64, rows: Vec<(u64, Found<Ticket>)>) -> Look {
    let rows = rows.into_iter().filter(|(id, _)| *id > after);
    let rows = rows.map(|(id, found)| Row { second, id, found }).collect();
    Look::Rows(
        rows,
        Place {
            second: second + 1,
            after: 0,
        },
    )
}

/// Puts rows into the order in which they are given out.
fn sort(rows: &mut [Row]) {
    rows.sort_by_key(|row| (row.second, row.id));
}
