//! Freshdesk.
//!
//! `README.md` beside this file has the quirks and limits. `translate` holds what can be wrong,
//! as pure functions; this file is the glue, a few lines per operation.

mod classify;
mod conversations;
mod numbered;
mod rates;
pub mod sim;
mod statuses;
#[cfg(test)]
mod tests;
mod translate;
mod walk;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Map;
use serde_json::value::RawValue;
use url::Url;

use crate::model::comment::{Comment, CommentPatch, NewComment};
use crate::model::field::{CommentField, TicketField};
use crate::model::filter::Order;
use crate::model::id::{CommentId, TicketId};
use crate::model::object::Object;
use crate::model::page::{End, Found, Page, PageRequest, Then, TicketQuery};
use crate::model::patch::Patch;
use crate::model::person::PersonRef;
use crate::model::text::Text;
use crate::model::ticket::{NewTicket, Ticket, TicketPatch};
use crate::provider::capability::{Accepts, Capabilities, ListCapabilities, Operation};
use crate::provider::error::{InvalidCredentials, Kind, ProviderError};
use crate::provider::json::whole_seconds;
use crate::provider::upstream::{Upstream, read};
use crate::provider::{Identity, Provider, Renewal, Result};
use crate::providers::freshdesk::statuses::Labels;
use crate::transport::call::{Endpoint, Reply};
use crate::transport::egress::is_label;
use crate::transport::line::Rates;

/// How long the names of statuses are remembered.
const LABELS_LAST: Duration = Duration::from_mins(10);
/// How long the names of statuses are waited for.
const LABELS_WITHIN: Duration = Duration::from_secs(2);
/// How long it is remembered that they could not be read.
const NO_LABELS_LAST: Duration = Duration::from_mins(1);

/// Freshdesk's fact sheet.
const CAPABILITIES: Capabilities = Capabilities {
    title: "Freshdesk",
    domain: Some("freshdesk.com"),
    operations: &Operation::ALL,
    on_request: &[],
    list: ListCapabilities {
        orders: &Order::ALL,
        finds_people: true,
        has_archive: false,
        never_listed: &["archived", "merged", "permanently_deleted"],
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
            TicketField::DueAt,
            TicketField::CustomProperties,
            TicketField::Group,
            TicketField::Company,
            TicketField::Assignee,
            TicketField::EmailCcs,
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
            TicketField::Description,
            TicketField::Priority,
            TicketField::Status,
            TicketField::Tags,
            TicketField::DueAt,
            TicketField::CustomProperties,
            TicketField::Group,
            TicketField::Company,
            TicketField::Requester,
            TicketField::Assignee,
        ],
        fixed: &[TicketField::EmailCcs],
        refused: &[],
        clearable: &[
            TicketField::TicketType,
            TicketField::Tags,
            TicketField::DueAt,
            TicketField::Group,
            TicketField::Company,
            TicketField::Assignee,
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
        optional: &[CommentField::Content],
        fixed: &[CommentField::Author, CommentField::Public],
        refused: &[],
        clearable: &[],
    },
    keys_last: None,
    max_page_size: translate::MAX_PAGE,
    rate: Rates {
        charges: rates::charges,
        told: rates::told,
        remaining: &["x-ratelimit-remaining"],
        used: Some("x-ratelimit-used-currentrequest"),
    },
    credentials: &["api_key"],
};

/// What connects a Freshdesk account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// `acme` of `acme.freshdesk.com`. A portal's own domain does not serve the API (section 1).
    #[serde(default)]
    domain: Option<String>,
    /// Instead of `domain`, for an upstream that the operator allows.
    #[serde(default)]
    url: Option<String>,
    /// The API key of an agent.
    api_key: String,
}

/// The provider.
pub struct Freshdesk;

