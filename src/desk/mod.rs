//! Use cases on one authorised account.
//!
//! A [`Desk`] is an account opened for one request. Each of its operations asks the `gate` first,
//! then the provider; lists go through [`page_token`]. [`Desks`] opens them, [`accounts`] connects
//! and removes the accounts themselves.

pub mod accounts;
pub mod audit;
mod gate;
pub mod intents;
pub mod listing;
mod opened;
pub mod page_token;
pub mod raw;
mod reconcile;
mod renewal;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::desk::intents::Intent;
use crate::desk::listing::Parameters;
use crate::desk::opened::Opened;
use crate::desk::page_token::{PageTokens, Place, Scope};
use crate::desk::reconcile::Became;
use crate::desk::renewal::Renewer;
use crate::desk::turns::Turn;
use crate::error::{Error, Result};
use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::field::{Field, Intent as Asks};
use crate::model::id::{AccountId, CommentId, TicketId};
use crate::model::page::{Found, Page, PageRequest, Then, TicketQuery};
use crate::model::ticket::{NewTicket, Ticket, TicketPatch};
use crate::provider;
use crate::provider::capability::{Accepts, Operation};
use crate::provider::confirm_ticket;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::Upstream;
use crate::store::intents::Doubt;
use crate::transport::broker::BrokerStanding;
use crate::transport::trip::Record;

pub use crate::desk::opened::Desks;
pub use crate::provider::upstream::Terms;
pub use crate::transport::broker::Class;
pub use crate::transport::trip::Rehearsal;

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

/// What must be true of a ticket for it to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// That it is there.
    Exists,
    /// That it is one of these versions.
    Versions(Vec<String>),
}

impl Precondition {
    /// Refuses a ticket of which it is not true.
    fn check(&self, current: &Ticket) -> Result<()> {
        match self {
            Self::Versions(versions) if !versions.contains(&current.version()) => {
                Err(Error::PreconditionFailed)
            }
            Self::None | Self::Exists | Self::Versions(_) => Ok(()),
        }
    }
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
    /// The write that the request is, if it is done under a key.
    intent: Option<Arc<Intent>>,
}

impl Desk {
    /// The same desk, for a write that is to be shown only.
    #[must_use]
    pub fn rehearsing(mut self, rehearsal: Option<Rehearsal>) -> Self {
        self.terms.trip.rehearsal = rehearsal;
        self
    }

    /// Tells a rehearsal which attributes of a request the help desk does not have.
    fn note_ignored<F: Field>(&self, accepts: &Accepts<F>, intents: &[(F, Asks)]) {
        if let Some(rehearsal) = &self.terms.trip.rehearsal {
            rehearsal.ignore(gate::ignored(accepts, intents));
        }
    }

    /// The same desk, for a write that is done under a key.
    #[must_use]
    pub fn under(mut self, intent: Option<Arc<Intent>>) -> Self {
        self.terms.trip.record = intent.clone().map(|intent| intent as Arc<dyn Record>);
        self.intent = intent;
        self
    }

    /// The account that is open.
    pub fn account(&self) -> AccountId {
        self.opened.account().id
    }

