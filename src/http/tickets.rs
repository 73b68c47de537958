//! `/v1/accounts/{account_id}/helpdesk/tickets`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::desk::Precondition;
use crate::error::{Error, Result};
use crate::http::dry_run::DryRunObject;
use crate::http::errors::Errors;
use crate::http::extract::{Body, Json, Listing, OpenDesk, TicketAt};
use crate::http::precondition::TicketAnswer;
use crate::http::resource::{List, TicketList, TicketObject};
use crate::model::patch::Patch;
use crate::model::person::PersonRef;
use crate::model::ticket::{CustomProperty, NewTicket, Priority, Status, TicketPatch};

/// The account of an address, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct AccountPath {
    /// Id of the account, or `me` for the account of the Bearer token.
    #[param(example = "me")]
    account_id: String,
}

/// The ticket of an address, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct TicketPath {
    /// Id of the ticket.
    #[param(example = "ticket_NjQ2MTUz")]
    ticket_id: String,
}

/// What lists take, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct PageParams {
    /// The value of `next_page` of the page before; leave it out for the first page. A value that is
    /// not of this list is refused with 400.
    page: Option<String>,
    /// How many objects you would like on a page, 1 to 1000. Advisory: there may be fewer, but none at
    /// all only on the last page. On later pages leave it out or repeat it.
    #[param(minimum = 1, maximum = 1000, default = 100, example = 100)]
    page_size: Option<u16>,
}

/// What answers about help desk objects take, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct RawDataHeader {
    /// `true` adds the help desk's own object to each object, as `raw.object`.
    #[param(rename = "X-Kloudless-Raw-Data", value_type = bool, required = false, default = false)]
    raw_data: Option<bool>,
}

/// What writes take, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct WriteHeaders {
    /// A text of your own for this write, 1 to 255 visible ASCII characters, such as a UUID. The same request under the
    /// same key is done once, however often it is sent: 409 while it is being done, afterwards the first answer again
    /// with `Idempotency-Replayed: true`, for 24 hours. Another request under the key is 422. A request that makes
    /// something gets a key if it has none, and every answer to it tells the key.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, max_length = 255, example = "8e03978e-40d5-43dd-bc93-6894a57f9324")]
    idempotency_key: Option<String>,
}

/// What writes take in their address, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct DryRunParams {
    /// `true` does nothing and answers 202 with a `DryRun` instead: the exact calls that would be made, what would be
    /// ignored and what it costs. Reads on which a call depends are made.
    #[param(default = false)]
    dry_run: Option<bool>,
}

/// What changes of tickets take, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct MatchHeader {
    /// The `ETag` of the ticket as you have seen it: if it has changed since, nothing is done and the answer is 412.
    /// Zendesk compares and changes in one step, to the second; elsewhere the gateway reads and compares first, and
    /// what people and other gateways do between that and the change is not seen.
    #[param(rename = "If-Match", value_type = String, required = false, example = "\"mC3PvT0wXk9Jr1bZ\"")]
    if_match: Option<String>,
}

/// What the list of tickets takes beside the page, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct TicketListParams {
    /// `modified_at`, the default: oldest change first, the order in which a walk through all pages
    /// misses no ticket while people work in the help desk. The others are for screens, where a ticket
    /// that changes meanwhile may be shown twice or passed over: `-modified_at`, `-created_at` (newest
    /// first; a ticket that does not change is never passed over as long as none is deleted),
    /// `created_at`, `due_at`.
    #[param(example = "modified_at")]
    order_by: Option<String>,
    /// Only tickets changed at this time or later: ISO 8601, or a day in UTC.
    #[param(example = "2026-11-01T00:00:00Z")]
    modified_since: Option<String>,
    /// Only tickets created at this time or later: ISO 8601, or a day in UTC.
    created_since: Option<String>,
    /// Only tickets created before this time: ISO 8601, or a day in UTC.
    created_before: Option<String>,
    /// Only tickets of this status.
    status: Option<Status>,
    /// Only tickets of this priority.
    priority: Option<Priority>,
    /// Only tickets of this requester, by user id or e-mail address.
    requester: Option<String>,
    /// Only tickets of this agent, by id.
    assignee: Option<String>,
    /// Only tickets of this group, by id.
    group: Option<String>,
    /// Only tickets of this company, by id.
    company: Option<String>,
    /// Only tickets with this tag.
    tag: Option<String>,
    /// Only tickets of this type.
    ticket_type: Option<String>,
    /// Only tickets with all these words in subject or description, in any letter case. At most ten.
    q: Option<String>,
    /// `true` lists the tickets in the trash too, with `deleted` set. In the order `modified_at` only.
    include_deleted: Option<bool>,
    /// `true` lists the tickets held for spam too, with `spam` set. In the order `modified_at` only.
    include_spam: Option<bool>,
    /// `true` lists the tickets too that the help desk has put into its archive, where it can (Zendesk; from its
    /// export, which ends a minute ago and allows ten pages a minute). In the order `modified_at` only.
    include_archived: Option<bool>,
    /// The attributes that are wanted, separated by commas; all unless given. Leaving `description` and
    /// `requester` out costs the help desk less.
    #[param(example = "id,subject,status")]
    fields: Option<String>,
}