#[async_trait]
impl Provider for Freshdesk {
    fn id(&self) -> &'static str {
        "freshdesk"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn connect(&self, credentials: &RawValue) -> std::result::Result<Endpoint, InvalidCredentials> {
        let Credentials {
            domain,
            url,
            api_key,
        } = serde_json::from_str(credentials.get())
            .map_err(|error| InvalidCredentials::from_json(&error))?;
        let invalid = |text: &str| Err(InvalidCredentials(text.to_owned()));
        if api_key.is_empty()
            || api_key.len() > 256
            || !api_key
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b':')
        {
            return invalid("api_key is not an API key of Freshdesk");
        }
        let base = match (domain, url) {
            (Some(domain), None) => {
                let label = domain.strip_suffix(".freshdesk.com").unwrap_or(&domain);
                if !is_label(label) {
                    return invalid(
                        "domain must be the first part of the help desk's address: acme of acme.freshdesk.com",
                    );
                }
                format!("https://{label}.freshdesk.com")
            }
            (None, Some(url)) => url,
            _ => return invalid("give domain, such as acme, or url"),
        };
        let Ok(mut base) = Url::parse(&base) else {
            return invalid("url is not a valid address");
        };
        if !matches!(base.path(), "" | "/") || base.query().is_some() || base.fragment().is_some() {
            return invalid("url must be an origin without a path: https://acme.freshdesk.com");
        }
        base.set_path("/api/v2");
        let token = STANDARD.encode(format!("{api_key}:X"));
        let Ok(mut authorization) = HeaderValue::from_str(&format!("Basic {token}")) else {
            return invalid("api_key is not an API key of Freshdesk");
        };
        authorization.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]);
        Ok(Endpoint {
            base,
            headers,
            secrets: vec![api_key.into(), token.into()],
            options: Map::new(),
        })
    }

    fn renewal(&self, _: &RawValue) -> Option<Renewal> {
        None
    }

    fn renewed(&self, _: &RawValue, _: &Reply) -> Result<SecretString> {
        Err(ProviderError::unsupported("an API key does not expire"))
    }

    fn classify(&self, reply: &Reply) -> ProviderError {
        classify::classify(reply)
    }

    async fn identify(&self, up: &Upstream) -> Result<Identity> {
        let reply = up.send(translate::get_me()).await?;
        let wire::Agent { contact } = read(&reply)?;
        Ok(Identity {
            login: contact.email,
            name: contact.name,
        })
    }

    async fn list_tickets(&self, up: &Upstream, query: TicketQuery) -> Result<Page<Ticket>> {
        if translate::names_nobody(&query) {
            let end = End {
                not_listed: [CAPABILITIES.list.never_listed, &["trash", "spam"]].concat(),
                ..End::default()
            };
            return Ok(Page {
                objects: Vec::new(),
                then: Then::End(end),
            });
        }
        let labels = labels(up).await;
        match query.order {
            Order::ModifiedAt => walk::page(up, &query, &labels).await,
            Order::ModifiedAtDescending
            | Order::CreatedAt
            | Order::CreatedAtDescending
            | Order::DueAt => numbered::page(up, &query, &labels).await,
        }
    }

    async fn get_ticket(&self, up: &Upstream, id: &TicketId) -> Result<Found<Ticket>> {
        let (reply, labels) = join(up.send(translate::get_ticket(id)?), labels(up)).await;
        let found = up.read_one(&reply?, |ticket| translate::ticket(ticket, &labels))?;
        if found.object.deleted {
            return Err(ProviderError::not_found("the ticket"));
        }
        Ok(found)
    }

    async fn create_ticket(&self, up: &Upstream, new: NewTicket) -> Result<Found<Ticket>> {
        let (reply, labels) = join(up.send(translate::create_ticket(&new)?), labels(up)).await;
        let reply = reply?;
        let read = up.read_one(&reply, |ticket| translate::ticket(ticket, &labels));
        let made = read.map_err(|_| ProviderError::outcome_unknown())?;
        complete(
            self,
            up,
            made,
            Written {
                requester: new.requester.as_ref(),
                due_at: new.due_at.map_or(Patch::Keep, Patch::Set),
            },
        )
        .await
    }

    async fn update_ticket(
        &self,
        up: &Upstream,
        id: &TicketId,
        patch: TicketPatch,
    ) -> Result<Found<Ticket>> {
        let Some(call) = translate::update_ticket(id, &patch)? else {
            return self.get_ticket(up, id).await;
        };
        let (reply, labels) = join(up.send(call), labels(up)).await;
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => return Err(explain(up, id, error).await),
        };
        let changed = up.read_one(&reply, |ticket| translate::ticket(ticket, &labels))?;
        let due_at = patch.due_at;
        complete(
            self,
            up,
            changed,
            Written {
                requester: patch.requester.value(),
                due_at,
            },
        )
        .await
    }

    async fn delete_ticket(&self, up: &Upstream, id: &TicketId) -> Result<()> {
        match up.send(translate::delete_ticket(id)?).await {
            Ok(_) => Ok(()),
            Err(error) => Err(explain(up, id, error).await),
        }
    }

    async fn list_comments(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        page: PageRequest,
    ) -> Result<Page<Comment>> {
        let listed = conversations::page(up, ticket, &page).await?;
        Ok(Page {
            objects: listed
                .entries
                .into_iter()
                .map(|entry| entry.found)
                .collect(),
            then: listed.then,
        })
    }

    async fn create_comment(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        new: NewComment,
    ) -> Result<Found<Comment>> {
        conversations::create(up, ticket, &new).await
    }

    async fn update_comment(
        &self,
        up: &Upstream,
        ticket: &TicketId,
        id: &CommentId,
        patch: CommentPatch,
    ) -> Result<Found<Comment>> {
        conversations::update(up, ticket, id, &patch).await
    }

    async fn delete_comment(&self, up: &Upstream, ticket: &TicketId, id: &CommentId) -> Result<()> {
        conversations::delete(up, ticket, id).await
    }
}

