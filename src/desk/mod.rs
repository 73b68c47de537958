//! Use cases on one authorised account.
//!
//! A [`Desk`] is an account opened for one request. Each of its operations asks the `gate` first,
//! then the provider; lists go through [`page_token`]. [`Desks`] opens them, [`accounts`] connects
//! and removes the accounts themselves.

pub mod accounts;
mod gate;
pub mod listing;
mod opened;
pub mod page_token;
mod renewal;
mod turns;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::desk::listing::Parameters;
use crate::desk::opened::Opened;
use crate::desk::page_token::{PageTokens, Place, Scope};
use crate::desk::renewal::Renewer;
use crate::desk::turns::Turn;
use crate::error::{Error, Result};
use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::id::{AccountId, CommentId, TicketId};
use crate::model::page::{Found, Page, PageRequest, Then};
use crate::model::ticket::{NewTicket, Ticket, TicketPatch};
use crate::provider::capability::Operation;
use crate::provider::error::ProviderError;
use crate::provider::upstream::Upstream;

pub use crate::desk::opened::Desks;
pub use crate::provider::upstream::Terms;

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
    /// The parameters of the list of tickets.
    pub parameters: Parameters,
    /// Whether the descriptions are not wanted.
    pub without_description: bool,
    /// Whether the requesters' names and addresses are not wanted.
    pub without_requester: bool,
}

/// A page as the client gets it: the cursor sealed.
#[derive(Debug)]
pub struct Listed<T> {
    /// What is on it.
    pub objects: Vec<Found<T>>,
    /// The token of the next page.
    pub next_page: Option<String>,
    /// What the whole list held; on the last page of tickets only.
    pub end: Option<ListEnd>,
}

/// The end of a list of tickets.
#[derive(Debug)]
pub struct ListEnd {
    /// Since when changes are in the list; none for all.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Option<Timestamp>,
    /// What could not be listed.
    pub not_listed: Vec<&'static str>,
    /// Where a later list of the changes since begins.
    pub sync_token: Option<String>,
}

/// An account opened for one request, of which the caller may use everything.
pub struct Desk {
    /// Where it was opened.
    desks: Desks,
    /// The account, its provider and its line.
    opened: Arc<Opened>,
    /// Seals and opens page tokens.
    page_tokens: Arc<PageTokens>,
    /// The terms of the request.
    terms: Terms,
}

impl Desk {
    /// The account that is open.
    pub fn account(&self) -> AccountId {
        self.opened.account().id
    }

    /// The line for one operation, if this help desk has it.
    fn upstream(&self, operation: Operation) -> Result<Upstream> {
        let capabilities = self.opened.provider().capabilities();
        gate::check_operation(capabilities, operation, self.opened.line())?;
        let up = self.opened.upstream(operation, self.terms.clone());
        if !self.opened.expires() {
            return Ok(up);
        }
        Ok(up.renewing(Arc::new(Renewer {
            desks: self.desks.clone(),
            opened: Arc::clone(&self.opened),
        })))
    }

