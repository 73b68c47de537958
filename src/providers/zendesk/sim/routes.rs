//! Which function answers which path, who may call it and what it counts against (Zendesk reference, sections 4
//! to 13).

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::limits::Bucket;
use super::query::Query;
use super::reply::{Answer, Reply};
use super::route_table::{OUTSIDE, ROUTES};
use super::world::World;

/// One call, decoded: what a route's function is given.
#[derive(Debug)]
pub(super) struct Ask {
    /// The variable segments of the path, in order.
    pub(super) params: Vec<String>,
    /// The parameters.
    pub(super) query: Query,
    /// The body as it came.
    pub(super) body: Bytes,
    /// The body as JSON; empty without one.
    pub(super) json: Map<String, Value>,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The origin the caller used.
    pub(super) base: String,
    /// The path, without `.json`.
    pub(super) path: String,
    /// Who calls; 0 is nobody, whom only open routes let in.
    pub(super) caller: u64,
    /// `tickets/create` and the like, for refusals.
    pub(super) place: String,
}

impl Ask {
    /// The first id of the path. Routes take only digits there, so only overflow is left over.
    pub(super) fn id(&self) -> Result<u64, Reply> {
        self.id_at(0)
    }

    /// One of the ids of the path.
    pub(super) fn id_at(&self, place: usize) -> Result<u64, Reply> {
        let id = self.params.get(place).and_then(|text| text.parse().ok());
        id.ok_or_else(Reply::not_found)
    }

    /// The object under the body's root key, without which nothing goes.
    pub(super) fn root(&self, name: &str) -> Result<&Map<String, Value>, Reply> {
        match self.json.get(name) {
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(Reply::wrong_type(name, "an object", &self.place)),
            None => Err(Reply::missing(name)),
        }
    }

    /// The list under the body's root key of a call on many: at most 100 objects (section 9).
    pub(super) fn roots(&self, name: &str) -> Result<Vec<Map<String, Value>>, Reply> {
        let Some(Value::Array(list)) = self.json.get(name) else {
            return Err(Reply::missing(name));
        };
        if list.len() > 100 {
            return Err(Reply::too_many_values());
        }
        let objects: Option<Vec<_>> = list.iter().map(|one| one.as_object().cloned()).collect();
        objects.ok_or_else(|| Reply::wrong_type(name, "a list of objects", &self.place))
    }

    /// The address of an object: links come with `.json` (section 1).
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/api/v2/{path}.json", self.base)
    }

    /// The address of this call with other parameters.
    pub(super) fn link(&self, query: &str) -> String {
        format!("{}{}.json?{query}", self.base, self.path)
    }

    /// What is to be sideloaded; names that nobody knows are ignored (section 4).
    pub(super) fn includes(&self, name: &str) -> bool {
        self.query.list("include").contains(&name)
    }
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Anybody, also without credentials.
    Anyone,
    /// Users, end users too.
    Users,
    /// Agents: most endpoints (section 2).
    Agents,
    /// Admins only.
    Admins,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Route {
    /// The verb.
    method: Method,
    /// The path under the API, or the whole path: `:id` takes digits, `:key` anything.
    pattern: &'static str,
    /// Who may call.
    pub(super) role: Role,
    /// The buckets that it counts against; of a path with ids the per-object ones follow from it.
    bucket: Option<Bucket>,
    /// The body is taken as it comes, whatever its media type.
    pub(super) raw: bool,
    /// What it does.
    pub(super) act: fn(&mut World, &mut Ask) -> Answer,
}

impl Route {
    /// A row for agents, without a bucket.
    pub(super) const fn new(
        method: Method,
        pattern: &'static str,
        act: fn(&mut World, &mut Ask) -> Answer,
    ) -> Self {
        Self {
            method,
            pattern,
            role: Role::Agents,
            bucket: None,
            raw: false,
            act,
        }
    }

    /// The same row for others.
    pub(super) const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The same row with a bucket. The ids of `PerTicket` and `PerUser` are filled in by each call.
    pub(super) const fn bucket(mut self, bucket: Bucket) -> Self {
        self.bucket = Some(bucket);
        self
    }

