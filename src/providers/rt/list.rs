//! Lists of tickets by a key that never ties: a time and the ticket's number.
//!
//! Each page asks for what lies behind the last ticket of the one before. That is all there is to the orders
//! for screens; the one that misses nothing is the `walk`.

use crate::model::filter::{Filter, Order, Requester};
use crate::model::page::{Cursor, End, Found, Page, Then, TicketQuery};
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::number;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::providers::rt::credentials::Options;
use crate::providers::rt::searches::{self, MAX_PAGE};
use crate::providers::rt::sql::Sql;
use crate::providers::rt::translate;
use crate::providers::rt::{CAPABILITIES, texts, wire, words};

/// A place in a list: a second, and the number of the last ticket that was given of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Unix time.
    pub(super) second: i64,
    /// A number.
    pub(super) id: u64,
}

impl Place {
    /// What lies behind it, by this column and the number.
    pub(super) fn behind(self, column: &'static str, is_descending: bool) -> Sql {
        let beyond = if is_descending { "<" } else { ">" };
        let Self { second, id } = self;
        Sql::any([
            Sql::second(column, beyond, second),
            Sql::all([
                Sql::second(column, "=", second),
                Sql::number("id", beyond, id),
            ]),
        ])
    }

    /// As a part of a cursor.
    pub(super) fn text(self) -> String {
        format!("{}-{}", self.second, self.id)
    }

    /// Reads a part of a cursor.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (second, id) = text.rsplit_once('-')?;
        Some(Self {
            second: second.parse().ok()?,
            id: id.parse().ok()?,
        })
    }
}

/// A ticket of an answer with its key.
pub(super) struct Row {
    /// Where it lies.
    pub(super) place: Place,
    /// The ticket; none where an entry of the trash has none to show.
    pub(super) found: Option<Found<Ticket>>,
}

/// The tickets that a filter can find, as far as RT can tell; none if it finds nobody's.
pub(super) fn condition(filter: &Filter, options: &Options) -> Option<Sql> {
    let Filter {
        // Where the walk begins.
        modified_since: _,
        created_since,
        created_before,
        status,
        priority,
        requester,
        assignee,
        group,
        company,
        // The desk looks for these.
        tag: _,
        ticket_type,
        words: _,
    } = filter;
    if company.is_some() || ticket_type.is_some() {
        return None;
    }
    let mut conditions = vec![Sql::number("id", ">", 0)];
    if let Some(since) = created_since {
        conditions.push(Sql::second("Created", ">=", since.as_second()));
    }
    if let Some(before) = created_before {
        conditions.push(Sql::second("Created", "<=", before.as_second()));
    }
    conditions.extend(status.map(words::status_condition));
    conditions.extend(priority.map(|word| options.priorities.condition(word)));
    conditions.extend(requester.as_ref().map(|requester| match requester {
        Requester::UserId(login) => Sql::text("Requestor.Name", "=", login),
        Requester::Email(email) => Sql::text("Requestor.EmailAddress", "=", email),
    }));
    conditions.extend(
        assignee
            .as_ref()
            .map(|login| Sql::text("Owner", "=", login)),
    );
    if let Some(group) = group {
        conditions.push(Sql::number("Queue", "=", number(group)?));
    }
    Some(Sql::all(conditions))
}

/// Reads tickets in the order of a column.
pub(super) async fn rows(
    up: &Upstream,
    condition: Sql,
    (column, is_descending): (&'static str, bool),
    size: u16,
    options: &Options,
) -> Result<Answer> {
    let direction = if is_descending { "DESC" } else { "ASC" };
    let call = searches::list_tickets(condition, (column, direction), size);
    let reply = up.send(call).await?;
    let listed: wire::Collection<'_> = read(&reply)?;
    if listed.total.0.is_none() {
        // Then pages have holes, and a short one need not be the last.
        let message = "the help desk does not count the tickets that it finds: its setting UseSQLForACLChecks has to be on";
        return Err(ProviderError::new(Kind::Malformed, message));
    }
    let has_more = listed.has_more(size);
    let items = listed.items;
    let mut rows = Vec::with_capacity(items.len());
    for raw in items {
        let wire: wire::Ticket<'_> = read_object(raw)?;
        let key = if column == "Created" {
            wire.created
        } else {
            wire.last_updated
        };
        let second =
            words::time(key).ok_or_else(|| ProviderError::malformed("a ticket without times"))?;
        let place = Place {
            second: second.as_second(),
            id: wire.id.0,
        };
        let object = translate::ticket(wire, options);
        let raw = up.raw(raw);
        let found = Some(Found { object, raw });
        rows.push(Row { place, found });
    }
    let now = reply.seen_at();
    Ok(Answer {
        rows,
        has_more,
        now,
    })
}

/// An answer.
pub(super) struct Answer {
    /// The tickets, in order.
    pub(super) rows: Vec<Row>,
    /// Whether there may be more.
    pub(super) has_more: bool,
    /// What time it was at RT, in unix time.
    pub(super) now: Option<i64>,
}

/// Why something is never in a list of tickets.
pub(super) fn not_listed(with_trash: bool) -> Vec<&'static str> {
    let trash: &[&str] = if with_trash { &[] } else { &["trash"] };
    [CAPABILITIES.list.never_listed, trash].concat()
}