/// List tickets
///
/// All tickets of the help desk, of any age, oldest change first; those in its trash or held for spam
/// if asked for. The last page says in `coverage` what could not be listed, and has a `sync_token`:
/// given as `page` later, it lists what has changed since, also what was trashed or held for spam
/// since then (`include_deleted=false` and `include_spam=false` leave those out). Where the help desk does
/// not tell enough of those for the filter, `coverage` says so.
#[utoipa::path(
    get, path = "/tickets", operation_id = "listTickets", tag = "Tickets",
    params(AccountPath, PageParams, TicketListParams, RawDataHeader),
    responses((status = 200, description = "A page of tickets.", body = TicketList), Errors),
)]
pub async fn list_tickets(open: OpenDesk, listing: Listing) -> Result<Response> {
    let OpenDesk { desk, links } = open;
    let Listing { request, fields } = listing;
    let listed = desk.list_tickets(&request).await?;
    let list = List::new(request.page, listed, |found| links.ticket_object(found));
    Ok(match fields {
        None => Json(StatusCode::OK, list).into_response(),
        Some(fields) => Json(StatusCode::OK, list.only(&fields)?).into_response(),
    })
}

/// Retrieve a ticket
///
/// A ticket that lies in the help desk's trash is not found.
#[utoipa::path(
    get, path = "/tickets/{ticket_id}", operation_id = "getTicket", tag = "Tickets",
    params(AccountPath, TicketPath, RawDataHeader),
    responses((status = 200, description = "The ticket.", body = TicketObject,
        headers(("ETag" = String, description = "The version of the ticket, for `If-Match`."))), Errors),
)]
pub async fn get_ticket(open: OpenDesk, TicketAt(id): TicketAt) -> Result<impl IntoResponse> {
    let OpenDesk { desk, links } = open;
    let found = desk.get_ticket(&id).await?;
    Ok(TicketAnswer(StatusCode::OK, links, found))
}

/// What a new ticket is made of. Attributes that the help desk does not have are ignored.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewTicket)]
pub struct CreateTicket {
    /// Subject, plain text.
    #[schema(required, nullable = false, example = "My order has not arrived")]
    subject: Option<String>,
    /// First message of the ticket; may be HTML.
    #[schema(
        required,
        nullable = false,
        example = "<div>It should have been here on Monday.</div>"
    )]
    description: Option<String>,
    /// Type of the ticket, one of the help desk's list.
    ticket_type: Option<String>,
    /// Priority, `normal` unless given.
    priority: Option<Priority>,
    /// Status, `open` unless given.
    status: Option<Status>,
    /// Tags.
    #[schema(example = json!(["order"]))]
    tags: Option<Vec<String>>,
    /// Whether the requester can see the ticket, true unless given. Freshdesk does not have this: its
    /// tickets are always public.
    public: Option<bool>,
    /// When the ticket is due, ISO 8601. Sets both due dates of Freshdesk.
    #[schema(value_type = Option<String>, format = DateTime, example = "2030-08-25T19:50:31Z")]
    due_at: Option<Timestamp>,
    /// Custom fields; those that are not named stay empty.
    custom_properties: Option<Vec<CustomProperty>>,
    /// Id of the group.
    group: Option<String>,
    /// Id of the company.
    company: Option<String>,
    /// Who asks: a `user_id` or an `email`. Required for Freshdesk.
    requester: Option<PersonRef>,
    /// Id of the person who enters the ticket. Freshdesk does not have this.
    submitter: Option<String>,
    /// Id of the agent who is to work on the ticket.
    assignee: Option<String>,
    /// People in copy; Freshdesk takes each by `email`.
    email_ccs: Option<Vec<PersonRef>>,
    /// People who follow the ticket. Freshdesk does not have this.
    followers: Option<Vec<PersonRef>>,
}

