//! One answer of one of Zendesk's lists of tickets.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::model::page::{Found, TicketQuery};
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::List;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::providers::zendesk::people::People;
use crate::providers::zendesk::statuses::Labels;
use crate::providers::zendesk::{translate, wire};
use crate::transport::call::Call;

/// Which tickets a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Everybody's.
    All,
    /// Those that a person has asked.
    Requester(u64),
    /// Those of an organization.
    Organization(u64),
    /// Those that an agent works on.
    Assignee(u64),
}

impl Source {
    /// Where the list is.
    fn path(self) -> Vec<Cow<'static, str>> {
        let tickets = Cow::from("tickets");
        match self {
            Self::All => vec![tickets],
            Self::Requester(id) => {
                vec![
                    "users".into(),
                    id.to_string().into(),
                    tickets,
                    "requested".into(),
                ]
            }
            Self::Assignee(id) => {
                vec![
                    "users".into(),
                    id.to_string().into(),
                    tickets,
                    "assigned".into(),
                ]
            }
            Self::Organization(id) => vec!["organizations".into(), id.to_string().into(), tickets],
        }
    }
}

/// The rows of one answer.
pub(super) struct Rows {
    /// The tickets in the order that was asked for, each with its time of change in unix time.
    pub(super) tickets: Vec<(i64, Found<Ticket>)>,
    /// Whether there are more behind them.
    pub(super) has_more: bool,
    /// The place behind the last row.
    pub(super) after: Option<String>,
    /// The place before the first row.
    pub(super) before: Option<String>,
    /// A time at the vendor that is not later than its look at the list, in unix time.
    pub(super) seen_at: Option<i64>,
}

/// Asks for one page.
pub(super) async fn ask(
    up: &Upstream,
    query: &TicketQuery,
    labels: &Labels,
    source: Source,
    sort: &'static str,
    from: Option<(&'static str, &str)>,
    size: u16,
) -> Result<Rows> {
    let mut call = Call::get(source.path())
        .query("sort", sort)
        .query("page[size]", size.to_string());
    if let Some((name, cursor)) = from {
        call = call.query(name, cursor.to_owned());
    }
    if query.with_requester {
        call = call.query("include", "users");
    }
    let reply = match up.send(call).await {
        Ok(reply) => reply,
        // There is nobody of that id.
        Err(error) if error.kind == Kind::NotFound && source != Source::All => {
            return Ok(Rows {
                tickets: Vec::new(),
                has_more: false,
                after: None,
                before: None,
                seen_at: None,
            });
        }
        Err(error) => return Err(error),
    };
    let page: wire::TicketPage<'_> = read(&reply)?;
    let meta = page
        .meta
        .ok_or_else(|| ProviderError::malformed("a list without meta"))?;
    let tickets = read_tickets(up, query, labels, page.tickets, page.users).await?;
    Ok(Rows {
        tickets,
        has_more: meta.has_more.is_set(),
        after: meta.after_cursor,
        before: meta.before_cursor,
        seen_at: reply.seen_at(),
    })
}

/// Reads the tickets of an answer.
pub(super) async fn read_tickets(
    up: &Upstream,
    query: &TicketQuery,
    labels: &Labels,
    listed: Vec<&RawValue>,
    users: List<wire::User<'_>>,
) -> Result<Vec<(i64, Found<Ticket>)>> {
    let mut tickets = Vec::with_capacity(listed.len());
    for raw in &listed {
        tickets.push(read_object::<wire::Ticket<'_>>(raw)?);
    }
    let mut people = People::of(users);
    if query.with_requester {
        people.complete(up, &tickets).await?;
    }
    let mut found = Vec::with_capacity(tickets.len());
    let mut last = 0;
    for (wire, raw) in tickets.into_iter().zip(listed) {
        let object = translate::ticket(wire, &people, labels);
        // One whose time cannot be read is taken to be of its neighbour's second.
        let second = object.modified_at.map_or(last, Timestamp::as_second);
        last = second;
        let raw = up.raw(raw);
        found.push((second, Found { object, raw }));
    }
    Ok(found)
}
