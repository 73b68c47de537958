//! Search: `GET /search/tickets`, and the same for contacts and companies
//! (Freshdesk reference, section 5).

use serde_json::Value;

use super::companies;
use super::contacts;
use super::query::Query;
use super::records::Ticket;
use super::records_people::{Company, Contact};
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::search_grammar::{Cell, Expression, Kind, parse};
use super::ticket_json::{Shape, TicketJson};
use super::world::World;

/// Results on a page.
const PAGE_SIZE: u64 = 30;

/// The last page, so 300 results can be had.
const LAST_PAGE: u64 = 10;

/// The longest query.
const LONGEST: usize = 512;

/// `GET /search/tickets`: as the index knows the tickets, newest first. The trash is left out
/// even before the index learns of it.
pub(super) fn tickets(world: &mut World, ask: &mut Ask) -> Answer {
    let takes_per_page = world.switches.search_takes_per_page;
    let expression = read(&ask.query, takes_per_page, |name| ticket_kind(world, name))?;
    let (skip, take) = window(&ask.query)?;
    let indexed = world.indexed().values().rev();
    let found: Vec<u64> = indexed
        .filter(|ticket| expression.fits(&|name| ticket_cell(ticket, name)))
        .map(|ticket| ticket.id)
        .collect();
    let live: Vec<&Ticket> = found
        .iter()
        .filter_map(|id| world.tickets.get(id))
        .filter(|ticket| ticket.is_listable())
        .collect();
    let page = live.iter().skip(skip).take(take);
    let results: Vec<TicketJson<'_>> = page
        .map(|ticket| TicketJson::new(world, ticket, Shape::Search, &ask.base))
        .collect();
    Ok(Reply::ok(&Results {
        total: live.len(),
        results,
    }))
}

/// `GET /search/contacts`: neither deleted nor blocked ones.
pub(super) fn contacts(world: &mut World, ask: &mut Ask) -> Answer {
    let expression = read(&ask.query, false, contact_kind)?;
    let (skip, take) = window(&ask.query)?;
    let live = world
        .contacts
        .values()
        .filter(|contact| !contact.deleted && !contact.blocked);
    let found: Vec<&Contact> = live
        .filter(|contact| expression.fits(&|name| contact_cell(contact, name)))
        .collect();
    let page = found.iter().skip(skip).take(take);
    let results: Vec<Value> = page.map(|contact| contacts::list_json(contact)).collect();
    Ok(Reply::ok(&Results {
        total: found.len(),
        results,
    }))
}

/// `GET /search/companies`
pub(super) fn companies(world: &mut World, ask: &mut Ask) -> Answer {
    let expression = read(&ask.query, false, company_kind)?;
    let (skip, take) = window(&ask.query)?;
    let all = world.companies.values();
    let found: Vec<&Company> = all
        .filter(|company| expression.fits(&|name| company_cell(company, name)))
        .collect();
    let page = found.iter().skip(skip).take(take);
    let results: Vec<Value> = page.map(|company| companies::json(company)).collect();
    Ok(Reply::ok(&Results {
        total: found.len(),
        results,
    }))
}

/// The envelope; `total` counts all, not only what can be had.
#[derive(serde::Serialize)]
struct Results<T> {
    /// How many there are.
    total: usize,
    /// The page.
    results: Vec<T>,
}

/// Reads the query: in double quotes, at most 512 characters, known fields, fitting values.
fn read(
    query: &Query,
    takes_per_page: bool,
    kind_of: impl Fn(&str) -> Option<Kind>,
) -> Result<Expression, Reply> {
    query.only(if takes_per_page {
        &["query", "page", "per_page"]
    } else {
        &["query", "page"]
    })?;
    let refuse = |code, message: &str| Reply::invalid([FieldError::new("query", code, message)]);
    let text = query
        .get("query")
        .ok_or_else(|| refuse("missing_field", "It should be a/an String"))?;
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .ok_or_else(|| {
            refuse(
                "invalid_value",
                "Given query is invalid: it should be in double quotes",
            )
        })?;
    if inner.chars().count() > LONGEST {
        return Err(refuse(
            "invalid_value",
            "It can have a maximum of 512 characters",
        ));
    }
    let expression =
        parse(inner).ok_or_else(|| refuse("invalid_value", "Given query is invalid"))?;
    let mut errors = Vec::new();
    for condition in expression.conditions() {
        match kind_of(&condition.field) {
            None => errors.push(FieldError::unexpected(&condition.field)),
            Some(kind) if !condition.suits(kind) => {
                let message = "The value does not fit the type of the field";
                errors.push(FieldError::new(
                    &condition.field,
                    "datatype_mismatch",
                    message,
                ));
            }
            Some(_) => {}
        }
    }
    if errors.is_empty() {
        return Ok(expression);
    }
    Err(Reply::invalid(errors))
}