impl CreateTicket {
    /// Checks what does not depend on the help desk, and fills in the defaults.
    fn into_new(self) -> Result<NewTicket> {
        let Self {
            subject,
            description,
            ticket_type,
            priority,
            status,
            tags,
            public,
            due_at,
            custom_properties,
            group,
            company,
            requester,
            submitter,
            assignee,
            email_ccs,
            followers,
        } = self;
        if let Some(requester) = &requester {
            check_person("requester", requester)?;
        }
        let custom_properties = custom_properties.unwrap_or_default();
        check_properties(&custom_properties)?;
        Ok(NewTicket {
            subject: required("subject", subject)?,
            description: required("description", description)?,
            ticket_type,
            priority: priority.unwrap_or_default(),
            status: status.unwrap_or_default(),
            tags: tags.unwrap_or_default(),
            public: public.unwrap_or(true),
            due_at,
            custom_properties,
            group,
            company,
            requester,
            submitter,
            assignee,
            email_ccs: email_ccs.unwrap_or_default(),
            followers: followers.unwrap_or_default(),
        })
    }
}

/// A text that must be given, and not be blank.
pub(super) fn required(name: &str, text: Option<String>) -> Result<String> {
    let given = text.filter(|text| !text.trim().is_empty());
    given.ok_or_else(|| Error::BadRequest(format!("{name} is required")))
}

/// Refuses a person who is not named.
fn check_person(name: &str, person: &PersonRef) -> Result<()> {
    if let Some(email) = &person.email
        && !is_address(email)
    {
        return Err(Error::BadRequest(format!(
            "{name}.email must be an e-mail address, not {email:?}"
        )));
    }
    if person.user_id.is_none() && person.email.is_none() {
        return Err(Error::BadRequest(format!(
            "{name} needs a user_id or an email"
        )));
    }
    Ok(())
}

/// Whether a text has the shape of an e-mail address; whether it exists the help desk may find out.
fn is_address(text: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    text.len() <= 254
        && text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !text.contains(blank)
}

/// Refuses a custom field that is named twice: which value would count?
fn check_properties(properties: &[CustomProperty]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match properties
        .iter()
        .find(|property| !seen.insert(&property.id))
    {
        None => Ok(()),
        Some(twice) => Err(Error::BadRequest(format!(
            "custom_properties names {:?} twice",
            twice.id
        ))),
    }
}

/// Create a ticket
///
/// The answer is the ticket as the help desk has made it: its own rules may have changed the status,
/// the assignee and more.
#[utoipa::path(
    post, path = "/tickets", operation_id = "createTicket", tag = "Tickets",
    params(AccountPath, RawDataHeader, WriteHeaders, DryRunParams), request_body = CreateTicket,
    responses(
        (status = 202, description = "With `dry_run=true`: what would be done.", body = DryRunObject),(status = 201, description = "The new ticket.", body = TicketObject,
        headers(("ETag" = String, description = "The version of the ticket, for `If-Match`."))), Errors),
)]
pub async fn create_ticket(
    open: OpenDesk,
    Body(body): Body<CreateTicket>,
) -> Result<impl IntoResponse> {
    let OpenDesk { desk, links } = open;
    let found = desk.create_ticket(body.into_new()?).await?;
    Ok(TicketAnswer(StatusCode::CREATED, links, found))
}

