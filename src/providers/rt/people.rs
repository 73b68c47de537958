//! People whom a request names by id. RT drops those whom it does not know without a word, or answers 500 after
//! having changed something else, so they are looked up first.

use std::collections::{BTreeMap, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::model::patch::Patch;
use crate::model::person::PersonRef;
use crate::model::text::Text;
use crate::model::ticket::TicketPatch;
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::text;
use crate::provider::upstream::{Upstream, read};
use crate::providers::rt::{translate, wire};

/// How many users are looked up at once.
const AT_ONCE: usize = 4;
/// How many people a request may name by id.
const MOST: usize = 50;

/// The addresses of the people whom a request names, by login.
pub(super) struct People(HashMap<String, String>);

impl People {
    /// How RT is told this person.
    pub(super) fn address<'a>(&'a self, login: &'a str) -> &'a str {
        self.0.get(login).map_or(login, String::as_str)
    }
}

/// Looks up everybody whom a patch names by id, and makes the ids logins.
pub(super) async fn look_up(up: &Upstream, patch: &mut TicketPatch) -> Result<People> {
    let mut named: Vec<(&'static str, &mut String)> = Vec::new();
    if let Patch::Set(assignee) = &mut patch.assignee {
        named.push(("assignee", assignee));
    }
    let lists: [(&'static str, &mut [PersonRef]); 3] = [
        (
            "requester",
            set(&mut patch.requester).map_or(&mut [], std::slice::from_mut),
        ),
        (
            "email_ccs",
            set(&mut patch.email_ccs).map_or(&mut [], Vec::as_mut_slice),
        ),
        (
            "followers",
            set(&mut patch.followers).map_or(&mut [], Vec::as_mut_slice),
        ),
    ];
    for (attribute, list) in lists {
        let ids = list.iter_mut().filter_map(|person| person.user_id.as_mut());
        named.extend(ids.map(|id| (attribute, id)));
    }
    let mut ids: BTreeMap<String, &'static str> = BTreeMap::new();
    for (attribute, id) in &named {
        ids.entry((*id).clone()).or_insert(attribute);
    }
    if ids.len() > MOST {
        let message = format!("more than {MOST} people are named by id");
        return Err(ProviderError::new(Kind::InvalidParameter, message));
    }
    let lookups: Vec<_> = ids
        .into_iter()
        .map(|(id, attribute)| find(up, attribute, id))
        .collect();
    let lookups = stream::iter(lookups).buffered(AT_ONCE);
    let found: HashMap<String, (String, String)> = lookups.try_collect().await?;
    for (_, id) in named {
        if let Some((login, _)) = found.get(id.as_str()) {
            id.clone_from(login);
        }
    }
    Ok(People(found.into_values().collect()))
}

/// The value that a patch sets.
fn set<T>(patch: &mut Patch<T>) -> Option<&mut T> {
    match patch {
        Patch::Set(value) => Some(value),
        Patch::Keep | Patch::Clear => None,
    }
}

/// Finds a user by login or number: what was asked for, the login, and the address or, without one, the login.
async fn find(
    up: &Upstream,
    attribute: &'static str,
    id: String,
) -> Result<(String, (String, String))> {
    let unknown = || {
        let message = format!("{attribute}: there is no user {id:?} in the help desk");
        ProviderError::new(Kind::Invalid, message)
    };
    if !translate::is_name(&id) {
        return Err(unknown());
    }
    let reply = match up.send(translate::get_user(&id)).await {
        Ok(reply) => reply,
        Err(error) if error.kind == Kind::NotFound => return Err(unknown()),
        Err(error) => return Err(error),
    };
    let user: wire::User<'_> = read(&reply)?;
    let login = Text::from_raw(user.name).ok_or_else(|| ProviderError::malformed("a user"))?;
    let login = login.decode().into_owned();
    if login == translate::NOBODY {
        return Err(unknown());
    }
    let address = text(user.email_address).map(|address| address.decode().into_owned());
    let address = address.filter(|address| !address.is_empty());
    let address = address.unwrap_or_else(|| login.clone());
    Ok((id, (login, address)))
}