    /// What the help desk may still be asked for, and who waits.
    pub fn budget(&self) -> BrokerStanding {
        self.opened.line().budget()
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
            if Instant::now() >= self.terms.trip.deadline {
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
        let found = self.opened.provider().get_ticket(&up, id).await?;
        confirm_ticket(&found.object, id)?;
        Ok(found)
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
        self.note_ignored(&capabilities.create_ticket, &new.intents());
        let Some(intent) = &self.intent else {
            return Ok(self.opened.provider().create_ticket(&up, new).await?);
        };
        if let Some(doubt) = self.doubt(intent)
            && let Some(found) =
                settled(intent, reconcile::ticket(self, intent, doubt, &new).await).await?
        {
            return Ok(found);
        }
        let made = self.opened.provider().create_ticket(&up, new.clone()).await;
        let found = match (made, intent.doubt()) {
            (Err(error), Some(doubt)) if error.kind == Kind::OutcomeUnknown => {
                let became = reconcile::ticket(self, intent, doubt, &new).await;
                happened(intent, became)?
            }
            (made, _) => made?,
        };
        intent.made(found.object.id.to_string());
        Ok(found)
    }

    /// An earlier attempt that has to be looked for. Not one that the help desk itself knows again by its key.
    fn doubt(&self, intent: &Intent) -> Option<Doubt> {
        let doubt = intent.doubt()?;
        let keys_last = self.opened.provider().capabilities().keys_last;
        let age = intent.now().duration_since(doubt.sent_at);
        let is_known_again =
            keys_last.is_some_and(|last| Duration::try_from(age).is_ok_and(|age| age < last));
        (!is_known_again).then_some(doubt)
    }

    /// One page of the tickets, as the provider lists them.
    async fn provider_list(&self, query: TicketQuery) -> Result<Page<Ticket>> {
        let up = self.upstream(Operation::ListTickets)?;
        Ok(self.opened.provider().list_tickets(&up, query).await?)
    }

    /// Waits for the turn to change a ticket.
    async fn turn(&self, id: &TicketId) -> Result<Turn> {
        let turns = &self.desks.turns;
        turns
            .take(self.account(), id, self.terms.trip.deadline)
            .await
    }

    /// Changes what the patch names.
    pub async fn update_ticket(
        &self,
        id: &TicketId,
        mut patch: TicketPatch,
        precondition: &Precondition,
    ) -> Result<Found<Ticket>> {
        let up = self.upstream(Operation::UpdateTicket)?;
        let capabilities = self.opened.provider().capabilities();
        let fixed = gate::check_patch(
            capabilities.title,
            &capabilities.update_ticket,
            &patch.intents(),
        )?;
        self.note_ignored(&capabilities.update_ticket, &patch.intents());
        let _turn = self.turn(id).await?;
        if fixed.is_empty() && matches!(precondition, Precondition::None) {
            let changed = self.opened.provider().update_ticket(&up, id, patch).await?;
            confirm_ticket(&changed.object, id)?;
            return Ok(changed);
        }
        let current = self.get_ticket(id).await?.object;
        precondition.check(&current)?;
        gate::check_ticket_keeps(capabilities, &fixed, &patch, &current)?;
        if let Precondition::Versions(_) = precondition {
            patch.unless_changed_since = current.modified_at;
        }
        match self.opened.provider().update_ticket(&up, id, patch).await {
            // The help desk compared once more, and somebody was quicker.
            Err(error) if error.kind == Kind::Conflict => {
                precondition.check(&self.get_ticket(id).await?.object)?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
            Ok(changed) => {
                confirm_ticket(&changed.object, id)?;
                Ok(changed)
            }
        }
    }

    /// Removes a ticket.
    pub async fn delete_ticket(&self, id: &TicketId, precondition: &Precondition) -> Result<()> {
        let up = self.upstream(Operation::DeleteTicket)?;
        let _turn = self.turn(id).await?;
        if !matches!(precondition, Precondition::None) {
            match (self.get_ticket(id).await, self.lost()) {
                // Removed by an earlier request of which nobody knew.
                (Err(Error::Provider(error)), Err(_)) if error.kind == Kind::NotFound => {
                    return Ok(());
                }
                (current, _) => precondition.check(&current?.object)?,
            }
        }
        let provider = self.opened.provider();
        let before = self.lost();
        let first = provider.delete_ticket(&up, id).await;
        if is_unknown(&first) {
            return gone(provider.delete_ticket(&up, id).await, first);
        }
        gone(first, before)
    }

    /// What became of an earlier request's attempt, as far as it says something about this one.
    fn lost(&self) -> provider::Result<()> {
        match &self.intent {
            Some(intent) if intent.doubt().is_some() => Err(ProviderError::outcome_unknown()),
            Some(_) | None => Ok(()),
        }
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
            if Instant::now() >= self.terms.trip.deadline {
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
        self.note_ignored(&capabilities.create_comment, &new.intents());
        let provider = self.opened.provider();
        let Some(intent) = &self.intent else {
            return Ok(provider.create_comment(&up, ticket, new).await?);
        };
        if let Some(doubt) = intent.doubt() {
            let became = reconcile::comment(self, intent, doubt, ticket, &new).await;
            if let Some(found) = settled(intent, became).await? {
                return Ok(found);
            }
        }
        let made = provider.create_comment(&up, ticket, new.clone()).await;
        let found = match (made, intent.doubt()) {
            (Err(error), Some(doubt)) if error.kind == Kind::OutcomeUnknown => {
                let became = reconcile::comment(self, intent, doubt, ticket, &new).await;
                happened(intent, became)?
            }
            (made, _) => made?,
        };
        intent.made(format!("{ticket}/{}", found.object.id));
        Ok(found)
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
        self.note_ignored(&capabilities.update_comment, &patch.intents());
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
        let provider = self.opened.provider();
        let before = self.lost();
        let first = provider.delete_comment(&up, ticket, id).await;
        if is_unknown(&first) {
            return gone(provider.delete_comment(&up, ticket, id).await, first);
        }
        gone(first, before)
    }
}

/// Whether nobody knows what became of a removal.
fn is_unknown(outcome: &provider::Result<()>) -> bool {
    matches!(outcome, Err(error) if error.kind == Kind::OutcomeUnknown)
}

/// What a removal comes to. Removing something twice is the same as once: what is not there any more after an attempt
/// whose outcome is unknown was removed by it.
fn gone(outcome: provider::Result<()>, before: provider::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind == Kind::NotFound && is_unknown(&before) => Ok(()),
        // It was sent, and that did not become clear.
        Err(_) if is_unknown(&before) => Ok(before?),
        outcome => Ok(outcome?),
    }
}

/// What an earlier attempt made, or nothing if it certainly made nothing: then it may be sent again.
async fn settled<T>(intent: &Intent, became: Result<Became<T>>) -> Result<Option<Found<T>>> {
    match became {
        Ok(Became::Nothing) => {
            intent.did_not_happen().await?;
            Ok(None)
        }
        became => happened(intent, became).map(Some),
    }
}

/// What a write made whose answer was lost. That nothing is there yet decides nothing right after it was sent.
fn happened<T>(intent: &Intent, became: Result<Became<T>>) -> Result<Found<T>> {
    match became {
        Ok(Became::Happened(found)) => Ok(*found),
        Ok(Became::Unknown(reason)) => Err(intent.unknown(&reason)),
        Ok(Became::Nothing) => Err(intent.nobody_knows()),
        Err(error) => {
            tracing::warn!(
                error.code = error.code(),
                "what became of a write cannot be looked up"
            );
            Err(intent.unknown("the help desk cannot be asked what became of it: "))
        }
    }
}
