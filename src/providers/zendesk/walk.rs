//! A walk through all tickets that misses none while people work in the help desk.
//!
//! Zendesk's cursors stand for a place in the order, not for a number of rows: what moves elsewhere shifts
//! nothing (Zendesk reference, section 7). What is left to mind is the order itself. Its times have no
//! fraction, so a ticket may enter the very second at which the walk stands, behind its back:
//!
//! - A second that is over, by the vendor's own `Date`, is *closed*: later changes carry later times, its
//!   tickets can only leave it. The cursor moves past closed seconds only.
//! - The running second is *open*. Its tickets are given out at the very end, or waited for; the cursor
//!   stays before them, and the walk remembers the last second that it has given out.
//!
//! From a time on (`modified_since`) the walk would have to pass everything older first. Instead it goes
//! down from the newest change to the one before that time, takes the cursor there, and walks up from it
//! by `page[before]`.
//!
//! The trash is a list of its own; a walk that has it too ends when both lists have been at their end within
//! one request. What only the export has, archived tickets, is `export`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::filter::{Order, Requester};
use crate::model::page::{Cursor, End, Found, Page, Then, TicketQuery};
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::number;
use crate::provider::upstream::{Upstream, read};
use crate::providers::zendesk::list::{self, Rows, Source};
use crate::providers::zendesk::statuses::Labels;
use crate::providers::zendesk::trash;
use crate::providers::zendesk::{CAPABILITIES, translate, wire};

/// How long an open second is waited for before it is looked at again.
const PAUSE: Duration = Duration::from_millis(400);

/// The way in which the live list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Up from the oldest change, by `page[after]`.
    Up,
    /// Up from a place in the descending order, by `page[before]`.
    Back,
}

/// How far the trash has been given out: everything before the second, and of it the ids up to this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Unix time.
    pub(super) second: i64,
    /// The last id given of that second; 0 if none.
    pub(super) after: u64,
}

/// How far a walk has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walk {
    /// How the live list is read.
    way: Way,
    /// Where it goes on. None at the beginning.
    cursor: Option<String>,
    /// The last second that has been given out whole.
    done: i64,
    /// Whether the trash is being read.
    in_trash: bool,
    /// Whether the trash held more than is read of it.
    pub(super) is_cut: bool,
    /// The place in the trash; if it is not asked for, where a later list of the changes since would
    /// begin.
    pub(super) trash: Place,
}

impl Walk {
    /// As a cursor: `way~flags~done~second-after~cursor`.
    fn cursor(&self) -> Cursor {
        let Self {
            way,
            cursor,
            done,
            in_trash,
            is_cut,
            trash: Place { second, after },
        } = self;
        let way = match way {
            Way::Up => 'u',
            Way::Back => 'b',
        };
        let cursor = cursor.as_deref().unwrap_or_default();
        let in_trash = u8::from(*in_trash) + 2 * u8::from(*is_cut);
        Cursor(format!("{way}~{in_trash}~{done}~{second}-{after}~{cursor}"))
    }

    /// Reads a cursor.
    fn read(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.0.splitn(5, '~');
        let way = match parts.next()? {
            "u" => Way::Up,
            "b" => Way::Back,
            _ => return None,
        };
        let flags: u8 = parts.next()?.parse().ok()?;
        let done = parts.next()?.parse().ok()?;
        let (second, after) = parts.next()?.rsplit_once('-')?;
        let trash = Place {
            second: second.parse().ok()?,
            after: after.parse().ok()?,
        };
        let cursor = parts.next()?;
        Some(Self {
            way,
            cursor: (!cursor.is_empty()).then(|| cursor.to_owned()),
            done,
            in_trash: flags & 1 != 0,
            is_cut: flags & 2 != 0,
            trash,
        })
    }
}

