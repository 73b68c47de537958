//! The contract that every vendor fulfils.
//!
//! Read the [`Provider`] trait first, then [`capability`] for what a vendor declares about itself
//! as data, [`upstream`] for the only way to the network, [`json`] for reading what comes back, and
//! [`error`] for what can go wrong.

pub mod capability;
pub mod error;
pub mod json;
pub mod upstream;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::id::{CommentId, TicketId};
use crate::model::page::{Found, Page, PageRequest, TicketQuery};
use crate::model::ticket::{NewTicket, Ticket, TicketPatch};
use crate::provider::capability::Capabilities;
use crate::provider::error::{InvalidCredentials, Kind, ProviderError};
use crate::provider::upstream::Upstream;
use crate::transport::call::{Call, Endpoint, Reply};

/// What an operation of a help desk yields.
pub type Result<T> = std::result::Result<T, ProviderError>;

/// Whose credential an account holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Login of the credential's owner, usually an e-mail address.
    pub login: Option<String>,
    /// Name of the credential's owner.
    pub name: Option<String>,
}

/// How credentials that expire are exchanged for fresh ones.
pub struct Renewal {
    /// Where.
    pub endpoint: Endpoint,
    /// The call that does it. Not to be repeated blindly: the first answer counts.
    pub call: Call,
}

/// A kind of help desk the gateway can speak to.
///
/// A provider is a stateless translator. It knows the vendor's paths, JSON and manners; it does
/// not know accounts, retries, time or SQL. Its only way to the network is the [`Upstream`] it is
/// handed. There are no default bodies: an operation that a vendor lacks is one explicit line that
/// returns [`ProviderError::unsupported`], and the gate answers before it is reached.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The service identifier stored with an account, such as `freshdesk`.
    fn id(&self) -> &'static str;

    /// What this help desk can do. Constant: may not depend on the account.
    fn capabilities(&self) -> &'static Capabilities;

    /// Says where and how to call with these credentials: the members of the connect request
    /// beside `service` and `name`, as JSON. No I/O.
    ///
    /// Whether that address may be called is not decided here but by the gateway's egress rules.
    fn connect(&self, credentials: &RawValue) -> std::result::Result<Endpoint, InvalidCredentials>;

    /// How these credentials are exchanged when the help desk says that they have expired; none if they are
    /// of a kind that is not. No I/O.
    fn renewal(&self, credentials: &RawValue) -> Option<Renewal>;

    /// The credentials after an exchange: the ones before, with what the reply gave. No I/O.
    fn renewed(&self, credentials: &RawValue, reply: &Reply) -> Result<SecretString>;

    /// Names the failure behind a reply that is not a success. No I/O.
    fn classify(&self, reply: &Reply) -> ProviderError;

    /// Tries the credential with the cheapest call that needs it.
    async fn identify(&self, up: &Upstream) -> Result<Identity>;

    /// Lists tickets. In the default order a walk through all pages obeys the paging law: a ticket
    /// that does not change appears exactly once, one that changes at least once after its change.
    ///
    /// Of the filter the provider applies what [`ListCapabilities`] says; the desk applies the rest.
    ///
    /// [`ListCapabilities`]: crate::provider::capability::ListCapabilities
    async fn list_tickets(&self, up: &Upstream, query: TicketQuery) -> Result<Page<Ticket>>;

    /// Reads a ticket. A trashed one is not found.
    async fn get_ticket(&self, up: &Upstream, id: &TicketId) -> Result<Found<Ticket>>;

    /// Makes a ticket and says what the help desk has made of it.
    async fn create_ticket(&self, up: &Upstream, new: NewTicket) -> Result<Found<Ticket>>;

    /// Changes what the patch names, and nothing else.
    async fn update_ticket(
        &self,
        up: &Upstream,
        id: &TicketId,
        patch: TicketPatch,
    ) -> Result<Found<Ticket>>;

    /// Removes a ticket, into the trash where there is one.
    async fn delete_ticket(&self, up: &Upstream, id: &TicketId) -> Result<()>;

    /// Lists the comments of a ticket, oldest first. Its description is not one of them.
    async fn list_comments(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        page: PageRequest,
    ) -> Result<Page<Comment>>;

    /// Adds a comment. The answer's `public` is what the help desk has stored; if that is not what
    /// was asked for, the answer is an error.
    async fn create_comment(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        new: NewComment,
    ) -> Result<Found<Comment>>;

    /// Changes a comment of this ticket.
    async fn update_comment(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        id: &CommentId,
        patch: CommentPatch,
    ) -> Result<Found<Comment>>;

    /// Removes a comment of this ticket.
    async fn delete_comment(&self, up: &Upstream, ticket: &TicketId, id: &CommentId) -> Result<()>;
}

/// Refuses to give out another ticket than was asked for.
pub fn confirm_ticket(ticket: &Ticket, asked: &TicketId) -> Result<()> {
    if ticket.id == *asked {
        return Ok(());
    }
    Err(ProviderError::malformed("it is about another ticket"))
}

/// Refuses to call a comment stored as it was asked for when the help desk says otherwise.
pub fn confirm_visibility(comment: &Comment, asked: bool) -> Result<()> {
    if comment.public == asked {
        return Ok(());
    }
    tracing::error!(comment.id = %comment.id, comment.public, "a comment has another visibility than was asked for");
    let stored = if comment.public { "public" } else { "private" };
    let id = &comment.id;
    let message = format!(
        "the help desk does not confirm the visibility that was asked for: it counts {id} as {stored}"
    );
    Err(ProviderError::new(Kind::Malformed, message))
}
