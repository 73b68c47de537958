//! Use cases on one authorised account.
//!
//! A [`Desk`] is an account opened for one request. Each of its operations asks the `gate` first,
//! then the provider; lists go through [`page_token`]. [`Desks`] opens them, [`accounts`] connects
//! and removes the accounts themselves.

pub mod accounts;
mod gate;
mod opened;
pub mod page_token;

use std::sync::Arc;

use tokio::time::Instant;

use crate::desk::opened::Opened;
use crate::desk::page_token::{PageTokens, Scope};
use crate::error::{Error, Result};
use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::id::{AccountId, CommentId, TicketId};
use crate::model::page::{Found, Page, PageRequest};
use crate::model::ticket::{NewTicket, Ticket, TicketPatch};
use crate::provider::capability::Operation;
use crate::provider::error::ProviderError;
use crate::provider::upstream::Upstream;

pub use crate::desk::opened::Desks;

/// Objects on a page unless the client says otherwise.
pub const DEFAULT_PAGE_SIZE: u16 = 100;
/// Most objects a client may ask for on a page.
pub const MAX_PAGE_SIZE: u16 = 1000;

/// What a client may ask of a list.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    /// A page token, or none for the first page.
    pub page: Option<String>,
    /// How many objects it would like.
    pub page_size: Option<u16>,
}

/// A page as the client gets it: the cursor sealed.
#[derive(Debug)]
pub struct Listed<T> {
    /// What is on it.
    pub objects: Vec<Found<T>>,
    /// The token of the next page.
    pub next_page: Option<String>,
}

/// An account opened for one request, of which the caller may use everything.
pub struct Desk {
    /// The account, its provider and its line.
    opened: Arc<Opened>,
    /// Seals and opens page tokens.
    page_tokens: Arc<PageTokens>,
    /// When the client's patience ends.
    deadline: Instant,
    /// Whether the client wants the help desk's own objects too.
    wants_raw: bool,
}

impl Desk {
    /// The account that is open.
    pub fn account(&self) -> AccountId {
        self.opened.account().id
    }

