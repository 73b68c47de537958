//! Pure functions: what the gateway looks for ⇄ RT's searches.

use serde_json::{Value, json};

use crate::providers::rt::sql::Sql;
use crate::providers::rt::words::DELETED;
use crate::transport::call::Call;

/// Most objects on one page (trap 15).
pub(super) const MAX_PAGE: u16 = 100;

/// Finds tickets; never those that are deleted or merged into others. In the order of a column and their id.
pub(super) fn list_tickets(
    condition: Sql,
    (column, direction): (&'static str, &'static str),
    size: u16,
) -> Call {
    Call::get(["tickets".into()])
        .query("query", condition.into_text())
        .query("orderby", column)
        .query("order", direction)
        .query("orderby", "id")
        .query("order", direction)
        .query("per_page", size.to_string())
        .query(
            "fields",
            "Subject,Status,Priority,Queue,Owner,Creator,Requestor,Cc,AdminCc,Due,Created,LastUpdated,CustomFields",
        )
        .query("fields[CustomFields]", "MaxValues")
        .query("fields[Requestor]", "EmailAddress,RealName")
        .query("fields[Cc]", "EmailAddress,RealName")
        .query("fields[AdminCc]", "EmailAddress,RealName")
}

/// Finds the ticket of this number, unless it is deleted.
pub(super) fn find_ticket(id: u64) -> Call {
    list_tickets(Sql::number("id", "=", id), ("id", "ASC"), 1)
}

/// Finds entries in the histories of tickets, ordered by these columns.
pub(super) fn list_transactions(condition: Sql, order: &[&'static str], size: u16) -> Call {
    let is_of_ticket = Sql::text("ObjectType", "=", "RT::Ticket");
    let condition = Sql::all([is_of_ticket, condition]).into_text();
    let call = Call::get(["transactions".into()]).query("query", condition);
    let ordered =
        |call: Call, column: &&'static str| call.query("orderby", *column).query("order", "ASC");
    let call = order.iter().fold(call, ordered);
    call.query("per_page", size.to_string())
        .query("fields", "ObjectId,Type,Creator,Created")
}

/// Which of the comments of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// All.
    All,
    /// Those that the requesters see.
    Public,
    /// Those that they do not see.
    Private,
}

/// Comments of a ticket behind a number. Of tickets that were merged into it the first message is one too.
pub(super) fn list_comments(
    ticket: u64,
    with_merged: &[u64],
    which: Comments,
    after: u64,
    size: u16,
) -> Call {
    let mut kinds = Vec::new();
    if which != Comments::Private {
        kinds.push(Sql::text("Type", "=", "Correspond"));
        if with_merged.len() > 1 {
            let is_first = Sql::text("Type", "=", "Create");
            kinds.push(Sql::all([is_first, Sql::number("TicketId", "!=", ticket)]));
        }
    }
    if which != Comments::Public {
        kinds.push(Sql::text("Type", "=", "Comment"));
    }
    let condition = Sql::all([
        of_tickets(with_merged),
        Sql::any(kinds),
        Sql::number("id", ">", after),
    ]);
    list_transactions(condition, &["id"], size)
}

/// Finds a ticket and those that were merged into it, which keep their histories (facts, 22).
pub(super) fn list_merged(id: u64, after: u64) -> Call {
    let condition = Sql::all([
        Sql::number("EffectiveId", "=", id),
        Sql::number("id", ">", after),
    ]);
    Call::get(["tickets".into()])
        .query("query", condition.into_text())
        .query("orderby", "id")
        .query("order", "ASC")
        .query("per_page", MAX_PAGE.to_string())
}

/// Finds the entries that say that a ticket was deleted. No search finds the ticket itself (trap 9).
pub(super) fn list_deletions(condition: Sql, order: &[&'static str], size: u16) -> Call {
    let is_deletion = Sql::all([
        Sql::text("Type", "=", "Status"),
        Sql::text("NewValue", "=", DELETED),
        condition,
    ]);
    list_transactions(is_deletion, order, size)
}

/// The entry that made each of these tickets.
pub(super) fn list_creations(tickets: &[u64]) -> Call {
    let is_creation = Sql::text("Type", "=", "Create");
    list_transactions(
        Sql::all([is_creation, of_tickets(tickets)]),
        &["id"],
        MAX_PAGE,
    )
}

/// Entries of any of these tickets.
pub(super) fn of_tickets(tickets: &[u64]) -> Sql {
    let of = |id: &u64| Sql::number("TicketId", "=", *id);
    Sql::any(tickets.iter().map(of))
}

/// Finds the parts of the messages of these transactions behind a number, without what is in them.
pub(super) fn list_parts(transactions: &[u64], after: u64) -> Call {
    let conditions = json!([
        { "field": "TransactionId", "operator": "IN", "value": transactions },
        { "field": "id", "operator": ">", "value": after },
    ]);
    list_attachments(
        &conditions,
        "TransactionId,ContentType,Filename,ContentLength",
    )
}

/// Reads what is in these parts, at most a page of them.
pub(super) fn list_contents(parts: &[u64]) -> Call {
    let conditions = json!([{ "field": "id", "operator": "IN", "value": parts }]);
    list_attachments(&conditions, "TransactionId,Content")
}

/// Finds attachments by these conditions, at most one for a column: RT takes several for alternatives.
fn list_attachments(conditions: &Value, fields: &'static str) -> Call {
    Call::get(["attachments".into()])
        .query("query", conditions.to_string())
        .query("orderby", "id")
        .query("order", "ASC")
        .query("per_page", MAX_PAGE.to_string())
        .query("fields", fields)
}
