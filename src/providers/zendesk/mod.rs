//! Zendesk.
//!
//! `README.md` beside this file has the quirks and limits. `translate` holds what can be wrong,
//! as pure functions; this file is the glue, a few lines per operation.

mod classify;
mod comments;
mod credentials;
mod export;
mod list;
mod people;
mod rates;
pub mod sim;
mod statuses;
#[cfg(test)]
mod tests;
mod translate;
mod trash;
mod walk;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::field::{CommentField, TicketField};
use crate::model::filter::Order;
use crate::model::id::{CommentId, TicketId};
use crate::model::page::{Found, Page, PageRequest, TicketQuery};
use crate::model::patch::Patch;
use crate::model::person::PersonRef;
use crate::model::text::Text;
use crate::model::ticket::{NewTicket, Status, Ticket, TicketPatch};
use crate::provider::capability::{Accepts, Capabilities, ListCapabilities, Operation};
use crate::provider::error::{InvalidCredentials, Kind, ProviderError};
use crate::provider::json::text;
use crate::provider::upstream::{Upstream, read, read_object};
use crate::provider::{Identity, Provider, Renewal, Result, confirm_visibility};
use crate::providers::zendesk::people::People;
use crate::providers::zendesk::statuses::Labels;
use crate::transport::call::{Call, Endpoint, Reply};
use crate::transport::line::Rates;

/// How long the names of statuses, and who the connected agent is, are remembered.
const FACTS_LAST: Duration = Duration::from_mins(10);
/// How long they are waited for.
const FACTS_WITHIN: Duration = Duration::from_secs(2);
/// How long it is remembered that they could not be read.
const NO_FACTS_LAST: Duration = Duration::from_mins(1);
/// How often a write is sent that collides with another one.
const COLLISIONS: u32 = 3;
/// How long a write waits after a collision.
const AFTER_COLLISION: Duration = Duration::from_millis(300);

/// Zendesk's fact sheet.
const CAPABILITIES: Capabilities = Capabilities {
    title: "Zendesk",
    domain: Some("zendesk.com"),
    operations: &[
        Operation::ListTickets,
        Operation::GetTicket,
        Operation::CreateTicket,
        Operation::UpdateTicket,
        Operation::DeleteTicket,
        Operation::ListComments,
        Operation::CreateComment,
        Operation::UpdateComment,
    ],
    on_request: &[(Operation::DeleteComment, credentials::REDACT_COMMENTS)],
    list: ListCapabilities {
        orders: &[
            Order::ModifiedAt,
            Order::ModifiedAtDescending,
            Order::CreatedAt,
            Order::CreatedAtDescending,
        ],
        finds_people: false,
        has_archive: true,
        never_listed: &["permanently_deleted"],
    },
    create_ticket: Accepts {
        required: &[
            TicketField::Subject,
            TicketField::Description,
            TicketField::Requester,
        ],
        optional: &[
            TicketField::TicketType,
            TicketField::Priority,
            TicketField::Status,
            TicketField::Tags,
            TicketField::Public,
            TicketField::DueAt,
            TicketField::CustomProperties,
            TicketField::Group,
            TicketField::Company,
            TicketField::Submitter,
            TicketField::Assignee,
            TicketField::EmailCcs,
            TicketField::Followers,
        ],
        fixed: &[],
        refused: &[],
        clearable: &[],
    },
    update_ticket: Accepts {
        required: &[],
        optional: &[
            TicketField::TicketType,
            TicketField::Subject,
            TicketField::Priority,
            TicketField::Status,
            TicketField::Tags,
            TicketField::DueAt,
            TicketField::CustomProperties,
            TicketField::Group,
            TicketField::Company,
            TicketField::Requester,
            TicketField::Assignee,
            TicketField::EmailCcs,
            TicketField::Followers,
        ],
        fixed: &[],
        refused: &[
            TicketField::Description,
            TicketField::Public,
            TicketField::Submitter,
        ],
        clearable: &[
            TicketField::Tags,
            TicketField::DueAt,
            TicketField::Group,
            TicketField::Company,
            TicketField::Assignee,
            TicketField::EmailCcs,
            TicketField::Followers,
        ],
    },
    create_comment: Accepts {
        required: &[CommentField::Content],
        optional: &[CommentField::Author, CommentField::Public],
        fixed: &[],
        refused: &[],
        clearable: &[],
    },
    update_comment: Accepts {
        required: &[],
        optional: &[CommentField::Public],
        fixed: &[],
        refused: &[CommentField::Content, CommentField::Author],
        clearable: &[],
    },
    // Two hours (section 4), less what clocks may be apart.
    keys_last: Some(Duration::from_mins(115)),
    max_page_size: translate::MAX_PAGE,
    rate: Rates {
        charges: rates::charges,
        told: rates::told,
        remaining: &[
            "x-rate-limit-remaining",
            "ratelimit-remaining",
            "rate-limit-remaining",
        ],
        used: None,
    },
    credentials: &[
        "api_token",
        "access_token",
        "refresh_token",
        "client_secret",
    ],
};

