//! Pages of a list.

use serde_json::value::RawValue;

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
    /// Where the next one begins. None at the end.
    pub next: Option<Cursor>,
}

/// A place in a vendor's list, in the vendor's own smallest notation. Never a URL: a client must
/// not be able to hand us one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// What to read of a list.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Where to begin. None for the first page.
    pub at: Option<Cursor>,
    /// How many objects the client would like, 1 to 1000. Advisory.
    pub size: u16,
}
