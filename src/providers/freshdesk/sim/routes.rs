//! Which function answers which path, what it costs and what it counts against
//! (Freshdesk reference, sections 2, 4.1, 6 and 8 to 11).

use http::Method;

use super::form::Form;
use super::limits::Class;
use super::query::Query;
use super::reply::{Answer, Reply};
use super::serve::UNROUTED;
use super::world::World;
use super::{
    agents, attachments, bulk, companies, contact_fields, contacts, contacts_write, conversations,
    conversations_write, fields, groups, merge, ratings, search, tickets, tickets_list,
    tickets_write, time_entries,
};

/// One call, decoded: what a route's function is given.
#[derive(Debug)]
pub(super) struct Ask {
    /// The verb.
    pub(super) method: Method,
    /// The variable segments of the path, in order.
    pub(super) params: Vec<String>,
    /// The parameters.
    pub(super) query: Query,
    /// The body.
    pub(super) form: Form,
    /// The origin the caller used.
    pub(super) base: String,
    /// The path, as received.
    pub(super) path: String,
    /// This call's id.
    pub(super) request_id: String,
    /// The number of this call.
    pub(super) turn: u64,
}

impl Ask {
    /// The first id of the path. Routes take only digits there, so only overflow is left over.
    pub(super) fn id(&self) -> Result<u64, Reply> {
        let id = self.params.first().and_then(|text| text.parse().ok());
        id.ok_or_else(Reply::not_found)
    }

    /// An address under the API.
    pub(super) fn location(&self, path: &str) -> String {
        format!("{}/api/v2/{path}", self.base)
    }

    /// Answers a page of a list, with the `Link` header where there is more (section 3).
    pub(super) fn paged<T: serde::Serialize>(
        &self,
        world: &World,
        elements: &[T],
        next: Option<usize>,
    ) -> Reply {
        let mut reply = Reply::ok(elements);
        if let Some(next) = next {
            let address = format!("{}{}", self.base, self.path);
            let link = self.query.link(&address, next, world.switches.link_blanks);
            reply.headers.push(("link", link));
        }
        reply
    }
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Route {
    /// The verb.
    method: Method,
    /// The path under the API: `:id` takes digits, `:key` anything.
    pattern: &'static str,
    /// What it counts against.
    class: Class,
    /// What each include costs on top: one on a view, two on a list (section 2).
    include_cost: u32,
    /// Whether a body is expected at all.
    pub(super) takes_body: bool,
    /// What it does.
    pub(super) act: fn(&mut World, &mut Ask) -> Answer,
}

impl Route {
    /// A row without a limit of its own.
    const fn new(
        method: Method,
        pattern: &'static str,
        act: fn(&mut World, &mut Ask) -> Answer,
    ) -> Self {
        let takes_body = !matches!(method, Method::GET | Method::DELETE);
        Self {
            method,
            pattern,
            class: Class::Other,
            include_cost: 0,
            takes_body,
            act,
        }
    }

    /// The same row with a window of its own.
    const fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// The same row with a price for each include.
    const fn include_cost(mut self, cost: u32) -> Self {
        self.include_cost = cost;
        self
    }