    /// Lists tickets.
    pub async fn list_tickets(&self, request: &ListRequest) -> Result<Listed<Ticket>> {
        let up = self.upstream(Operation::ListTickets)?;
        let capabilities = self.opened.provider().capabilities();
        let scope = Scope::Tickets(self.account());
        let Place {
            size,
            is_sync,
            parameters,
            at,
        } = self.page_tokens.open(&scope, request)?;
        let parameters = match &at {
            None => request.parameters.clone(),
            Some(_) => listing::open(&parameters, &request.parameters, is_sync)?,
        };
        let sealed = listing::seal(&parameters)?;
        let mut query = listing::query(&parameters, at, size, is_sync)?;
        gate::check_order(capabilities, query.order)?;
        gate::check_archive(capabilities, &query)?;
        let mut filter = query.filter.clone();
        if capabilities.list.finds_people {
            (filter.requester, filter.company) = (None, None);
        }
        query.with_description = !request.without_description || !filter.words.is_empty();
        query.with_requester = !request.without_requester || filter.requester.is_some();
        let seal = |at, is_sync| {
            let place = Place {
                size,
                is_sync,
                parameters: sealed.clone(),
                at: Some(at),
            };
            self.page_tokens.seal(&scope, &place)
        };

        let mut objects = Vec::new();
        loop {
            let listed = self.opened.provider().list_tickets(&up, query.clone());
            let Page {
                objects: found,
                then,
            } = match (listed.await, &query.at) {
                (Ok(page), _) => page,
                // What was found so far is not thrown away: the next page begins where this one got stuck.
                (Err(error), Some(at)) if !objects.is_empty() && error.may_pass() => {
                    return Ok(Listed {
                        objects,
                        next_page: Some(seal(at.clone(), is_sync)?),
                        end: None,
                    });
                }
                (Err(error), _) => return Err(error.into()),
            };
            objects.extend(
                found
                    .into_iter()
                    .filter(|found| filter.matches(&found.object)),
            );
            let next = match then {
                Then::End(end) => {
                    let sync_token = end.sync.map(|at| seal(at, true)).transpose()?;
                    let from = query.filter.modified_since.filter(|_| !is_sync);
                    let end = ListEnd {
                        from,
                        to: end.to,
                        not_listed: end.not_listed,
                        sync_token,
                    };
                    return Ok(Listed {
                        objects,
                        next_page: None,
                        end: Some(end),
                    });
                }
                Then::More(next) => next,
            };
            // Half a page is worth giving out; an empty one never is, for SDKs stop on it.
            let is_enough = objects.len() * 2 >= usize::from(size);
            if is_enough || (!objects.is_empty() && self.terms.is_late()) {
                return Ok(Listed {
                    objects,
                    next_page: Some(seal(next, is_sync)?),
                    end: None,
                });
            }
            if Instant::now() >= self.terms.deadline {
                return Err(Error::TimedOut);
            }
            query.at = Some(next);
            query.size = size
                .saturating_sub(u16::try_from(objects.len()).unwrap_or(size))
                .max(1);
        }
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
        gate::check_new(
            capabilities.title,
            &capabilities.create_ticket,
            &new.intents(),
        )?;
        Ok(self.opened.provider().create_ticket(&up, new).await?)
    }

    /// Waits for the turn to change a ticket.
    async fn turn(&self, id: &TicketId) -> Result<Turn> {
        let turns = &self.desks.turns;
        turns.take(self.account(), id, self.terms.deadline).await
    }

    /// Changes what the patch names.
    pub async fn update_ticket(&self, id: &TicketId, patch: TicketPatch) -> Result<Found<Ticket>> {
        let up = self.upstream(Operation::UpdateTicket)?;
        let capabilities = self.opened.provider().capabilities();
        let fixed = gate::check_patch(
            capabilities.title,
            &capabilities.update_ticket,
            &patch.intents(),
        )?;
        let _turn = self.turn(id).await?;
        if !fixed.is_empty() {
            let current = self.get_ticket(id).await?;
            gate::check_ticket_keeps(capabilities, &fixed, &patch, &current.object)?;
        }
        Ok(self.opened.provider().update_ticket(&up, id, patch).await?)
    }

    /// Removes a ticket.
    pub async fn delete_ticket(&self, id: &TicketId) -> Result<()> {
        let up = self.upstream(Operation::DeleteTicket)?;
        let _turn = self.turn(id).await?;
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
        let Place { size, mut at, .. } = self.page_tokens.open(&scope, request)?;
        loop {
            let page = PageRequest { at, size };
            let Page { objects, then } = self
                .opened
                .provider()
                .list_comments(&up, ticket, page)
                .await?;
            let Then::More(next) = then else {
                return Ok(Listed {
                    objects,
                    next_page: None,
                    end: None,
                });
            };
            if !objects.is_empty() {
                let place = Place {
                    size,
                    is_sync: false,
                    parameters: String::new(),
                    at: Some(next),
                };
                return Ok(Listed {
                    objects,
                    next_page: Some(self.page_tokens.seal(&scope, &place)?),
                    end: None,
                });
            }
            if Instant::now() >= self.terms.deadline {
                return Err(Error::TimedOut);
            }
            at = Some(next);
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
            let listed = self
                .opened
                .provider()
                .list_comments(&up, ticket, page.clone())
                .await?;
            if let Some(found) = listed
                .objects
                .into_iter()
                .find(|found| found.object.id == *id)
            {
                return Ok(found);
            }
            let Then::More(next) = listed.then else {
                return Err(ProviderError::not_found("the comment").into());
            };
            page.at = Some(next);
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
        gate::check_new(
            capabilities.title,
            &capabilities.create_comment,
            &new.intents(),
        )?;
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
        let fixed = gate::check_patch(
            capabilities.title,
            &capabilities.update_comment,
            &patch.intents(),
        )?;
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
