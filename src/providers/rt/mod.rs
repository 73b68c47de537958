//! Request Tracker 5, by its REST API 2.0.
//!
//! `README.md` beside this file has the quirks and limits. `translate` holds what can be wrong,
//! as pure functions; this file is the glue, a few lines per operation.

mod classify;
mod comments;
mod credentials;
mod list;
mod people;
mod properties;
mod queues;
mod searches;
pub mod sim;
mod sql;
#[cfg(test)]
mod tests;
mod texts;
mod translate;
mod trash;
mod walk;
mod wire;
mod words;
mod write;

use async_trait::async_trait;
use futures_util::future::join;
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::field::{CommentField, TicketField};
use crate::model::filter::Order;
use crate::model::id::{CommentId, TicketId};
use crate::model::page::{Found, Page, PageRequest, TicketQuery};
use crate::model::ticket::{NewTicket, Ticket, TicketPatch};
use crate::provider::capability::{Accepts, Capabilities, ListCapabilities, Operation};
use crate::provider::error::{InvalidCredentials, Kind, ProviderError};
use crate::provider::upstream::Upstream;
use crate::provider::{Identity, Provider, Renewal, Result};
use crate::providers::rt::credentials::Options;
use crate::transport::call::{Endpoint, Reply};
use crate::transport::line::Rates;

/// RT's fact sheet.
const CAPABILITIES: Capabilities = Capabilities {
    title: "Request Tracker",
    domain: None,
    operations: &[
        Operation::ListTickets,
        Operation::GetTicket,
        Operation::CreateTicket,
        Operation::UpdateTicket,
        Operation::DeleteTicket,
        Operation::ListComments,
        Operation::CreateComment,
    ],
    on_request: &[],
    list: ListCapabilities {
        orders: &[
            Order::ModifiedAt,
            Order::ModifiedAtDescending,
            Order::CreatedAt,
            Order::CreatedAtDescending,
        ],
        finds_people: false,
        has_archive: false,
        never_listed: &["merged"],
    },
    create_ticket: Accepts {
        required: &[
            TicketField::Subject,
            TicketField::Description,
            TicketField::Requester,
        ],
        optional: &[
            TicketField::Priority,
            TicketField::Status,
            TicketField::Tags,
            TicketField::DueAt,
            TicketField::CustomProperties,
            TicketField::Group,
            TicketField::Assignee,
            TicketField::EmailCcs,
            TicketField::Followers,
        ],
        fixed: &[],
        refused: &[TicketField::Submitter],
        clearable: &[],
    },
    update_ticket: Accepts {
        required: &[],
        optional: &[
            TicketField::Subject,
            TicketField::Priority,
            TicketField::Status,
            TicketField::Tags,
            TicketField::DueAt,
            TicketField::CustomProperties,
            TicketField::Group,
            TicketField::Requester,
            TicketField::Assignee,
            TicketField::EmailCcs,
            TicketField::Followers,
        ],
        fixed: &[],
        refused: &[TicketField::Description, TicketField::Submitter],
        clearable: &[
            TicketField::Tags,
            TicketField::DueAt,
            TicketField::Assignee,
            TicketField::EmailCcs,
            TicketField::Followers,
        ],
    },
    create_comment: Accepts {
        required: &[CommentField::Content],
        optional: &[CommentField::Public],
        fixed: &[],
        refused: &[CommentField::Author],
        clearable: &[],
    },
    update_comment: Accepts {
        required: &[],
        optional: &[],
        fixed: &[],
        refused: &[],
        clearable: &[],
    },
    keys_last: None,
    max_page_size: searches::MAX_PAGE,
    // RT has no rate limit.
    rate: Rates {
        charges: |_| Vec::new(),
        told: |_, _| Vec::new(),
        remaining: &[],
        used: None,
    },
    credentials: &["token"],
};

/// The provider.
pub struct Rt;

#[async_trait]
impl Provider for Rt {
    fn id(&self) -> &'static str {
        "rt"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn connect(&self, credentials: &RawValue) -> std::result::Result<Endpoint, InvalidCredentials> {
        credentials::connect(credentials)
    }

    fn renewal(&self, _: &RawValue) -> Option<Renewal> {
        None
    }

    fn renewed(&self, _: &RawValue, _: &Reply) -> Result<SecretString> {
        Err(ProviderError::unsupported("a token of RT is not exchanged"))
    }

    fn classify(&self, reply: &Reply) -> ProviderError {
        classify::classify(reply)
    }

    async fn identify(&self, up: &Upstream) -> Result<Identity> {
        match up.send(translate::get_version()).await {
            // RT tells nobody who they are.
            Ok(_) => Ok(Identity::default()),
            Err(error) if error.kind == Kind::NotFound => {
                let message = "no REST API of Request Tracker 5 answers at the address of this account: check its url";
                Err(ProviderError::new(Kind::Unavailable, message))
            }
            Err(error) => Err(error),
        }
    }

    async fn list_tickets(&self, up: &Upstream, query: TicketQuery) -> Result<Page<Ticket>> {
        let options = Options::of(up);
        match query.order {
            Order::ModifiedAt => walk::page(up, &query, &options).await,
            Order::ModifiedAtDescending
            | Order::CreatedAt
            | Order::CreatedAtDescending
            | Order::DueAt => list::page(up, &query, &options).await,
        }
    }

    async fn get_ticket(&self, up: &Upstream, id: &TicketId) -> Result<Found<Ticket>> {
        let id = translate::ticket_number(id)?;
        read_ticket(up, id, &Options::of(up)).await
    }

    async fn create_ticket(&self, up: &Upstream, new: NewTicket) -> Result<Found<Ticket>> {
        write::create(up, new).await
    }

    async fn update_ticket(
        &self,
        up: &Upstream,
        id: &TicketId,
        patch: TicketPatch,
    ) -> Result<Found<Ticket>> {
        write::update(up, id, patch).await
    }

    async fn delete_ticket(&self, up: &Upstream, id: &TicketId) -> Result<()> {
        write::delete(up, id).await
    }

    async fn list_comments(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        page: PageRequest,
    ) -> Result<Page<Comment>> {
        comments::page(up, ticket, &page).await
    }

    async fn create_comment(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        new: NewComment,
    ) -> Result<Found<Comment>> {
        comments::create(up, ticket, &new).await
    }

    async fn update_comment(
        &self,
        _: &Upstream,
        _: &TicketId,
        _: &CommentId,
        _: CommentPatch,
    ) -> Result<Found<Comment>> {
        Err(ProviderError::unsupported("RT's history cannot be changed"))
    }

    async fn delete_comment(&self, _: &Upstream, _: &TicketId, _: &CommentId) -> Result<()> {
        Err(ProviderError::unsupported(
            "nothing of RT's history can be deleted",
        ))
    }
}

/// Reads a ticket and its description.
async fn read_ticket(up: &Upstream, id: u64, options: &Options) -> Result<Found<Ticket>> {
    let tickets = [id];
    let (found, texts) = join(list::one(up, id, options), texts::of_tickets(up, &tickets)).await;
    let mut found = found?;
    found.object.description = texts?.remove(&id);
    Ok(found)
}