/// How many results to skip, and how many to give.
fn window(query: &Query) -> Result<(usize, usize), Reply> {
    let number = query.positive("page")?.unwrap_or(1);
    if number > LAST_PAGE {
        let message = format!("It should be a Positive Integer less than or equal to {LAST_PAGE}");
        return Err(Reply::invalid([FieldError::new(
            "page",
            "invalid_value",
            message,
        )]));
    }
    let size = query.positive("per_page")?.unwrap_or(PAGE_SIZE).min(100);
    let wide = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok((wide((number - 1) * size), wide(size)))
}

/// What a field of tickets holds; requester, company and texts cannot be searched.
fn ticket_kind(world: &World, name: &str) -> Option<Kind> {
    match name {
        "agent_id" | "group_id" | "priority" | "status" => Some(Kind::Whole),
        "tag" | "type" => Some(Kind::Text),
        "due_by" | "fr_due_by" | "created_at" | "updated_at" => Some(Kind::Date),
        custom => {
            let field = world.fields.iter().find(|field| field.name == custom)?;
            match field.kind.as_str() {
                "custom_text" | "custom_dropdown" => Some(Kind::Text),
                "custom_number" => Some(Kind::Whole),
                "custom_checkbox" => Some(Kind::Truth),
                "custom_date" => Some(Kind::Date),
                _ => None,
            }
        }
    }
}

/// A ticket's value of a field.
fn ticket_cell<'a>(ticket: &'a Ticket, name: &str) -> Cell<'a> {
    let moment = |moment: Option<jiff::Timestamp>| moment.map_or(Cell::Null, Cell::Moment);
    match name {
        "agent_id" => number(ticket.responder_id),
        "group_id" => number(ticket.group_id),
        "priority" => number(Some(ticket.priority)),
        "status" => number(Some(ticket.status)),
        "tag" => Cell::Texts(&ticket.tags),
        "type" => text(ticket.kind.as_deref()),
        "due_by" => moment(ticket.due_by),
        "fr_due_by" => moment(ticket.fr_due_by),
        "created_at" => Cell::Moment(ticket.created_at),
        "updated_at" => Cell::Moment(ticket.updated_at),
        custom => match ticket.custom_fields.get(custom) {
            Some(Value::Bool(truth)) => Cell::Truth(*truth),
            Some(Value::Number(number)) => number.as_i64().map_or(Cell::Null, Cell::Whole),
            Some(Value::String(text)) if super::times::read_date(text).is_some() => Cell::Day(text),
            Some(Value::String(text)) => Cell::Text(text),
            _ => Cell::Null,
        },
    }
}

/// What a field of contacts holds. The list is the documentation's, from memory of its clients:
/// the reference names only the scheme.
fn contact_kind(name: &str) -> Option<Kind> {
    match name {
        "active" => Some(Kind::Truth),
        "company_id" => Some(Kind::Whole),
        "email" | "language" | "mobile" | "phone" | "tag" | "time_zone" | "twitter_id" => {
            Some(Kind::Text)
        }
        "created_at" | "updated_at" => Some(Kind::Date),
        _ => None,
    }
}

/// A contact's value of a field.
fn contact_cell<'a>(contact: &'a Contact, name: &str) -> Cell<'a> {
    match name {
        "active" => Cell::Truth(contact.active),
        "company_id" => number(contact.company_id),
        "email" => text(contact.email.as_deref()),
        "language" => Cell::Text(&contact.language),
        "mobile" => text(contact.mobile.as_deref()),
        "phone" => text(contact.phone.as_deref()),
        "tag" => Cell::Texts(&contact.tags),
        "time_zone" => Cell::Text(&contact.time_zone),
        "twitter_id" => text(contact.twitter_id.as_deref()),
        "created_at" => Cell::Moment(contact.created_at),
        "updated_at" => Cell::Moment(contact.updated_at),
        _ => Cell::Null,
    }
}

/// What a field of companies holds.
fn company_kind(name: &str) -> Option<Kind> {
    match name {
        "domain" => Some(Kind::Text),
        "created_at" | "updated_at" => Some(Kind::Date),
        _ => None,
    }
}

/// A company's value of a field.
fn company_cell<'a>(company: &'a Company, name: &str) -> Cell<'a> {
    match name {
        "domain" => Cell::Texts(&company.domains),
        "created_at" => Cell::Moment(company.created_at),
        "updated_at" => Cell::Moment(company.updated_at),
        _ => Cell::Null,
    }
}

/// A number that may be missing.
fn number<'a>(number: Option<u64>) -> Cell<'a> {
    number
        .and_then(|number| i64::try_from(number).ok())
        .map_or(Cell::Null, Cell::Whole)
}

/// A text that may be missing.
fn text(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, Cell::Text)
}
