//! Lists for screens: in other orders than the walk's, by page numbers.
//!
//! Tickets that change meanwhile move between the pages, so such a list may show a ticket twice or
//! pass one over; a walk that must not is ordered by `modified_at`.

use jiff::Timestamp;

use crate::model::page::{Cursor, End, Page, Then, TicketQuery};
use crate::model::ticket::Ticket;
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::Upstream;
use crate::providers::freshdesk::CAPABILITIES;
use crate::providers::freshdesk::statuses::Labels;
use crate::providers::freshdesk::translate::{self, MAX_PAGE};
use crate::providers::freshdesk::walk::List;

/// The last page that may be asked for (section 3).
const WALL: u32 = 300;

/// Reads one page.
pub(super) async fn page(
    up: &Upstream,
    query: &TicketQuery,
    labels: &Labels,
) -> Result<Page<Ticket>> {
    if query.include_deleted || query.include_spam {
        let message = "trashed and spam tickets are listed in the order modified_at only";
        return Err(ProviderError::new(Kind::Unsupported, message));
    }
    // The size belongs to the number: another size would number the pages anew.
    let (number, size) = match &query.at {
        None => (1, query.size.min(MAX_PAGE)),
        Some(cursor) => read(cursor).ok_or_else(|| ProviderError::malformed("a cursor"))?,
    };
    let since = query.filter.modified_since.map_or(0, Timestamp::as_second);
    let call = translate::list_tickets(query, List::Live, since, number, size)?;
    let mut not_listed = [CAPABILITIES.list.never_listed, &["trash", "spam"]].concat();
    let reply = match up.send(call).await {
        Ok(reply) => reply,
        Err(error) if translate::is_unknown_person(&error, query) => {
            return Ok(Page {
                objects: Vec::new(),
                then: Then::End(End {
                    not_listed,
                    ..End::default()
                }),
            });
        }
        Err(error) => return Err(error),
    };
    let objects = up.read_list(&reply, |ticket| translate::ticket(ticket, labels))?;
    let has_more = translate::has_next(&reply);
    if has_more && number < WALL {
        return Ok(Page {
            objects,
            then: Then::More(Cursor(format!("{}/{size}", number + 1))),
        });
    }
    if has_more {
        not_listed.push("page_limit");
    }
    let to = reply.date();
    Ok(Page {
        objects,
        then: Then::End(End {
            to,
            not_listed,
            sync: None,
        }),
    })
}

/// Reads a cursor: the number of a page, and the size of all pages.
fn read(cursor: &Cursor) -> Option<(u32, u16)> {
    let (number, size) = cursor.0.split_once('/')?;
    Some((number.parse().ok()?, size.parse().ok()?))
}
