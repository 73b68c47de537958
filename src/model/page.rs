//! Pages of a list.

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::model::filter::{Filter, Order};

/// An object as it was found in the help desk.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The unified object.
    pub object: T,
    /// The help desk's own object, if the request asked for it.
    pub raw: Option<Box<RawValue>>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on this page.
    pub objects: Vec<Found<T>>,
    /// What comes after it.
    pub then: Then,
}

/// What comes after a page.
#[derive(Debug, Clone)]
pub enum Then {
    /// A further page.
    More(Cursor),
    /// Nothing.
    End(End),
}

/// The end of a list.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// Until when changes are in the list, where the help desk tells its time.
    pub to: Option<Timestamp>,
    /// What could not be listed, as reasons.
    pub not_listed: Vec<&'static str>,
    /// Where a later list of the changes since begins, where the order allows one.
    pub sync: Option<Cursor>,
}

/// A place in a vendor's list, in the vendor's own smallest notation. Never a URL: a client must
/// not be able to hand us one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// What to read of the comments of a ticket.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Where to begin. None for the first page.
    pub at: Option<Cursor>,
    /// How many objects the client would like, 1 to 1000.
    pub size: u16,
}

/// What to read of the tickets.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether one further thing is wanted"
)]
pub struct TicketQuery {
    /// Where to begin. None for the first page.
    pub at: Option<Cursor>,
    /// How many objects the client would like, 1 to 1000.
    pub size: u16,
    /// In which order.
    pub order: Order,
    /// Which ones. A provider applies what its help desk can; the desk applies the rest.
    pub filter: Filter,
    /// Whether those in the trash are listed too.
    pub include_deleted: bool,
    /// Whether those held for spam are listed too.
    pub include_spam: bool,
    /// Whether those that the help desk has put into its archive are listed too.
    pub include_archived: bool,
    /// Whether the descriptions are wanted.
    pub with_description: bool,
    /// Whether the requesters' names and addresses are wanted.
    pub with_requester: bool,
}