/// Reads one page of a walk in the order of changes.
pub(super) async fn page(
    up: &Upstream,
    query: &TicketQuery,
    labels: &Arc<Labels>,
) -> Result<Page<Ticket>> {
    let Some(source) = source(up, query).await? else {
        return Ok(nothing());
    };
    let lists_trash =
        query.include_deleted && source == Source::All && trash::answers(&query.filter);
    let reader = Reader {
        up,
        query,
        labels,
        source,
    };
    let size = usize::from(query.size);
    let mut given: Vec<Found<Ticket>> = Vec::new();
    let mut walk = match &query.at {
        Some(cursor) => Walk::read(cursor).ok_or_else(|| ProviderError::malformed("a cursor"))?,
        None => match reader.begin(&mut given).await? {
            Beginning::At(walk) => walk,
            Beginning::Whole(walk, to) => return Ok(reader.end(&walk, given, to)),
        },
    };
    walk.in_trash &= lists_trash;
    // Of each list: what its running second holds, once it has been at its end.
    let mut ended: [Option<Vec<Found<Ticket>>>; 2] = [None, None];
    let mut to = None;
    loop {
        let wanted = size.saturating_sub(given.len());
        let look = if walk.in_trash {
            trash::look(up, labels, &mut walk, wanted).await?
        } else {
            reader.look(&mut walk, wanted).await?
        };
        given.extend(look.closed);
        match look.then {
            Next::More => {}
            Next::Open => {
                if given.is_empty() {
                    up.pause(PAUSE).await?;
                    continue;
                }
                return Ok(more(&walk, given));
            }
            Next::End(open, now) => {
                to = to.or(now);
                ended[usize::from(walk.in_trash)] = Some(open);
                if lists_trash {
                    walk.in_trash = !walk.in_trash;
                }
                let [live, trash] = &mut ended;
                if live.is_some() && (trash.is_some() || !lists_trash) {
                    let open: Vec<_> = [live.take(), trash.take()]
                        .into_iter()
                        .flatten()
                        .flatten()
                        .collect();
                    if given.len() + open.len() <= size {
                        given.extend(open);
                        walk.in_trash = false;
                        return Ok(reader.end(&walk, given, to));
                    }
                    if !given.is_empty() {
                        return Ok(more(&walk, given));
                    }
                    // Nothing but open seconds, too long for the page: in a moment they are closed.
                    to = None;
                    up.pause(PAUSE).await?;
                }
            }
        }
        if given.len() >= size || (!given.is_empty() && up.is_late()) {
            return Ok(more(&walk, given));
        }
    }
}

/// A page with a successor.
fn more(walk: &Walk, objects: Vec<Found<Ticket>>) -> Page<Ticket> {
    Page {
        objects,
        then: Then::More(walk.cursor()),
    }
}

/// The page of a list of nobody's tickets.
pub(super) fn nothing() -> Page<Ticket> {
    let end = End {
        not_listed: [CAPABILITIES.list.never_listed, &["archived", "trash"]].concat(),
        ..End::default()
    };
    Page {
        objects: Vec::new(),
        then: Then::End(end),
    }
}

/// Which of Zendesk's lists has the tickets that are asked for: somebody's own list where there is one,
/// which saves reading everybody's. None if there is nobody of that id or address.
pub(super) async fn source(up: &Upstream, query: &TicketQuery) -> Result<Option<Source>> {
    let filter = &query.filter;
    Ok(
        match (&filter.requester, &filter.company, &filter.assignee) {
            (Some(Requester::UserId(id)), _, _) => number(id).map(Source::Requester),
            (Some(Requester::Email(email)), _, _) => find(up, email).await?.map(Source::Requester),
            (None, Some(company), _) => number(company).map(Source::Organization),
            (None, None, Some(assignee)) => number(assignee).map(Source::Assignee),
            (None, None, None) => Some(Source::All),
        },
    )
}

/// The person who has an address.
async fn find(up: &Upstream, email: &str) -> Result<Option<u64>> {
    let reply = up.send(translate::find_users(email)).await?;
    let wire::Users { users } = read(&reply)?;
    let found = users.0.into_iter().find(|user| {
        let own = crate::provider::json::text(user.email);
        own.is_some_and(|own| own.decode().eq_ignore_ascii_case(email))
    });
    Ok(found.and_then(|user| user.id.0))
}

/// What a look at a list yields.
pub(super) struct Look {
    /// Tickets of closed seconds, which the place is now behind.
    pub(super) closed: Vec<Found<Ticket>>,
    /// What comes after them.
    pub(super) then: Next,
}

/// What comes after the closed rows of a look.
pub(super) enum Next {
    /// More.
    More,
    /// Nothing but the running second, which is longer than the answer.
    Open,
    /// The end of the list: the rows of the running second, and until when the list was seen.
    End(Vec<Found<Ticket>>, Option<i64>),
}

/// Where a walk begins.
enum Beginning {
    /// At this place.
    At(Walk),
    /// It is over: one answer had everything. Until when.
    Whole(Walk, Option<i64>),
}

