//! Help desks as the people in them use them: what happens there behind the gateway's back.
//!
//! The contract (`tests/it/contract`) is written against [`HelpDesk`] alone; a provider's simulator joins
//! it by one implementation here.

pub(crate) mod freshdesk;
pub(crate) mod rt;
pub(crate) mod rt_server;
pub(crate) mod zendesk;

use std::future::Future;
use std::sync::MutexGuard;

use deskgate::clock::Clock;
use deskgate::provider::capability::Capabilities;
use deskgate::providers;
use deskgate::transport::http::Transport;
use http::Uri;
use serde_json::Value;

/// How a help desk begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Tickets that it has, of all kinds.
    pub(crate) tickets: u32,
    /// What its random content comes from.
    pub(crate) seed: u64,
    /// Which of its undocumented behaviours it shows; any number stands for one.
    pub(crate) habit: u8,
}

/// What tickets of a help desk can point at, by the ids that the API shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cast {
    /// The agent whose credential the gateway has.
    pub(crate) me: String,
    /// Another agent.
    pub(crate) agent: String,
    /// A customer and their address.
    pub(crate) customer: (String, String),
    /// A group that both agents are in.
    pub(crate) group: String,
    /// A company that the customer is in.
    pub(crate) company: String,
    /// A type of tickets.
    pub(crate) ticket_type: String,
    /// Custom fields, each with a value that it takes.
    pub(crate) properties: Vec<(String, Value)>,
}

/// A status of the help desk's own.
#[derive(Debug, Clone)]
pub(crate) struct NativeStatus {
    /// Its id in the help desk.
    pub(crate) id: String,
    /// Its name.
    pub(crate) label: String,
    /// The word that the API has for it.
    pub(crate) word: &'static str,
}

/// A ticket as the help desk has it.
#[derive(Debug, Clone)]
pub(crate) struct StoredTicket {
    /// Its id in the help desk.
    pub(crate) id: String,
    /// Whether it is in the trash.
    pub(crate) is_trashed: bool,
    /// Whether it is held for spam.
    pub(crate) is_spam: bool,
}

/// A comment as the help desk has it.
#[derive(Debug, Clone)]
pub(crate) struct StoredComment {
    /// Its id in the help desk.
    pub(crate) id: String,
    /// Whether customers see it.
    pub(crate) is_public: bool,
}

/// A refusal in the vendor's own words, and what a client of ours is told.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// The vendor's status.
    pub(crate) status: u16,
    /// The vendor's body.
    pub(crate) body: &'static str,
    /// Our status.
    pub(crate) told: u16,
    /// Our code.
    pub(crate) code: &'static str,
    /// What our message has in it.
    pub(crate) message: &'static str,
}

/// The right to use a help desk that is one for all tests.
#[derive(Default)]
pub(crate) struct Turn {
    /// Kept until the end.
    _held: Option<MutexGuard<'static, ()>>,
}

/// A help desk. Ids are the help desk's own texts. What it cannot do answers `false` or `None`.
pub(crate) trait HelpDesk: Clone + Send + Sync + 'static {
    /// The service's name in the API.
    const SERVICE: &'static str;
    /// Where it is; nothing listens there.
    const ORIGIN: &'static str;

    /// Whether it is none of ours, and costs so much that fewer random cases are tried on it.
    const IS_REAL: bool = false;

    /// What a test holds while it has one; none where there is none to be had, and the test has nothing to do.
    fn turn() -> Option<Turn> {
        Some(Turn::default())
    }

    /// Starts one.
    fn start(setup: Setup, clock: Clock) -> impl Future<Output = Self> + Send;
    /// The line to it.
    fn transport(&self) -> Transport;
    /// What connects an account.
    fn credentials() -> Value;
    /// Texts of the credentials, and of what is made of them, that nobody may be shown.
    fn secrets() -> Vec<String>;
    /// Who and what is there.
    fn cast(&self) -> impl Future<Output = Cast> + Send;
    /// Its statuses.
    fn statuses(&self) -> impl Future<Output = Vec<NativeStatus>> + Send;
    /// Refusals of a request for one ticket, as the vendor words them.
    fn refusals() -> Vec<Refusal>;
    /// Whether a body of a single ticket is that ticket's, with `name` replaced by odd values: the
    /// attributes of the vendor's ticket, and a ticket that has them.
    fn specimen() -> (Vec<&'static str>, Value);
    /// Wraps a vendor's ticket as the answer to a read of it.
    fn as_answer(ticket: Value) -> Value;

    /// Whether a request is a read of this ticket.
    fn is_read_of(uri: &Uri, id: &str) -> bool {
        let last = uri.path().rsplit('/').next().unwrap_or_default();
        uri.path().contains("ticket") && last.trim_end_matches(".json") == id
    }

    /// Whether a request looks at a list, and not at what belongs to those that it found.
    fn is_look(_: &Uri) -> bool {
        true
    }

    /// A new ticket, last changed this many seconds ago if the help desk can be made to think so.
    fn create(&self, subject: &str, seconds_ago: u32) -> impl Future<Output = String> + Send;
    /// Gives a ticket another subject; not everywhere one that is in the trash.
    fn edit(&self, ticket: &str, subject: &str) -> impl Future<Output = bool> + Send;
    /// Gives a ticket another status of the help desk's own.
    fn set_status(&self, ticket: &str, status: &str) -> impl Future<Output = ()> + Send;
    /// Trashes a ticket, or fetches it back.
    fn trash(&self, ticket: &str, back: bool) -> impl Future<Output = bool> + Send;
    /// Holds a ticket for spam, or lets it go.
    fn mark_spam(&self, ticket: &str, back: bool) -> impl Future<Output = bool> + Send;
    /// All tickets.
    fn tickets(&self) -> impl Future<Output = Vec<StoredTicket>> + Send;

    /// Adds a comment of the connected agent's.
    fn add_comment(
        &self,
        ticket: &str,
        text: &str,
        is_public: bool,
    ) -> impl Future<Output = String> + Send;
    /// Gives a comment another text.
    fn edit_comment(
        &self,
        ticket: &str,
        comment: &str,
        text: &str,
    ) -> impl Future<Output = bool> + Send;
    /// Takes a comment away.
    fn delete_comment(&self, ticket: &str, comment: &str) -> impl Future<Output = bool> + Send;
    /// The comments of a ticket.
    fn comments(&self, ticket: &str) -> impl Future<Output = Vec<StoredComment>> + Send;

    /// What it can do.
    fn capabilities() -> &'static Capabilities {
        let all = providers::all();
        let mine = all.iter().find(|provider| provider.id() == Self::SERVICE);
        mine.unwrap().capabilities()
    }
}
