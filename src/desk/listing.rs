//! What a client asks of the list of tickets: order, filters, and the lists beside the live one.
//!
//! The parameters travel inside the page token, so a page is of the same list whatever stands beside
//! `page`: a parameter that is left out is the token's, one that differs is refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as ValueError, StrDeserializer};
use url::form_urlencoded;

use crate::error::{Error, Result};
use crate::model::filter::{Filter, Order, Requester};
use crate::model::page::{Cursor, TicketQuery};

/// The parameters of the list of tickets.
pub const PARAMETERS: [&str; 16] = [
    "order_by",
    "modified_since",
    "created_since",
    "created_before",
    "status",
    "priority",
    "requester",
    "assignee",
    "group",
    "company",
    "tag",
    "ticket_type",
    "q",
    "include_deleted",
    "include_spam",
    "include_archived",
];
/// Most characters of all parameters together, for they have to fit into a page token.
const MAX_PARAMETERS: usize = 200;
/// Most words that `q` may have.
const MAX_WORDS: usize = 10;

/// The parameters of a request, by name.
pub type Parameters = BTreeMap<&'static str, String>;

/// The parameters as a page token holds them.
pub(super) fn seal(parameters: &Parameters) -> Result<String> {
    let text = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    if text.len() > MAX_PARAMETERS {
        return Err(Error::BadRequest(format!(
            "the parameters of the list are longer than {MAX_PARAMETERS} characters"
        )));
    }
    Ok(text)
}

/// The parameters of a page token, if what stands beside it does not differ.
///
/// A list of the changes since a walk may leave out the trash and spam, whatever the walk did.
pub(super) fn open(sealed: &str, beside: &Parameters, is_sync: bool) -> Result<Parameters> {
    let mut parameters = Parameters::new();
    for (name, value) in form_urlencoded::parse(sealed.as_bytes()) {
        if let Some(known) = PARAMETERS.into_iter().find(|known| *known == name) {
            parameters.insert(known, value.into_owned());
        }
    }
    if is_sync {
        for name in ["include_deleted", "include_spam"] {
            if let Some(value) = beside.get(name) {
                parameters.insert(name, value.clone());
            }
        }
    }
    match beside
        .iter()
        .find(|(name, value)| parameters.get(*name) != Some(*value))
    {
        None => Ok(parameters),
        Some((name, _)) => Err(Error::BadRequest(format!(
            "{name} is another one than this page's: leave it out, or begin anew without page"
        ))),
    }
}

/// What the parameters ask for.
pub(super) fn query(
    parameters: &Parameters,
    at: Option<Cursor>,
    size: u16,
    is_sync: bool,
) -> Result<TicketQuery> {
    let text = |name: &str| {
        parameters
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    };
    let order = match text("order_by") {
        None => Order::default(),
        Some(name) => Order::ALL
            .into_iter()
            .find(|order| order.name() == name)
            .ok_or_else(|| {
                let names = Order::ALL.map(Order::name).join(", ");
                Error::BadRequest(format!("order_by must be one of {names}, not {name:?}"))
            })?,
    };
    let words: Vec<_> = text("q")
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_lowercase)
        .collect();
    if words.len() > MAX_WORDS {
        return Err(Error::BadRequest(format!(
            "q has more than {MAX_WORDS} words"
        )));
    }
    let requester = |text: String| {
        if text.contains('@') {
            Requester::Email(text)
        } else {
            Requester::UserId(text)
        }
    };
    let filter = Filter {
        modified_since: time(parameters, "modified_since")?,
        created_since: time(parameters, "created_since")?,
        created_before: time(parameters, "created_before")?,
        status: one_of(parameters, "status")?,
        priority: one_of(parameters, "priority")?,
        requester: text("requester").map(requester),
        assignee: text("assignee"),
        group: text("group"),
        company: text("company"),
        tag: text("tag"),
        ticket_type: text("ticket_type"),
        words,
    };
    Ok(TicketQuery {
        at,
        size,
        order,
        filter,
        include_deleted: flag(parameters, "include_deleted")?.unwrap_or(is_sync),
        include_spam: flag(parameters, "include_spam")?.unwrap_or(is_sync),
        include_archived: flag(parameters, "include_archived")?.unwrap_or(false),
        with_description: true,
        with_requester: true,
    })
}

/// A parameter that is a time, or a day, which begins at midnight UTC.
fn time(parameters: &Parameters, name: &str) -> Result<Option<Timestamp>> {
    let Some(text) = parameters.get(name) else {
        return Ok(None);
    };
    let day = || {
        text.parse::<Date>()
            .ok()?
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    let time = text.parse().ok().or_else(day);
    let wrong = || {
        Error::BadRequest(format!(
            "{name} must be a time such as 2026-11-20T20:00:00Z, not {text:?}"
        ))
    };
    time.map(Some).ok_or_else(wrong)
}

/// A parameter that is one of the values of an enumeration.
fn one_of<T: for<'de> Deserialize<'de>>(parameters: &Parameters, name: &str) -> Result<Option<T>> {
    let Some(text) = parameters.get(name) else {
        return Ok(None);
    };
    let deserializer: StrDeserializer<'_, ValueError> = text.as_str().into_deserializer();
    let value = T::deserialize(deserializer)
        .map_err(|error| Error::BadRequest(format!("{name}: {error}")))?;
    Ok(Some(value))
}

/// A parameter that is true or false.
fn flag(parameters: &Parameters, name: &str) -> Result<Option<bool>> {
    match parameters.get(name).map(String::as_str) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Error::BadRequest(format!("{name} must be true or false"))),
    }
}