/// What to change about a ticket: what is not named stays, `null` empties what can be empty.
/// Attributes that the help desk does not have are ignored; one that it has but cannot change is
/// refused by name, unless it would stay the same.
#[derive(Deserialize, ToSchema)]
#[schema(as = TicketPatch)]
pub struct UpdateTicket {
    /// Type of the ticket, one of the help desk's list.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ticket_type: Patch<String>,
    /// Subject, plain text.
    #[serde(default)]
    #[schema(value_type = String)]
    subject: Patch<String>,
    /// First message of the ticket; may be HTML.
    #[serde(default)]
    #[schema(value_type = String)]
    description: Patch<String>,
    /// Priority.
    #[serde(default)]
    #[schema(value_type = Priority)]
    priority: Patch<Priority>,
    /// Status.
    #[serde(default)]
    #[schema(value_type = Status)]
    status: Patch<Status>,
    /// All tags; those that are left out are removed.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!(["order", "late"]))]
    tags: Patch<Vec<String>>,
    /// Whether the requester can see the ticket. Freshdesk does not have this.
    #[serde(default)]
    #[schema(value_type = bool)]
    public: Patch<bool>,
    /// When the ticket is due, ISO 8601. Sets both due dates of Freshdesk.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2030-08-25T19:50:31Z")]
    due_at: Patch<Timestamp>,
    /// The custom fields to change; others keep their values. `{"id": …, "value": null}` empties one.
    #[serde(default)]
    #[schema(value_type = Vec<CustomProperty>)]
    custom_properties: Patch<Vec<CustomProperty>>,
    /// Id of the group.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    group: Patch<String>,
    /// Id of the company.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    company: Patch<String>,
    /// Who asks: a `user_id` or an `email`.
    #[serde(default)]
    #[schema(value_type = PersonRef)]
    requester: Patch<PersonRef>,
    /// Id of the person who entered the ticket. Freshdesk does not have this.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    submitter: Patch<String>,
    /// Id of the agent who works on the ticket.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    assignee: Patch<String>,
    /// All people in copy. Freshdesk cannot change them on an existing ticket.
    #[serde(default)]
    #[schema(value_type = Option<Vec<PersonRef>>)]
    email_ccs: Patch<Vec<PersonRef>>,
    /// All followers. Freshdesk does not have this.
    #[serde(default)]
    #[schema(value_type = Option<Vec<PersonRef>>)]
    followers: Patch<Vec<PersonRef>>,
}

impl UpdateTicket {
    /// Checks what does not depend on the help desk.
    fn into_patch(self) -> Result<TicketPatch> {
        let Self {
            ticket_type,
            subject,
            description,
            priority,
            status,
            tags,
            public,
            due_at,
            custom_properties,
            group,
            company,
            requester,
            submitter,
            assignee,
            email_ccs,
            followers,
        } = self;
        if let Some(requester) = requester.value() {
            check_person("requester", requester)?;
        }
        if let Some(properties) = custom_properties.value() {
            check_properties(properties)?;
        }
        Ok(TicketPatch {
            ticket_type,
            subject,
            description,
            priority,
            status,
            tags,
            public,
            due_at,
            custom_properties,
            group,
            company,
            requester,
            submitter,
            assignee,
            email_ccs,
            followers,
            unless_changed_since: None,
        })
    }
}

/// Update a ticket
///
/// Changes what the body names, and nothing else.
#[utoipa::path(
    patch, path = "/tickets/{ticket_id}", operation_id = "updateTicket", tag = "Tickets",
    params(AccountPath, TicketPath, RawDataHeader, WriteHeaders, MatchHeader, DryRunParams), request_body = UpdateTicket,
    responses(
        (status = 202, description = "With `dry_run=true`: what would be done.", body = DryRunObject),(status = 200, description = "The ticket after the change.", body = TicketObject,
        headers(("ETag" = String, description = "The version of the ticket, for `If-Match`."))), Errors),
)]
pub async fn update_ticket(
    open: OpenDesk,
    TicketAt(id): TicketAt,
    precondition: Precondition,
    Body(body): Body<UpdateTicket>,
) -> Result<impl IntoResponse> {
    let OpenDesk { desk, links } = open;
    let patch = body.into_patch()?;
    let found = desk.update_ticket(&id, patch, &precondition).await?;
    Ok(TicketAnswer(StatusCode::OK, links, found))
}

/// Delete a ticket
///
/// Moves the ticket into the help desk's trash, where there is one.
#[utoipa::path(
    delete, path = "/tickets/{ticket_id}", operation_id = "deleteTicket", tag = "Tickets",
    params(AccountPath, TicketPath, WriteHeaders, MatchHeader, DryRunParams),
    responses(
        (status = 202, description = "With `dry_run=true`: what would be done.", body = DryRunObject),(status = 204, description = "The ticket is gone."), Errors),
)]
pub async fn delete_ticket(
    open: OpenDesk,
    TicketAt(id): TicketAt,
    precondition: Precondition,
) -> Result<impl IntoResponse> {
    open.desk.delete_ticket(&id, &precondition).await?;
    Ok(StatusCode::NO_CONTENT)
}
