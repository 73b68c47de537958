//! Both kinds of pages: cursors with `page[…]`, numbers otherwise (Zendesk reference, section 7).

use std::cmp::Ordering;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::query::Query;
use super::reply::Reply;
use super::routes::Ask;
use super::switches::{Backwards, Switches};

/// The last element that numbered pages reach (section 7).
const WALL: usize = 10_000;

/// The most elements of a page, and how many there are unasked.
const LARGEST: usize = 100;

/// How a list is sorted: by a key that no two elements share.
pub(super) struct Order<T, K> {
    /// As it stands in cursors, which are tied to it.
    pub(super) name: String,
    /// Greatest first.
    pub(super) descending: bool,
    /// The key; its last part is the id.
    pub(super) key: fn(&T) -> K,
}

impl<T, K: Ord> Order<T, K> {
    /// Smallest first.
    pub(super) fn ascending(name: &str, key: fn(&T) -> K) -> Self {
        Self {
            name: name.to_owned(),
            descending: false,
            key,
        }
    }

    /// Says which of two comes first.
    fn compare(&self, one: &T, other: &T) -> Ordering {
        self.compare_keys(&(self.key)(one), &(self.key)(other))
    }

    /// Says which of two keys comes first.
    fn compare_keys(&self, one: &K, other: &K) -> Ordering {
        if self.descending {
            other.cmp(one)
        } else {
            one.cmp(other)
        }
    }
}

/// Whether a call asks for pages by cursor: any `page[…]` does (section 7).
pub(super) fn is_by_cursor(query: &Query) -> bool {
    ["page[size]", "page[after]", "page[before]"]
        .iter()
        .any(|name| query.has(name))
}

/// Cuts the asked page out of a list, and gives what stands beside it in the answer. Both kinds of pages are in
/// the given order.
pub(super) fn page<T, K>(
    ask: &Ask,
    switches: &Switches,
    rows: Vec<T>,
    order: &Order<T, K>,
) -> Result<(Vec<T>, Map<String, Value>), Reply>
where
    K: Ord + Serialize + DeserializeOwned,
{
    if is_by_cursor(&ask.query) {
        return by_cursor(ask, switches, rows, order);
    }
    by_number(ask, rows, |one, other| order.compare(one, other))
}