/// Reads the live list.
struct Reader<'a> {
    /// The line.
    up: &'a Upstream,
    /// What is asked for.
    query: &'a TicketQuery,
    /// The names of the statuses.
    labels: &'a Labels,
    /// Which list.
    source: Source,
}

impl Reader<'_> {
    /// Finds the beginning of a walk.
    async fn begin(&self, given: &mut Vec<Found<Ticket>>) -> Result<Beginning> {
        let Some(since) = self.query.filter.modified_since else {
            return Ok(Beginning::At(Walk {
                way: Way::Up,
                cursor: None,
                done: -1,
                in_trash: false,
                is_cut: false,
                trash: self.trash(None),
            }));
        };
        let since = since.as_second();
        let mut cursor: Option<String> = None;
        loop {
            let way = cursor.as_deref().map(|cursor| ("page[after]", cursor));
            let rows = self.ask("-updated_at", way, translate::MAX_PAGE).await?;
            let oldest = rows.tickets.last().map_or(i64::MIN, |(second, _)| *second);
            let is_first = cursor.is_none();
            let anchor = rows.after.clone();
            let now = rows.seen_at;
            let walk = Walk {
                way: Way::Back,
                cursor: anchor.clone(),
                done: since - 1,
                in_trash: false,
                is_cut: false,
                trash: self.trash(now),
            };
            if rows.has_more && oldest >= since {
                // `has_more` without a cursor would begin anew for ever.
                cursor = Some(anchor.ok_or_else(|| ProviderError::malformed("no cursor"))?);
                if self.up.is_late() {
                    let message = "more tickets have changed since that time than can be passed over in one request: \
                                   give a later modified_since, or walk without it";
                    return Err(ProviderError::new(Kind::Timeout, message));
                }
                continue;
            }
            if anchor.is_none() || oldest >= since {
                // Nothing is older: the walk up has nothing to pass. The row at a cursor is not on its page,
                // so only an older one can be the place from which the walk goes back up.
                let walk = Walk {
                    way: Way::Up,
                    cursor: None,
                    ..walk
                };
                return Ok(Beginning::At(walk));
            }
            let fits = rows
                .tickets
                .iter()
                .filter(|(second, _)| *second >= since)
                .count();
            let is_quiet =
                now.is_some_and(|now| rows.tickets.first().is_none_or(|(second, _)| *second < now));
            let is_whole = is_first && is_quiet && fits <= usize::from(self.query.size);
            if !is_whole || self.query.include_deleted {
                return Ok(Beginning::At(walk));
            }
            // All that has changed is in this one answer, and its seconds are over.
            let newest = rows
                .tickets
                .first()
                .map_or(since - 1, |(second, _)| *second);
            let wanted = rows
                .tickets
                .into_iter()
                .rev()
                .filter(|(second, _)| *second >= since);
            given.extend(wanted.map(|(_, found)| found));
            let walk = Walk {
                done: newest.max(since - 1),
                ..walk
            };
            return Ok(Beginning::Whole(walk, now));
        }
    }

    /// Where the trash begins: at the time that is asked for, or, if it is not listed, now.
    fn trash(&self, now: Option<i64>) -> Place {
        let since = self
            .query
            .filter
            .modified_since
            .map_or(0, Timestamp::as_second);
        let second = if self.query.include_deleted {
            since
        } else {
            now.unwrap_or(-1)
        };
        Place { second, after: 0 }
    }

    /// Looks at what follows the place of a walk.
    async fn look(&self, walk: &mut Walk, wanted: usize) -> Result<Look> {
        let size = u16::try_from(wanted.max(1)).unwrap_or(u16::MAX);
        let size = size.min(translate::MAX_PAGE);
        let cursor = walk.cursor.as_deref();
        let rows = match walk.way {
            Way::Up => {
                let from = cursor.map(|cursor| ("page[after]", cursor));
                self.ask("updated_at", from, size).await?
            }
            Way::Back => {
                let from = cursor.map(|cursor| ("page[before]", cursor));
                self.ask("-updated_at", from, size).await?
            }
        };
        let Rows {
            tickets: mut rows,
            has_more,
            after,
            before,
            seen_at,
        } = rows;
        // Upwards the end is where there is no more. Backwards nobody tells what `has_more` means, so the
        // end is where a page is not full.
        let (has_more, next) = match walk.way {
            Way::Up => (has_more, after),
            Way::Back => {
                rows.reverse();
                (rows.len() >= usize::from(size), before)
            }
        };
        if has_more && (next.is_none() || next == walk.cursor) {
            // It would be asked for ever.
            return Err(ProviderError::malformed(
                "a page that has a successor and no other cursor",
            ));
        }
        if walk.trash.second < 0 {
            walk.trash.second = seen_at.unwrap_or(-1);
        }
        // Without a `Date` the last second of the answer counts as running.
        let last = rows.last().map_or(i64::MAX, |(second, _)| *second);
        let now = seen_at.unwrap_or(last);
        let is_closed = |second: i64| second < now;
        let all_closed = rows.iter().all(|(second, _)| is_closed(*second));
        let done = walk.done;
        let newest_closed = rows
            .iter()
            .map(|(second, _)| *second)
            .rfind(|second| is_closed(*second));
        let news = rows.into_iter().filter(|(second, _)| *second > done);
        let (closed, open): (Vec<_>, Vec<_>) = news.partition(|(second, _)| is_closed(*second));
        let found =
            |rows: Vec<(i64, Found<Ticket>)>| rows.into_iter().map(|(_, found)| found).collect();
        let (closed, open): (Vec<_>, Vec<_>) = (found(closed), found(open));
        if all_closed {
            if let Some(next) = next {
                walk.cursor = Some(next);
            }
        } else {
            walk.done = newest_closed.map_or(done, |second| second.max(done));
        }
        let then = if !has_more {
            Next::End(open, seen_at)
        } else if all_closed || !closed.is_empty() {
            Next::More
        } else {
            Next::Open
        };
        Ok(Look { closed, then })
    }

    /// One answer of the list.
    async fn ask(
        &self,
        sort: &'static str,
        from: Option<(&'static str, &str)>,
        size: u16,
    ) -> Result<Rows> {
        list::ask(
            self.up,
            self.query,
            self.labels,
            self.source,
            sort,
            from,
            size,
        )
        .await
    }

    /// The last page.
    fn end(&self, walk: &Walk, objects: Vec<Found<Ticket>>, to: Option<i64>) -> Page<Ticket> {
        let mut not_listed = CAPABILITIES.list.never_listed.to_vec();
        not_listed.push("archived");
        let has_trash = self.query.include_deleted && self.source == Source::All;
        if !has_trash || walk.is_cut || !trash::answers(&self.query.filter) {
            not_listed.push("trash");
        }
        let end = End {
            to: to.and_then(|second| Timestamp::from_second(second).ok()),
            not_listed,
            sync: Some(
                Walk {
                    is_cut: false,
                    ..walk.clone()
                }
                .cursor(),
            ),
        };
        Page {
            objects,
            then: Then::End(end),
        }
    }
}

