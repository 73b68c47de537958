//! What connects a Request Tracker account.

use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use url::Url;

use crate::model::object::Object;
use crate::provider::error::InvalidCredentials;
use crate::provider::upstream::Upstream;
use crate::providers::rt::words::Priorities;
use crate::transport::call::Endpoint;

/// The option that names the queue of tickets without `group`.
const DEFAULT_QUEUE: &str = "default_queue";
/// The option that names the custom field of the tags.
const TAGS_FIELD: &str = "tags_field";
/// The option that gives the priorities other numbers.
const PRIORITIES: &str = "priorities";
/// Longest name of a queue or a field, in characters.
const LONGEST_NAME: usize = 200;

/// The members of the connect request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// Where RT is: `https://rt.example.com`, or with the path below which it is served.
    url: String,
    /// An authentication token of a user (`Settings`, `Auth Tokens`).
    token: String,
    /// Name or id of the queue for tickets without `group`.
    #[serde(default)]
    default_queue: Option<String>,
    /// Name of the custom field for tags, `Tags` unless given.
    #[serde(default)]
    tags_field: Option<String>,
    /// Numbers of the priorities.
    #[serde(default)]
    priorities: Option<Value>,
}

/// What an account asks for beside.
pub(super) struct Options {
    /// The queue of tickets without `group`.
    pub(super) default_queue: Option<String>,
    /// The custom field of the tags.
    pub(super) tags_field: String,
    /// The numbers of the priorities.
    pub(super) priorities: Priorities,
}

impl Options {
    /// Those of the account behind this line.
    pub(super) fn of(up: &Upstream) -> Self {
        let name = |option| up.option(option).as_str().map(str::to_owned);
        let priorities = serde_json::from_value(up.option(PRIORITIES));
        let priorities = priorities.map(|Object(priorities)| priorities);
        Self {
            default_queue: name(DEFAULT_QUEUE),
            tags_field: name(TAGS_FIELD).unwrap_or_else(|| "Tags".into()),
            priorities: priorities.unwrap_or_default(),
        }
    }
}

/// Where and how to call with these credentials.
pub(super) fn connect(credentials: &RawValue) -> Result<Endpoint, InvalidCredentials> {
    let Credentials {
        url,
        token,
        default_queue,
        tags_field,
        priorities,
    } = serde_json::from_str(credentials.get())
        .map_err(|error| InvalidCredentials::from_json(&error))?;
    let invalid = |text: &str| InvalidCredentials(text.to_owned());
    if token.is_empty() || token.len() > 256 || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid(
            "token is not an authentication token of Request Tracker",
        ));
    }
    let mut base = Url::parse(&url).map_err(|_| invalid("url is not a valid address"))?;
    if base.query().is_some() || base.fragment().is_some() || base.cannot_be_a_base() {
        return Err(invalid(
            "url must be where Request Tracker is, without a query: https://rt.example.com",
        ));
    }
    let path = base.path().trim_end_matches('/');
    let path = path.strip_suffix("/REST/2.0").unwrap_or(path);
    base.set_path(&format!("{path}/REST/2.0"));

    let mut options = Map::new();
    for (option, name) in [(DEFAULT_QUEUE, default_queue), (TAGS_FIELD, tags_field)] {
        if let Some(name) = name {
            let is_name = !name.trim().is_empty()
                && name.chars().count() <= LONGEST_NAME
                && !name.chars().any(char::is_control);
            if !is_name {
                return Err(invalid(&format!("{option} must be a name")));
            }
            options.insert(option.into(), name.into());
        }
    }
    if let Some(priorities) = priorities {
        let read: Result<Object<Priorities>, _> = serde_json::from_value(priorities.clone());
        if !read.is_ok_and(|Object(read)| read.are_in_order()) {
            let example = json!({ "low": 0, "normal": 50, "high": 75, "urgent": 100 });
            return Err(invalid(&format!(
                "priorities must be four numbers that rise, such as {example}"
            )));
        }
        options.insert(PRIORITIES.into(), priorities);
    }
    let Ok(mut authorization) = HeaderValue::from_str(&format!("token {token}")) else {
        return Err(invalid(
            "token is not an authentication token of Request Tracker",
        ));
    };
    authorization.set_sensitive(true);
    Ok(Endpoint {
        base,
        headers: HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]),
        secrets: vec![token.into()],
        options,
    })
}