    /// The same row with a body that is no JSON.
    pub(super) const fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// The buckets of one call.
    pub(super) fn buckets(&self, caller: u64, params: &[String]) -> Vec<Bucket> {
        let id = params.first().and_then(|text| text.parse().ok());
        match (self.bucket, id) {
            (Some(Bucket::TicketsUpdate), Some(id)) => {
                vec![Bucket::TicketsUpdate, Bucket::PerTicket(caller, id)]
            }
            (Some(Bucket::PerUser(_)), Some(id)) => vec![Bucket::PerUser(id)],
            (bucket, _) => bucket.into_iter().collect(),
        }
    }

    /// The scope that a token needs: `read` or `write`, or the same of this resource alone (section 2).
    pub(super) fn scopes(&self) -> (&'static str, String) {
        let plain = if self.method == Method::GET {
            "read"
        } else {
            "write"
        };
        let resource = self.pattern.split('/').next().unwrap_or_default();
        (plain, format!("{resource}:{plain}"))
    }

    /// `tickets/create` and the like, as refusals name a place (section 11).
    fn place(&self) -> String {
        let (mut resource, mut action) = ("", "");
        for (place, segment) in self.pattern.split('/').enumerate() {
            if place == 0 {
                resource = segment;
            } else if !segment.starts_with(':') {
                action = segment;
            }
        }
        if action.is_empty() {
            let is_one = self.pattern.contains(':');
            action = match (self.method.as_str(), is_one) {
                ("GET", true) => "show",
                ("GET", false) => "index",
                ("POST", _) => "create",
                ("PUT", _) => "update",
                _ => "destroy",
            };
        }
        format!("{resource}/{action}")
    }
}

/// What a path leads to.
#[derive(Debug)]
pub(super) struct Found {
    /// The row and the variable segments.
    pub(super) route: &'static Route,
    /// The variable segments of the path, in order.
    pub(super) params: Vec<String>,
    /// `tickets/create` and the like.
    pub(super) place: String,
}

/// Finds the row that fits a path without `.json`. A verb that no row has is an unknown path too.
pub(super) fn find(method: &Method, path: &str) -> Result<Found, Reply> {
    let (table, path) = match path.strip_prefix("/api/v2/") {
        Some(path) => (ROUTES, path),
        None => (OUTSIDE, path.trim_start_matches('/')),
    };
    let mut of_wrong_id = None;
    for route in table.iter().filter(|route| route.method == *method) {
        match fit(route.pattern, path) {
            Fit::Yes(params) => {
                return Ok(Found {
                    route,
                    params,
                    place: route.place(),
                });
            }
            Fit::WrongId if of_wrong_id.is_none() => of_wrong_id = Some(route.place()),
            Fit::WrongId | Fit::No => {}
        }
    }
    match of_wrong_id {
        Some(place) => Err(Reply::wrong_type("id", "an integer", &place)),
        None => Err(Reply::no_endpoint()),
    }
}

/// Whether a path fits a pattern.
enum Fit {
    /// It does, with these variable segments.
    Yes(Vec<String>),
    /// It would, but for letters where an id belongs.
    WrongId,
    /// It does not.
    No,
}

/// Compares a path with a pattern.
fn fit(pattern: &str, path: &str) -> Fit {
    let mut params = Vec::new();
    let mut is_wrong_id = false;
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let Some(segment) = segments.next() else {
            return Fit::No;
        };
        match expected {
            ":id" => {
                let is_number = segment.bytes().all(|byte| byte.is_ascii_digit());
                is_wrong_id |= segment.is_empty() || !is_number;
                params.push(segment.to_owned());
            }
            ":key" => params.push(segment.to_owned()),
            _ if expected == segment => {}
            _ => return Fit::No,
        }
    }
    if segments.next().is_some() {
        return Fit::No;
    }
    if is_wrong_id {
        return Fit::WrongId;
    }
    Fit::Yes(params)
}