    /// The help desk's service identifier.
    pub fn service(&self) -> &'static str {
        self.opened.provider().id()
    }

    /// The line for one operation, if this help desk has it.
    fn upstream(&self, operation: Operation) -> Result<Upstream> {
        gate::check_operation(self.opened.provider().capabilities(), operation)?;
        Ok(self
            .opened
            .upstream(operation, self.deadline, self.wants_raw))
    }

    /// Lists tickets, oldest modification first.
    pub async fn list_tickets(&self, request: &ListRequest) -> Result<Listed<Ticket>> {
        let up = self.upstream(Operation::ListTickets)?;
        let scope = Scope::Tickets(self.account());
        let mut page = self.page_tokens.open(&scope, request)?;
        loop {
            let found = self
                .opened
                .provider()
                .list_tickets(&up, page.clone())
                .await?;
            if let Some(listed) = self.listed(&scope, &mut page, found)? {
                return Ok(listed);
            }
        }
    }

    /// Seals a page for the client. An empty page with a successor is never given out, for SDKs
    /// stop on one: then there is none here, and `page` stands at the successor.
    fn listed<T>(
        &self,
        scope: &Scope<'_>,
        page: &mut PageRequest,
        found: Page<T>,
    ) -> Result<Option<Listed<T>>> {
        let Page { objects, next } = found;
        if objects.is_empty() && next.is_some() {
            if Instant::now() >= self.deadline {
                return Err(Error::TimedOut);
            }
            page.at = next;
            return Ok(None);
        }
        let next_page = next
            .map(|cursor| self.page_tokens.seal(scope, page.size, &cursor))
            .transpose()?;
        Ok(Some(Listed { objects, next_page }))
    }

    /// Reads a ticket.
    pub async fn get_ticket(&self, id: &TicketId) -> Result<Found<Ticket>> {
        let up = self.upstream(Operation::GetTicket)?;
        Ok(self.opened.provider().get_ticket(&up, id).await?)
    }

    /// Makes a ticket.
    pub async fn create_ticket(&self, new: NewTicket) -> Result<Found<Ticket>> {
        let up = self.upstream(Operation::CreateTicket)?;
        let capabilities = self.opened.provider().capabilities();
        gate::check_new(&capabilities.create_ticket, &new.intents())?;
        Ok(self.opened.provider().create_ticket(&up, new).await?)
    }

    /// Changes what the patch names.
    pub async fn update_ticket(&self, id: &TicketId, patch: TicketPatch) -> Result<Found<Ticket>> {
        let up = self.upstream(Operation::UpdateTicket)?;
        let capabilities = self.opened.provider().capabilities();
        let fixed = gate::check_patch(&capabilities.update_ticket, &patch.intents())?;
        if !fixed.is_empty() {
            let current = self.get_ticket(id).await?;
            gate::check_ticket_keeps(capabilities, &fixed, &patch, &current.object)?;
        }
        Ok(self.opened.provider().update_ticket(&up, id, patch).await?)
    }

    /// Removes a ticket.
    pub async fn delete_ticket(&self, id: &TicketId) -> Result<()> {
        let up = self.upstream(Operation::DeleteTicket)?;
        Ok(self.opened.provider().delete_ticket(&up, id).await?)
    }

    /// Lists the comments of a ticket, oldest first.
    pub async fn list_comments(
        &self,
        ticket: &TicketId,
        request: &ListRequest,
    ) -> Result<Listed<Comment>> {
        let up = self.upstream(Operation::ListComments)?;
        let scope = Scope::Comments(self.account(), ticket);
        let mut page = self.page_tokens.open(&scope, request)?;
        loop {
            let found = self
                .opened
                .provider()
                .list_comments(&up, ticket, page.clone())
                .await?;
            if let Some(listed) = self.listed(&scope, &mut page, found)? {
                return Ok(listed);
            }
        }
    }

    /// Reads a comment. No help desk has an address for one, so the ticket's list is walked.
    pub async fn get_comment(&self, ticket: &TicketId, id: &CommentId) -> Result<Found<Comment>> {
        let up = self.upstream(Operation::ListComments)?;
        let mut page = PageRequest {
            at: None,
            size: MAX_PAGE_SIZE,
        };
        loop {
            let Page { objects, next } = self
                .opened
                .provider()
                .list_comments(&up, ticket, page.clone())
                .await?;
            if let Some(found) = objects.into_iter().find(|found| found.object.id == *id) {
                return Ok(found);
            }
            if next.is_none() {
                return Err(ProviderError::not_found("the comment").into());
            }
            page.at = next;
        }
    }

    /// Adds a comment.
    pub async fn create_comment(
        &self,
        ticket: &TicketId,
        new: NewComment,
    ) -> Result<Found<Comment>> {
        let up = self.upstream(Operation::CreateComment)?;
        let capabilities = self.opened.provider().capabilities();
        gate::check_new(&capabilities.create_comment, &new.intents())?;
        Ok(self
            .opened
            .provider()
            .create_comment(&up, ticket, new)
            .await?)
    }

    /// Changes what the patch names.
    pub async fn update_comment(
        &self,
        ticket: &TicketId,
        id: &CommentId,
        patch: CommentPatch,
    ) -> Result<Found<Comment>> {
        let up = self.upstream(Operation::UpdateComment)?;
        let capabilities = self.opened.provider().capabilities();
        let fixed = gate::check_patch(&capabilities.update_comment, &patch.intents())?;
        if !fixed.is_empty() {
            let current = self.get_comment(ticket, id).await?;
            gate::check_comment_keeps(capabilities, &fixed, &patch, &current.object)?;
        }
        Ok(self
            .opened
            .provider()
            .update_comment(&up, ticket, id, patch)
            .await?)
    }

    /// Removes a comment.
    pub async fn delete_comment(&self, ticket: &TicketId, id: &CommentId) -> Result<()> {
        let up = self.upstream(Operation::DeleteComment)?;
        Ok(self
            .opened
            .provider()
            .delete_comment(&up, ticket, id)
            .await?)
    }
}