/// The provider.
pub struct Zendesk;

#[async_trait]
impl Provider for Zendesk {
    fn id(&self) -> &'static str {
        "zendesk"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn connect(&self, credentials: &RawValue) -> std::result::Result<Endpoint, InvalidCredentials> {
        credentials::connect(credentials)
    }

    fn renewal(&self, credentials: &RawValue) -> Option<Renewal> {
        credentials::renewal(credentials)
    }

    fn renewed(&self, credentials: &RawValue, reply: &Reply) -> Result<SecretString> {
        credentials::renewed(credentials, reply)
    }

    fn classify(&self, reply: &Reply) -> ProviderError {
        classify::classify(reply)
    }

    async fn identify(&self, up: &Upstream) -> Result<Identity> {
        let reply = up.send(translate::get_me()).await?;
        let wire::Me { user } = read(&reply)?;
        // Zendesk says 200 to nobody (section 2).
        if user.id.0.is_none() {
            let message = "the help desk does not accept the account's credential";
            return Err(ProviderError::new(Kind::Unauthenticated, message));
        }
        let decoded = |raw| text(raw).map(|text| text.decode().into_owned());
        Ok(Identity {
            login: decoded(user.email),
            name: decoded(user.name),
        })
    }

    async fn list_tickets(&self, up: &Upstream, query: TicketQuery) -> Result<Page<Ticket>> {
        let labels = labels(up).await;
        match query.order {
            Order::ModifiedAt if query.include_archived => export::page(up, &query, &labels).await,
            Order::ModifiedAt => walk::page(up, &query, &labels).await,
            Order::ModifiedAtDescending
            | Order::CreatedAt
            | Order::CreatedAtDescending
            | Order::DueAt => walk::ordered(up, &query, &labels).await,
        }
    }

    async fn get_ticket(&self, up: &Upstream, id: &TicketId) -> Result<Found<Ticket>> {
        let (reply, labels) = join(up.send(translate::get_ticket(id)?), labels(up)).await;
        one(up, &reply?, &labels).await
    }

    async fn create_ticket(&self, up: &Upstream, new: NewTicket) -> Result<Found<Ticket>> {
        let is_solved = new.status == Status::Resolved && new.assignee.is_none();
        let me = if is_solved { *me(up).await } else { None };
        let mut call = translate::create_ticket(&new, me)?;
        if let Some(key) = up.key() {
            call = call.keyed(key);
        }
        let reply = send(up, call).await?;
        let made = one(up, &reply, &*labels(up).await).await;
        let made = made.map_err(|_| ProviderError::outcome_unknown())?;
        // The description is a comment too: it is not to be seen by more people than was asked for.
        if let Some(first) = comments::added(up, &reply.body) {
            confirm_visibility(&first.object, new.public)?;
        }
        Ok(complete(self, up, made, new.requester.as_ref()).await)
    }

    async fn update_ticket(
        &self,
        up: &Upstream,
        id: &TicketId,
        patch: TicketPatch,
    ) -> Result<Found<Ticket>> {
        let needs_current = !patch.email_ccs.is_keep() || !patch.followers.is_keep();
        let is_conditional = patch.unless_changed_since.is_some();
        let is_solved = patch.status == Patch::Set(Status::Resolved) && patch.assignee.is_keep();
        let mut tries = 1;
        let reply = loop {
            let current = if needs_current {
                Some(self.get_ticket(up, id).await?.object)
            } else {
                None
            };
            let Some(call) = translate::update_ticket(id, &patch, current.as_ref())? else {
                return self.get_ticket(up, id).await;
            };
            // What rests on the ticket as it was read is not sent again as it is.
            let sent = if needs_current || is_conditional {
                up.send(call.clone()).await
            } else {
                send(up, call.clone()).await
            };
            match sent {
                Ok(reply) => break reply,
                // Somebody else changed it since it was read: read it again.
                Err(error)
                    if needs_current
                        && !is_conditional
                        && is_collision(&error)
                        && tries < COLLISIONS =>
                {
                    tries += 1;
                }
                // Nobody works on it, and nobody is named who solves it: the connected agent does.
                Err(error) if is_solved && lacks_assignee(&error) => {
                    let me = (*me(up).await).ok_or(error)?;
                    break send(up, translate::solved_by(call, me)).await?;
                }
                Err(error) => return Err(error),
            }
        };
        let changed = one(up, &reply, &*labels(up).await).await?;
        Ok(complete(self, up, changed, patch.requester.value()).await)
    }

