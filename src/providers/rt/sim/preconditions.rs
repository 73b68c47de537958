//! `ETag` and the headers that depend on it (traps 1 to 4).

use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::reply::Reply;
use super::world::World;

/// What tells versions of a record apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The value of `ETag`: the newest transaction, so a comment or a link from elsewhere changes it too (trap 2).
    etag: String,
    /// When it was changed.
    last_modified: Timestamp,
}

impl Stamp {
    /// That of a record with these transactions; without any its time has to do.
    pub(super) fn of(world: &World, transactions: &[u64], last_modified: Timestamp) -> Self {
        let committed = transactions.iter().rev().find(|id| {
            let transaction = world.transactions.get(id);
            transaction.is_some_and(|one| world.is_committed(one))
        });
        Self {
            etag: committed.map_or_else(|| last_modified.to_string(), u64::to_string),
            last_modified,
        }
    }

    /// That of what the caller may not look into.
    pub(super) fn hidden() -> Self {
        Self {
            etag: Timestamp::UNIX_EPOCH.to_string(),
            last_modified: Timestamp::UNIX_EPOCH,
        }
    }

    /// The headers that tell of it. `Last-Modified` is not an HTTP date (trap 4).
    pub(super) fn headers(&self) -> [(&'static str, String); 2] {
        let Self {
            etag,
            last_modified,
        } = self;
        [
            ("etag", format!("\"{etag}\"")),
            ("last-modified", last_modified.to_string()),
        ]
    }
}

/// Answers instead of the resource where the preconditions of a call do not hold.
pub(super) fn check(
    stamp: Option<&Stamp>,
    method: &Method,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(), Reply> {
    let value = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let fits = |list: &str| {
        let names = |stamp: &Stamp| {
            list.split(',')
                .any(|tag| tag.trim().trim_matches('"') == stamp.etag)
        };
        list.trim() == "*" || stamp.is_some_and(names)
    };
    let failed = || Reply::plain(StatusCode::PRECONDITION_FAILED);
    if value(header::IF_MATCH).is_some_and(|list| !fits(list)) {
        return Err(failed());
    }
    // RT compares its own text with a time and dies of it (trap 4).
    if stamp.is_some() && value(header::IF_UNMODIFIED_SINCE).is_some() {
        return Err(Reply::died());
    }
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if let Some(list) = value(header::IF_NONE_MATCH) {
        if !fits(list) {
            return Ok(());
        }
        if !is_read {
            return Err(failed());
        }
        let mut reply = Reply::not_modified();
        reply
            .headers
            .extend(stamp.iter().flat_map(|stamp| stamp.headers()));
        return Err(reply);
    }
    if let Some(since) = value(header::IF_MODIFIED_SINCE)
        && stamp.is_some()
        && is_read
    {
        // A time to come is ignored.
        let since = rfc2822::parse(since).map(|since| since.timestamp());
        if since.is_ok_and(|since| since > now) {
            return Ok(());
        }
        return Err(Reply::died());
    }
    Ok(())
}