/// Cuts out a numbered page of a list in any order.
pub(super) fn by_number<T>(
    ask: &Ask,
    mut rows: Vec<T>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<(Vec<T>, Map<String, Value>), Reply> {
    let (number, size) = numbered(&ask.query)?;
    let end = number.saturating_mul(size);
    if end > WALL {
        let title = "Pagination requests using Offset Pagination are limited to 10000 records. \
                     Please use Cursor Pagination or refine your request.";
        return Err(Reply::errors(
            StatusCode::BAD_REQUEST,
            "InvalidPaginationDepth",
            title,
        ));
    }
    let count = rows.len();
    if count > end {
        // Only what stands before the page's end needs an order.
        rows.select_nth_unstable_by(end, &compare);
        rows.truncate(end);
    }
    rows.sort_unstable_by(&compare);
    let page: Vec<T> = rows.into_iter().skip(end - size).collect();
    Ok((page, numbers_beside(ask, number, count > end, count)))
}

/// `next_page`, `previous_page` and `count` of a numbered page.
pub(super) fn numbers_beside(
    ask: &Ask,
    number: usize,
    has_more: bool,
    count: usize,
) -> Map<String, Value> {
    let link = |is_there: bool, number: usize| {
        if is_there {
            let page = number.to_string();
            json!(ask.link(&ask.query.with(&[], &[("page", &page)])))
        } else {
            Value::Null
        }
    };
    let mut beside = Map::new();
    beside.insert("next_page".to_owned(), link(has_more, number + 1));
    let previous = link(number > 1, number.saturating_sub(1));
    beside.insert("previous_page".to_owned(), previous);
    beside.insert("count".to_owned(), json!(count));
    beside
}

/// `page` and `per_page`: from 1, by default 100, at most 100 (section 7).
pub(super) fn numbered(query: &Query) -> Result<(usize, usize), Reply> {
    let read = |name: &str, default: usize| match query.get(name).map(str::parse) {
        None => Ok(default),
        Some(Ok(number)) if number > 0 => Ok(number),
        Some(_) => Err(Reply::bad_page(&format!("{name} must be an integer"))),
    };
    Ok((read("page", 1)?, read("per_page", LARGEST)?.min(LARGEST)))
}

/// Cuts out a page by cursor.
fn by_cursor<T, K>(
    ask: &Ask,
    switches: &Switches,
    rows: Vec<T>,
    order: &Order<T, K>,
) -> Result<(Vec<T>, Map<String, Value>), Reply>
where
    K: Ord + Serialize + DeserializeOwned,
{
    let size = size(&ask.query, switches.big_pages_are_capped)?;
    let read = |name: &str| match ask.query.get(name) {
        Some(cursor) => read_cursor::<K>(cursor, &order.name)
            .map(Some)
            .ok_or_else(|| Reply::bad_page(&format!("{name} is not valid"))),
        None => Ok(None),
    };
    let (after, before) = (read("page[after]")?, read("page[before]")?);
    if after.is_some() && before.is_some() {
        return Err(Reply::bad_page(
            "page[after] and page[before] exclude each other",
        ));
    }
    let mut rows = rows;
    let total = rows.len();
    let mut is_further = false;
    rows.retain(|row| {
        let key = (order.key)(row);
        let is_kept = match (&after, &before) {
            (Some(after), _) => order.compare_keys(&key, after) == Ordering::Greater,
            (None, Some(before)) => order.compare_keys(&key, before) == Ordering::Less,
            (None, None) => true,
        };
        is_further |= !is_kept;
        is_kept
    });

    let count = rows.len();
    if before.is_some() {
        // The page just before the cursor, in the same order.
        if count > size {
            rows.select_nth_unstable_by(count - size, |one, other| order.compare(one, other));
            rows.drain(..count - size);
        }
    } else if count > size {
        rows.select_nth_unstable_by(size, |one, other| order.compare(one, other));
        rows.truncate(size);
    }
    rows.sort_unstable_by(|one, other| order.compare(one, other));

    let has_more = match (&before, switches.backwards) {
        (Some(_), Backwards::Forwards) => is_further && total > 0,
        _ => count > size || (switches.exact_pages_have_more && count == size),
    };
    let ends = [rows.first(), rows.last()]
        .map(|row| row.map(|row| write_cursor(&(order.key)(row), &order.name)));
    let [before, after] = ends;
    Ok((
        rows,
        cursors_beside(ask, has_more, before.as_deref(), after.as_deref()),
    ))
}

/// `meta` and `links` of a page by cursor. The cursors and links are there on the first and on the last page
/// too; only beyond the end they are null (section 7).
pub(super) fn cursors_beside(
    ask: &Ask,
    has_more: bool,
    before: Option<&str>,
    after: Option<&str>,
) -> Map<String, Value> {
    let link = |name: &str, cursor: Option<&str>| {
        cursor.map(|cursor| {
            ask.link(
                &ask.query
                    .with(&["page[after]", "page[before]"], &[(name, cursor)]),
            )
        })
    };
    let links = json!({"prev": link("page[before]", before), "next": link("page[after]", after)});
    let meta = json!({"has_more": has_more, "after_cursor": after, "before_cursor": before});
    let mut beside = Map::new();
    beside.insert("meta".to_owned(), meta);
    beside.insert("links".to_owned(), links);
    beside
}

/// `page[size]`: 1 to 100, by default 100; a switch decides about more (section 7).
pub(super) fn size(query: &Query, is_capped: bool) -> Result<usize, Reply> {
    let Some(text) = query.get("page[size]") else {
        return Ok(LARGEST);
    };
    match text.parse::<usize>() {
        Ok(size @ 1..=LARGEST) => Ok(size),
        Ok(1..) if is_capped => Ok(LARGEST),
        _ => Err(Reply::bad_page("page[size] must be between 1 and 100")),
    }
}

/// A cursor: base64 of the order's name and of the key, as opaque as the real one (section 7).
pub(super) fn write_cursor<K: Serialize>(key: &K, order: &str) -> String {
    let key = serde_json::to_vec(key).unwrap_or_default();
    let cursor = json!({"o": order, "v": BASE64_STANDARD.encode(key)});
    BASE64_STANDARD.encode(cursor.to_string())
}

/// The key in a cursor of this order.
pub(super) fn read_cursor<K: DeserializeOwned>(text: &str, order: &str) -> Option<K> {
    let cursor = BASE64_STANDARD.decode(text).ok()?;
    let cursor: Value = serde_json::from_slice(&cursor).ok()?;
    if cursor.get("o")?.as_str()? != order {
        return None;
    }
    let key = BASE64_STANDARD.decode(cursor.get("v")?.as_str()?).ok()?;
    serde_json::from_slice(&key).ok()
}