    async fn delete_ticket(&self, up: &Upstream, id: &TicketId) -> Result<()> {
        up.send(translate::delete_ticket(id)?).await.map(drop)
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
        up: &Upstream,
        ticket: &TicketId,
        id: &CommentId,
        patch: CommentPatch,
    ) -> Result<Found<Comment>> {
        comments::update(up, ticket, id, &patch).await
    }

    async fn delete_comment(&self, up: &Upstream, ticket: &TicketId, id: &CommentId) -> Result<()> {
        comments::redact(up, ticket, id).await
    }
}

/// Reads an answer that is one ticket.
async fn one(up: &Upstream, reply: &Reply, labels: &Labels) -> Result<Found<Ticket>> {
    let wire::One {
        ticket: raw,
        users,
        audit: _,
    } = read(reply)?;
    let ticket: wire::Ticket<'_> = read_object(raw)?;
    let mut people = People::of(users);
    // The answer to a write names nobody, and the ticket is read again.
    if reply.status != StatusCode::CREATED && !people.is_empty() {
        people.complete(up, std::slice::from_ref(&ticket)).await?;
    }
    Ok(Found {
        object: translate::ticket(ticket, &people, labels),
        raw: up.raw(raw),
    })
}

/// Completes the answer to a write, which names nobody: reads the ticket again. If that fails the write has
/// happened all the same, so its own answer is given, with what the request said.
async fn complete(
    zendesk: &Zendesk,
    up: &Upstream,
    mut answer: Found<Ticket>,
    requester: Option<&PersonRef>,
) -> Found<Ticket> {
    match zendesk.get_ticket(up, &answer.object.id).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(error.kind = ?error.kind, "a ticket was written but cannot be read again");
            let named = requester.filter(|person| person.user_id.is_none());
            let email = named.and_then(|person| person.email.as_deref());
            if let Some(person) = &mut answer.object.requester {
                person.email = email.map(Text::new);
            }
            answer
        }
    }
}

/// Sends a write. One that collides with another (409) was not carried out and is sent again.
pub(super) async fn send(up: &Upstream, call: Call) -> Result<Reply> {
    for _ in 1..COLLISIONS {
        match up.send(call.clone()).await {
            Err(error) if is_collision(&error) => {
                up.pause(AFTER_COLLISION).await?;
            }
            outcome => return outcome,
        }
    }
    up.send(call).await
}

/// Whether a write collided with another one.
fn is_collision(error: &ProviderError) -> bool {
    error.status == Some(StatusCode::CONFLICT.as_u16())
}

/// Whether a ticket was not solved because nobody works on it (section 3).
fn lacks_assignee(error: &ProviderError) -> bool {
    error.kind == Kind::Invalid && error.message.contains("assignee: ")
}

/// The account's names of its statuses. Their absence never fails a read.
async fn labels(up: &Upstream) -> Arc<Labels> {
    fact(up, "statuses", statuses::get_labels(), statuses::labels).await
}

/// The connected agent.
async fn me(up: &Upstream) -> Arc<Option<u64>> {
    fact(up, "me", translate::get_me(), |reply| {
        let wire::Me { user } = read(reply)?;
        Ok(user.id.0)
    })
    .await
}

/// A fact of the account that changes seldom.
async fn fact<T: Default + Send + Sync + 'static>(
    up: &Upstream,
    name: &'static str,
    call: Call,
    read: impl FnOnce(&Reply) -> Result<T> + Send,
) -> Arc<T> {
    up.remembered(name, FACTS_WITHIN, async {
        match up.send(call).await.and_then(|reply| read(&reply)) {
            Ok(fact) => (fact, FACTS_LAST),
            Err(error) => {
                tracing::warn!(error.kind = ?error.kind, name, "a fact of the account cannot be read");
                (T::default(), NO_FACTS_LAST)
            }
        }
    })
    .await
}
