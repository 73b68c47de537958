//! Pages of lists.

use serde_json::{Value, json};

use super::cells::{Object, View};
use super::reply::{Answer, Reply};

/// The rows on a page, unless told otherwise.
const ROWS: usize = 20;

/// The most rows on a page: more is cut to that (trap 15).
const MOST_ROWS: usize = 100;

/// What is told of a whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Total {
    /// How many rows there are: the caller may see all that the search found, or RT counts right (tickets).
    Known(usize),
    /// Nothing: `pages` and `total` are null, and `next_page` is missing (trap 13).
    Hidden,
}

/// A row that a search found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// What it found.
    pub(super) object: Object,
    /// Whether the caller may see it. RT drops what the caller may not see after it cut the pages: they have holes,
    /// and one can be empty though more follow.
    pub(super) is_seen: bool,
}

impl Row {
    /// A row that the caller may see: the search itself left out the others.
    pub(super) fn seen(object: Object) -> Self {
        Self {
            object,
            is_seen: true,
        }
    }
}

/// What is told of a list by which only admins are told how much there is.
pub(super) fn total(view: &View<'_>, count: usize) -> Total {
    if view.world.is_super(view.ask.caller) {
        Total::Known(count)
    } else {
        Total::Hidden
    }
}

/// A page of such a list.
pub(super) fn of_counted(view: &View<'_>, rows: &[Row]) -> Answer {
    of(view, rows, total(view, rows.len()))
}

/// A page of what a search found, in order.
pub(super) fn of(view: &View<'_>, rows: &[Row], total: Total) -> Answer {
    let number = |name| {
        let text = view.ask.query.get(name)?;
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<usize>()
            .ok()
            .filter(|number| is_number && *number > 0)
    };
    let per_page = number("per_page").unwrap_or(ROWS).min(MOST_ROWS);
    let page = number("page").unwrap_or(1);
    let start = per_page.saturating_mul(page - 1);
    let shown = rows.iter().skip(start).take(per_page);
    let shown = shown.filter(|row| row.is_seen);
    let items: Vec<Value> = shown
        .map(|row| view.row(row.object))
        .collect::<Result<_, _>>()?;
    let mut body = json!({"count": items.len(), "items": items, "page": page, "per_page": per_page,
        "pages": null, "total": null});
    if let Total::Known(total) = total {
        body["total"] = json!(total);
        // Perl's ceil of nothing is a float (trap 13).
        body["pages"] = json!(0.0);
        if total > 0 {
            let pages = total.div_ceil(per_page);
            body["pages"] = json!(pages);
            let address = |page: usize| {
                let query = view
                    .ask
                    .query
                    .of_page(u64::try_from(page).unwrap_or(u64::MAX));
                json!(format!("{}{}?{query}", view.ask.base, view.ask.path))
            };
            if page < pages {
                body["next_page"] = address(page + 1);
            }
            if page > 1 {
                body["prev_page"] = address(pages.min(page - 1));
            }
        }
    }
    Ok(Reply::ok(&body))
}