/// One page in an order for screens. A ticket that changes meanwhile may be passed over or shown twice.
pub(super) async fn page(
    up: &Upstream,
    query: &TicketQuery,
    options: &Options,
) -> Result<Page<Ticket>> {
    if query.include_deleted {
        let message = "deleted tickets are listed in the order modified_at only";
        return Err(ProviderError::new(Kind::Unsupported, message));
    }
    let order = match query.order {
        Order::ModifiedAt => ("LastUpdated", false),
        Order::ModifiedAtDescending => ("LastUpdated", true),
        Order::CreatedAt => ("Created", false),
        Order::CreatedAtDescending => ("Created", true),
        Order::DueAt => return Err(ProviderError::unsupported("an order by due_at")),
    };
    let mut conditions: Vec<_> = condition(&query.filter, options).into_iter().collect();
    if conditions.is_empty() {
        return Ok(end(Vec::new(), None));
    }
    if let Some(since) = query.filter.modified_since {
        conditions.push(Sql::second("LastUpdated", ">=", since.as_second()));
    }
    if let Some(Cursor(cursor)) = &query.at {
        let place = Place::read(cursor).ok_or_else(|| ProviderError::malformed("a cursor"))?;
        conditions.push(place.behind(order.0, order.1));
    }
    let size = query.size.min(MAX_PAGE);
    let Answer {
        rows,
        has_more,
        now,
    } = rows(up, Sql::all(conditions), order, size, options).await?;
    let last = rows.last().map(|row| row.place);
    let mut objects: Vec<_> = rows.into_iter().filter_map(|row| row.found).collect();
    if query.with_description {
        texts::describe(up, &mut objects).await?;
    }
    match last {
        Some(last) if has_more => Ok(Page {
            objects,
            then: Then::More(Cursor(last.text())),
        }),
        _ => Ok(end(objects, now)),
    }
}

/// The last page.
fn end(objects: Vec<Found<Ticket>>, now: Option<i64>) -> Page<Ticket> {
    let to = now.and_then(|now| jiff::Timestamp::from_second(now).ok());
    let end = End {
        to,
        not_listed: not_listed(false),
        sync: None,
    };
    Page {
        objects,
        then: Then::End(end),
    }
}

/// Reads a ticket, without its description.
pub(super) async fn one(up: &Upstream, id: u64, options: &Options) -> Result<Found<Ticket>> {
    let reply = up.send(searches::find_ticket(id)).await?;
    let wire::Collection { items, .. } = read(&reply)?;
    let Some(raw) = items.into_iter().next() else {
        return Err(ProviderError::not_found("the ticket"));
    };
    let wire: wire::Ticket<'_> = read_object(raw)?;
    Ok(Found {
        object: translate::ticket(wire, options),
        raw: up.raw(raw),
    })
}

/// A ticket that is there and not deleted, and those that were merged into it.
pub(super) async fn with_merged(up: &Upstream, id: u64) -> Result<Vec<u64>> {
    let mut ids: Vec<u64> = Vec::new();
    loop {
        let after = ids.last().copied().unwrap_or_default();
        let reply = up.send(searches::list_merged(id, after)).await?;
        let listed: wire::Collection<'_> = read(&reply)?;
        let has_more = listed.has_more(MAX_PAGE);
        for raw in listed.items {
            let wire: wire::Ticket<'_> = read_object(raw)?;
            ids.push(wire.id.0);
        }
        if !has_more || ids.last().is_none_or(|last| *last <= after) {
            break;
        }
    }
    if !ids.contains(&id) {
        return Err(ProviderError::not_found("the ticket"));
    }
    Ok(ids)
}

/// Whether a ticket is there and not deleted.
pub(super) async fn exists(up: &Upstream, id: u64) -> Result<()> {
    one(up, id, &Options::of(up)).await.map(drop)
}