/// Reads one page in an order other than the one of changes: without a promise for tickets that change
/// meanwhile.
pub(super) async fn ordered(
    up: &Upstream,
    query: &TicketQuery,
    labels: &Labels,
) -> Result<Page<Ticket>> {
    if query.include_deleted || query.include_spam {
        let message = "trashed and spam tickets are listed in the order modified_at only";
        return Err(ProviderError::new(Kind::Unsupported, message));
    }
    let Some(source) = source(up, query).await? else {
        return Ok(nothing());
    };
    let sort = match query.order {
        Order::ModifiedAt => "updated_at",
        Order::ModifiedAtDescending => "-updated_at",
        // Tickets are numbered as they are made (section 1).
        Order::CreatedAt => "id",
        Order::CreatedAtDescending => "-id",
        Order::DueAt => {
            return Err(ProviderError::unsupported(
                "Zendesk does not order by due_at",
            ));
        }
    };
    let from = query
        .at
        .as_ref()
        .map(|Cursor(cursor)| ("page[after]", cursor.as_str()));
    let size = query.size.min(translate::MAX_PAGE);
    let rows = list::ask(up, query, labels, source, sort, from, size).await?;
    let objects = rows.tickets.into_iter().map(|(_, found)| found).collect();
    let then = match rows.after {
        Some(next) if rows.has_more => Then::More(Cursor(next)),
        _ => Then::End(End {
            to: rows
                .seen_at
                .and_then(|second| Timestamp::from_second(second).ok()),
            not_listed: [CAPABILITIES.list.never_listed, &["archived", "trash"]].concat(),
            sync: None,
        }),
    };
    Ok(Page { objects, then })
}