/// The account's names of its statuses. Their absence never fails a read.
async fn labels(up: &Upstream) -> Arc<Labels> {
    up.remembered("statuses", LABELS_WITHIN, async {
        let labels = match up.send(statuses::get_labels()).await {
            Ok(reply) => statuses::labels(&reply),
            Err(error) => Err(error),
        };
        match labels {
            Ok(labels) => (labels, LABELS_LAST),
            Err(error) => {
                tracing::warn!(error.kind = ?error.kind, "the names of the statuses cannot be read");
                (Labels::default(), NO_LABELS_LAST)
            }
        }
    })
    .await
}

/// What a write said that Freshdesk's own answers do not tell at once.
struct Written<'a> {
    /// The requester. An answer to a write has only the id.
    requester: Option<&'a PersonRef>,
    /// The due date. It reads as null, or as the one before, for about a second (section 4.2).
    due_at: Patch<Timestamp>,
}

/// Completes the answer to a write: reads the ticket again for the requester's name and address. If
/// that fails the write has happened all the same, so its own answer is given with what the request
/// said.
async fn complete(
    freshdesk: &Freshdesk,
    up: &Upstream,
    answer: Found<Ticket>,
    written: Written<'_>,
) -> Result<Found<Ticket>> {
    let mut found = match freshdesk.get_ticket(up, &answer.object.id).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(error.kind = ?error.kind, "a ticket was written but cannot be read again");
            let named = written.requester.filter(|person| person.user_id.is_none());
            let email = named
                .and_then(|person| person.email.as_deref())
                .map(Text::new);
            let mut answer = answer;
            if let Some(person) = &mut answer.object.requester {
                person.email = email;
            }
            answer
        }
    };
    match written.due_at {
        Patch::Keep => {}
        Patch::Clear => found.object.due_at = None,
        Patch::Set(due_at) => found.object.due_at = Some(whole_seconds(due_at)),
    }
    Ok(found)
}

/// Says what a refused write means: Freshdesk answers 405 for trashed and for spam tickets alike
/// (section 4.5), so the ticket is looked at once more.
async fn explain(up: &Upstream, id: &TicketId, error: ProviderError) -> ProviderError {
    if error.status != Some(StatusCode::METHOD_NOT_ALLOWED.as_u16()) {
        return error;
    }
    match writable(up, id).await {
        Ok(()) => error,
        Err(reason) => reason,
    }
}

/// Checks that a ticket can be written to: a trashed one is not found, a spam one refuses.
async fn writable(up: &Upstream, id: &TicketId) -> Result<()> {
    let reply = up.send(translate::get_state(id)?).await?;
    let Object(ticket): Object<wire::Ticket<'_>> = read(&reply)?;
    state(&ticket)?;
    if ticket.spam.is_set() {
        Err(held_for_spam())
    } else {
        Ok(())
    }
}

/// Why a spam ticket is not written to.
fn held_for_spam() -> ProviderError {
    let message = "the ticket is held for spam: it can be read, but not written to until the help desk releases it";
    ProviderError::new(Kind::Conflict, message)
}

/// Refuses a trashed ticket as one that is not there.
fn state(ticket: &wire::Ticket<'_>) -> Result<()> {
    if ticket.deleted.is_set() {
        Err(ProviderError::not_found("the ticket"))
    } else {
        Ok(())
    }
}