    /// The same row without a body.
    const fn bodiless(mut self) -> Self {
        self.takes_body = false;
        self
    }
}

/// The API. Of two rows that fit, the first counts.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    Route::new(Method::GET, "tickets", tickets_list::list).class(Class::TicketList).include_cost(2),
    Route::new(Method::POST, "tickets", tickets_write::create).class(Class::TicketCreate),
    Route::new(Method::POST, "tickets/outbound_email", tickets_write::outbound).class(Class::TicketCreate),
    Route::new(Method::POST, "tickets/bulk_update", bulk::update),
    Route::new(Method::POST, "tickets/bulk_delete", bulk::delete),
    Route::new(Method::PUT, "tickets/merge", merge::tickets),
    Route::new(Method::GET, "tickets/:id", tickets::view).class(Class::TicketReads).include_cost(1),
    Route::new(Method::PUT, "tickets/:id", tickets_write::update).class(Class::TicketUpdate),
    // PATCH is not documented, but answers 200 (section 1).
    Route::new(Method::PATCH, "tickets/:id", tickets_write::update).class(Class::TicketUpdate),
    Route::new(Method::DELETE, "tickets/:id", tickets::delete),
    Route::new(Method::PUT, "tickets/:id/restore", tickets::restore).bodiless(),
    Route::new(Method::GET, "tickets/:id/watchers", tickets::watchers),
    Route::new(Method::POST, "tickets/:id/watch", tickets::watch),
    Route::new(Method::PUT, "tickets/:id/unwatch", tickets::unwatch),
    Route::new(Method::GET, "tickets/:id/conversations", conversations::list).class(Class::TicketReads),
    Route::new(Method::POST, "tickets/:id/reply", conversations_write::reply),
    Route::new(Method::POST, "tickets/:id/notes", conversations_write::note),
    Route::new(Method::POST, "tickets/:id/forward", conversations_write::forward),
    Route::new(Method::GET, "tickets/:id/time_entries", time_entries::of_ticket).class(Class::TicketReads),
    Route::new(Method::POST, "tickets/:id/time_entries", time_entries::create),
    Route::new(Method::GET, "tickets/:id/satisfaction_ratings", ratings::of_ticket),
    Route::new(Method::POST, "tickets/:id/satisfaction_ratings", ratings::create),
    Route::new(Method::PUT, "conversations/:id", conversations_write::edit),
    Route::new(Method::DELETE, "conversations/:id", conversations_write::delete),
    Route::new(Method::DELETE, "attachments/:id", attachments::delete),
    Route::new(Method::GET, "search/tickets", search::tickets),
    Route::new(Method::GET, "search/contacts", search::contacts),
    Route::new(Method::GET, "search/companies", search::companies),
    Route::new(Method::GET, "ticket_fields", fields::list),
    Route::new(Method::GET, "contact_fields", contact_fields::list),
    Route::new(Method::GET, "contacts", contacts::list).class(Class::ContactList),
    Route::new(Method::POST, "contacts", contacts_write::create),
    Route::new(Method::GET, "contacts/autocomplete", contacts::autocomplete),
    Route::new(Method::POST, "contacts/merge", merge::contacts),
    Route::new(Method::GET, "contacts/:id", contacts::view),
    Route::new(Method::PUT, "contacts/:id", contacts_write::update),
    Route::new(Method::DELETE, "contacts/:id", contacts::delete),
    Route::new(Method::PUT, "contacts/:id/restore", contacts::restore).bodiless(),
    Route::new(Method::DELETE, "contacts/:id/hard_delete", contacts::hard_delete),
    Route::new(Method::PUT, "contacts/:id/make_agent", agents::make),
    Route::new(Method::GET, "companies", companies::list),
    Route::new(Method::POST, "companies", companies::create),
    Route::new(Method::GET, "companies/autocomplete", companies::autocomplete),
    Route::new(Method::GET, "companies/:id", companies::view),
    Route::new(Method::PUT, "companies/:id", companies::update),
    Route::new(Method::DELETE, "companies/:id", companies::delete),
    Route::new(Method::GET, "agents", agents::list),
    Route::new(Method::GET, "agents/me", agents::me),
    Route::new(Method::GET, "agents/autocomplete", agents::autocomplete),
    Route::new(Method::GET, "agents/:id", agents::view),
    Route::new(Method::PUT, "agents/:id", agents::update),
    Route::new(Method::DELETE, "agents/:id", agents::delete),
    Route::new(Method::GET, "groups", groups::list),
    Route::new(Method::GET, "groups/:id", groups::view),
    Route::new(Method::GET, "roles", groups::roles),
    Route::new(Method::GET, "roles/:id", groups::role),
    Route::new(Method::GET, "time_entries", time_entries::list),
    Route::new(Method::PUT, "time_entries/:id", time_entries::update),
    Route::new(Method::DELETE, "time_entries/:id", time_entries::delete),
    Route::new(Method::PUT, "time_entries/:id/toggle_timer", time_entries::toggle),
    Route::new(Method::GET, "surveys/satisfaction_ratings", ratings::list),
    Route::new(Method::GET, "jobs/:key", bulk::job),
];

/// The rows that fit a path.
#[derive(Debug)]
pub(super) struct Found {
    /// The row of the asked verb and the variable segments.
    hit: Option<(&'static Route, Vec<String>)>,
    /// The verbs of all rows that fit.
    allowed: Vec<&'static str>,
}

impl Found {
    /// What the call counts against, and what it costs.
    pub(super) fn cost(&self, query: &Query) -> (Class, u32) {
        self.hit.as_ref().map_or(UNROUTED, |(route, _)| {
            (route.class, 1 + route.include_cost * query.include_count())
        })
    }

    /// The row, or 405 for a wrong verb, or the blank 404.
    pub(super) fn route(self, method: &Method) -> Result<(&'static Route, Vec<String>), Reply> {
        if let Some(hit) = self.hit {
            return Ok(hit);
        }
        if self.allowed.is_empty() {
            return Err(Reply::not_found());
        }
        Err(Reply::not_allowed(method, &self.allowed.join(", ")))
    }
}

/// Finds the rows that fit a path.
pub(super) fn find(method: &Method, path: &str) -> Found {
    let path = path.strip_prefix("/api/v2/").unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut found = Found {
        hit: None,
        allowed: Vec::new(),
    };
    for route in ROUTES {
        let Some(params) = fit(route.pattern, path) else {
            continue;
        };
        found.allowed.push(route.method.as_str());
        if route.method == *method && found.hit.is_none() {
            found.hit = Some((route, params));
        }
    }
    found
}

/// The variable segments of a path that fits a pattern.
fn fit(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        let is_number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        match expected {
            ":id" if is_number => params.push(segment.to_owned()),
            ":key" => params.push(segment.to_owned()),
            _ if expected == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(params)
}
