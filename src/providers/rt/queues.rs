//! The queue that a new ticket is made in.

use std::sync::Arc;
use std::time::Duration;

use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::{Fields, number, text};
use crate::provider::upstream::{Upstream, read, read_object};
use crate::providers::rt::credentials::Options;
use crate::providers::rt::{searches, translate, wire};

/// How many pages of queues are looked through for one in which tickets may be made.
const QUEUE_PAGES: u32 = 10;
/// How long the first queue in which tickets may be made is remembered.
const QUEUE_LASTS: Duration = Duration::from_mins(10);

/// A queue that a ticket is made in.
pub(super) struct Queue {
    /// Its number.
    pub(super) id: u64,
    /// Names of the custom fields of its tickets.
    pub(super) fields: Vec<String>,
}

/// The number of a queue that a request names.
pub(super) fn number_of(group: &str) -> Result<u64> {
    number(group).ok_or_else(|| {
        let message =
            format!("group must be an id of a queue, a number such as \"3\", not {group:?}");
        ProviderError::new(Kind::InvalidParameter, message)
    })
}

/// The queue of a new ticket: the group that is asked for, the account's default, or the first one.
pub(super) async fn of_new_ticket(
    up: &Upstream,
    group: Option<&str>,
    options: &Options,
) -> Result<Queue> {
    let asked = match (group, &options.default_queue) {
        (Some(group), _) => number_of(group)?.to_string(),
        (None, Some(default)) => default.clone(),
        (None, None) => first(up).await?,
    };
    let refused = |reason: &str| {
        let message = format!("group: {reason} {asked:?}");
        Err(ProviderError::new(Kind::Invalid, message))
    };
    if !translate::is_name(&asked) {
        return refused("there is no queue");
    }
    let reply = match up.send(translate::get_queue(&asked)).await {
        Ok(reply) => reply,
        Err(error) if error.kind == Kind::NotFound => return refused("there is no queue"),
        Err(error) if error.kind == Kind::Forbidden => {
            return refused("the account's credential does not see the queue");
        }
        Err(error) => return Err(error),
    };
    let queue: wire::Queue<'_> = read(&reply)?;
    if !translate::may_create(&queue) {
        return refused("the account's credential may not make tickets in the queue");
    }
    let name = |field: &Fields<'_>| Some(text(field.get("name"))?.decode().into_owned());
    Ok(Queue {
        id: queue.id.0,
        fields: queue.fields.0.iter().filter_map(name).collect(),
    })
}

/// The number of the first queue in which tickets may be made.
async fn first(up: &Upstream) -> Result<String> {
    const NAME: &str = "first_queue";
    if let Some(kept) = up.kept::<String>(NAME) {
        return Ok(kept.to_string());
    }
    for page in 1..=QUEUE_PAGES {
        let reply = up.send(translate::list_queues(page)).await?;
        let listed: wire::Collection<'_> = read(&reply)?;
        for raw in listed.items {
            let queue: wire::Queue<'_> = read_object(raw)?;
            if translate::may_create(&queue) {
                let id = queue.id.0.to_string();
                up.keep(NAME, Arc::new(id.clone()), QUEUE_LASTS);
                return Ok(id);
            }
        }
        // Where RT does not count, a page has holes for queues that the token may not see, and even an empty one may
        // have a successor.
        let seen = u64::from(page) * u64::from(searches::MAX_PAGE);
        if listed.total.0.is_some_and(|total| total <= seen) {
            break;
        }
    }
    let message = "the account's credential may not make tickets in any queue";
    Err(ProviderError::new(Kind::Forbidden, message))
}
