//! Pure functions: unified values ⇄ Freshdesk's calls and JSON.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::model::comment::{Attachment, Comment, CommentPatch, NewComment};
use crate::model::filter::{Order, Requester};
use crate::model::id::{CommentId, TicketId};
use crate::model::page::TicketQuery;
use crate::model::patch::Patch;
use crate::model::person::{Person, PersonRef};
use crate::model::text::Text;
use crate::model::ticket::{CustomProperty, NewTicket, Ticket, TicketPatch};
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::{Number, number, patched, readable, text, texts, time, whole_seconds};
use crate::providers::freshdesk::statuses::{self, Labels};
use crate::providers::freshdesk::walk::List;
use crate::providers::freshdesk::wire;
use crate::transport::call::{Call, Reply};

/// Most objects on one page (section 3).
pub(super) const MAX_PAGE: u16 = 100;

/// The path of a ticket. An id that is not a number is no ticket of Freshdesk's.
fn ticket_path(id: &TicketId) -> Result<[Cow<'static, str>; 2]> {
    let number = number(id.upstream()).ok_or_else(|| ProviderError::not_found("the ticket"))?;
    Ok(["tickets".into(), number.to_string().into()])
}

/// The path of a list or an action below a ticket.
fn below_ticket(id: &TicketId, name: &'static str) -> Result<[Cow<'static, str>; 3]> {
    let [tickets, number] = ticket_path(id)?;
    Ok([tickets, number, name.into()])
}

/// The path of a conversation.
fn conversation_path(id: &CommentId) -> Result<[Cow<'static, str>; 2]> {
    let number = number(id.upstream()).ok_or_else(|| ProviderError::not_found("the comment"))?;
    Ok(["conversations".into(), number.to_string().into()])
}

/// Reads an id that a request names, or says which attribute is wrong.
fn id_of(attribute: &str, text: &str) -> Result<Value> {
    number(text).map(Value::from).ok_or_else(|| {
        let message = format!(
            "{attribute} must be an id of Freshdesk, a number such as \"48001212121\", not {text:?}"
        );
        ProviderError::new(Kind::InvalidParameter, message)
    })
}

/// Who owns the API key: the cheapest call that needs one.
pub(super) fn get_me() -> Call {
    Call::get(["agents".into(), "me".into()])
}

/// Lists tickets.
///
/// `updated_since` lifts the default of the last 30 days (section 4.4). `include` costs two credits
/// each, which is still one call instead of one per ticket.
pub(super) fn list_tickets(
    query: &TicketQuery,
    list: List,
    since: i64,
    page: u32,
    size: u16,
) -> Result<Call> {
    let (order_by, order_type) = match query.order {
        Order::ModifiedAt => ("updated_at", "asc"),
        Order::ModifiedAtDescending => ("updated_at", "desc"),
        Order::CreatedAt => ("created_at", "asc"),
        Order::CreatedAtDescending => ("created_at", "desc"),
        Order::DueAt => ("due_by", "asc"),
    };
    let since = Timestamp::from_second(since).map_err(|_| ProviderError::malformed("a cursor"))?;
    let mut call = Call::get(["tickets".into()])
        .query("updated_since", since.to_string())
        .query("order_by", order_by)
        .query("order_type", order_type)
        .query("per_page", size.min(MAX_PAGE).to_string())
        .query("page", page.to_string());
    match (query.with_description, query.with_requester) {
        (true, true) => call = call.query("include", "description,requester"),
        (true, false) => call = call.query("include", "description"),
        (false, true) => call = call.query("include", "requester"),
        (false, false) => {}
    }
    match list {
        List::Live => {}
        List::Trash => call = call.query("filter", "deleted"),
        List::Spam => call = call.query("filter", "spam"),
    }
    match &query.filter.requester {
        None => {}
        Some(Requester::UserId(id)) => call = call.query("requester_id", id.clone()),
        Some(Requester::Email(email)) => call = call.query("email", email.clone()),
    }
    if let Some(company) = &query.filter.company {
        call = call.query("company_id", company.clone());
    }
    Ok(call)
}

/// Whether a query names somebody, or a company, by what cannot be an id of Freshdesk: then nothing
/// is found, and nobody need be asked.
pub(super) fn names_nobody(query: &TicketQuery) -> bool {
    let is_no_id = |id: &String| number(id).is_none();
    let requester = match &query.filter.requester {
        Some(Requester::UserId(id)) => is_no_id(id),
        Some(Requester::Email(_)) | None => false,
    };
    requester || query.filter.company.as_ref().is_some_and(is_no_id)
}

/// Whether a list was refused because nobody has the address or the id that it asks for: Freshdesk
/// answers 400 where the list would be empty (section 4.4).
pub(super) fn is_unknown_person(error: &ProviderError, query: &TicketQuery) -> bool {
    let asks = query.filter.requester.is_some() || query.filter.company.is_some();
    let names = ["requester: ", "company: "]
        .iter()
        .any(|name| error.message.contains(name));
    asks && error.kind == Kind::Invalid && names
}

/// A ticket of a list with its place in the order of changes.
pub(super) fn row(wire: wire::Ticket<'_>, labels: &Labels) -> (Option<i64>, u64, Ticket) {
    let id = wire.id.0;
    let ticket = ticket(wire, labels);
    (ticket.modified_at.map(Timestamp::as_second), id, ticket)
}

/// Whether a reply names a next page in its `Link` header.
pub(super) fn has_next(reply: &Reply) -> bool {
    reply
        .header("link")
        .is_some_and(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))
}

/// Reads one ticket with its requester's name and address: one call, two credits.
pub(super) fn get_ticket(id: &TicketId) -> Result<Call> {
    Ok(Call::get(ticket_path(id)?).query("include", "requester"))
}

/// Reads one ticket's state alone: one credit.
pub(super) fn get_state(id: &TicketId) -> Result<Call> {
    Ok(Call::get(ticket_path(id)?))
}

/// Reads one ticket with its first ten conversations: one call, two credits.
pub(super) fn get_with_conversations(id: &TicketId) -> Result<Call> {
    Ok(Call::get(ticket_path(id)?).query("include", "conversations"))
}

/// Makes a ticket.
pub(super) fn create_ticket(new: &NewTicket) -> Result<Call> {
    // `public`, `submitter` and `followers` are attributes that Freshdesk does not have.
    let NewTicket {
        subject,
        description,
        ticket_type,
        priority,
        status,
        tags,
        public: _,
        due_at,
        custom_properties,
        group,
        company,
        requester,
        submitter: _,
        assignee,
        email_ccs,
        followers: _,
    } = new;
    let mut body = Map::new();
    body.insert("subject".into(), json!(subject));
    body.insert("description".into(), json!(description));
    body.insert(
        "priority".into(),
        json!(statuses::priority_number(*priority)),
    );
    body.insert("status".into(), json!(statuses::status_number(*status)));
    if let Some(requester) = requester {
        body.extend(requester_members(requester)?);
    }
    if let Some(ticket_type) = ticket_type {
        body.insert("type".into(), json!(ticket_type));
    }
    if !tags.is_empty() {
        body.insert("tags".into(), json!(tags));
    }
    if let Some(due_at) = due_at {
        body.extend(due_members(json!(whole_seconds(*due_at))));
    }
    if !custom_properties.is_empty() {
        body.insert("custom_fields".into(), custom_fields(custom_properties)?);
    }
    if let Some(group) = group {
        body.insert("group_id".into(), id_of("group", group)?);
    }
    if let Some(company) = company {
        body.insert("company_id".into(), id_of("company", company)?);
    }
    if let Some(assignee) = assignee {
        body.insert("responder_id".into(), id_of("assignee", assignee)?);
    }
    if !email_ccs.is_empty() {
        body.insert("cc_emails".into(), addresses(email_ccs)?);
    }
    Ok(Call::post(["tickets".into()], Value::Object(body)))
}

/// Changes what the patch names; none if it names nothing that Freshdesk has.
pub(super) fn update_ticket(id: &TicketId, patch: &TicketPatch) -> Result<Option<Call>> {
    // `email_ccs` cannot be changed (section 4.5); the gate has refused what would.
    let TicketPatch {
        ticket_type,
        subject,
        description,
        priority,
        status,
        tags,
        public: _,
        due_at,
        custom_properties,
        group,
        company,
        requester,
        submitter: _,
        assignee,
        email_ccs: _,
        followers: _,
        unless_changed_since: _,
    } = patch;
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.into(), value);
        }
    };
    put("type", patched(ticket_type, |text| Ok(json!(text)))?);
    put("subject", patched(subject, |text| Ok(json!(text)))?);
    put("description", patched(description, |text| Ok(json!(text)))?);
    put(
        "priority",
        patched(priority, |priority| {
            Ok(json!(statuses::priority_number(*priority)))
        })?,
    );
    put(
        "status",
        patched(status, |status| Ok(json!(statuses::status_number(*status))))?,
    );
    put(
        "custom_fields",
        patched(custom_properties, |properties| custom_fields(properties))?,
    );
    put("group_id", patched(group, |id| id_of("group", id))?);
    put("company_id", patched(company, |id| id_of("company", id))?);
    put(
        "responder_id",
        patched(assignee, |id| id_of("assignee", id))?,
    );
    put(
        "tags",
        match tags {
            Patch::Keep => None,
            Patch::Clear => Some(json!([])),
            Patch::Set(tags) => Some(json!(tags)),
        },
    );
    if let Some(due) = patched(due_at, |due| Ok(json!(whole_seconds(*due))))? {
        body.extend(due_members(due));
    }
    if let Patch::Set(requester) = requester {
        body.extend(requester_members(requester)?);
    }
    if body.is_empty() {
        return Ok(None);
    }
    Ok(Some(Call::put(ticket_path(id)?, Value::Object(body))))
}

/// Removes a ticket into the trash.
pub(super) fn delete_ticket(id: &TicketId) -> Result<Call> {
    Ok(Call::delete(ticket_path(id)?))
}

/// Freshdesk wants both due dates together (section 4.3, and the unified API says so).
fn due_members(due: Value) -> [(String, Value); 2] {
    [("due_by".into(), due.clone()), ("fr_due_by".into(), due)]
}

/// Names the requester by id, or by an address from which Freshdesk makes a contact.
fn requester_members(requester: &PersonRef) -> Result<Map<String, Value>> {
    let PersonRef {
        user_id,
        email,
        name,
    } = requester;
    let mut members = Map::new();
    if let Some(user_id) = user_id {
        members.insert("requester_id".into(), id_of("requester.user_id", user_id)?);
        return Ok(members);
    }
    if let Some(email) = email {
        members.insert("email".into(), json!(email));
    }
    if let Some(name) = name {
        members.insert("name".into(), json!(name));
    }
    Ok(members)
}

/// The addresses of people in copy: all that Freshdesk knows of them.
fn addresses(people: &[PersonRef]) -> Result<Value> {
    let address = |person: &PersonRef| {
        person.email.clone().map(Value::String).ok_or_else(|| {
            ProviderError::new(
                Kind::InvalidParameter,
                "email_ccs: Freshdesk takes people in copy by email only",
            )
        })
    };
    people.iter().map(address).collect()
}

/// Custom fields as an object, values with their types.
fn custom_fields(properties: &[CustomProperty]) -> Result<Value> {
    let mut fields = Map::new();
    for CustomProperty { id, value } in properties {
        let value = serde_json::from_str(value.get()).map_err(|_| {
            ProviderError::new(
                Kind::InvalidParameter,
                format!("custom_properties: the value of {id:?} is not valid"),
            )
        })?;
        fields.insert(id.clone(), value);
    }
    Ok(Value::Object(fields))
}

/// A ticket as the unified API has it.
pub(super) fn ticket(ticket: wire::Ticket<'_>, labels: &Labels) -> Ticket {
    let wire::Ticket {
        id,
        subject,
        description,
        kind,
        status,
        priority,
        requester_id,
        responder_id,
        group_id,
        company_id,
        cc_emails,
        tags,
        custom_fields,
        created_at,
        updated_at,
        due_by,
        deleted,
        spam,
        requester,
        conversations: _,
    } = ticket;
    let (status, native_status) = statuses::status(status, labels);
    let property = |(id, value): (Cow<'_, str>, &RawValue)| CustomProperty {
        id: id.into_owned(),
        value: readable(value),
    };
    Ticket {
        id: TicketId::from_upstream(id.0.to_string()),
        ticket_type: text(kind),
        subject: text(subject),
        description: text(description),
        priority: statuses::priority(priority),
        status,
        native_status,
        tags: Some(texts(tags)),
        public: Some(true),
        due_at: time(due_by),
        custom_properties: custom_fields.0.into_iter().map(property).collect(),
        group: group_id.id(),
        company: company_id.id(),
        requester: person(requester_id, requester),
        submitter: None,
        assignee: responder_id.id(),
        email_ccs: cc_emails.0.into_iter().filter_map(person_in_copy).collect(),
        followers: Vec::new(),
        created_at: time(created_at),
        modified_at: time(updated_at),
        deleted: deleted.is_set(),
        spam: spam.is_set(),
    }
}

/// The requester: what the ticket embeds, or at least the id.
fn person(id: Number, embedded: Option<&RawValue>) -> Option<Person> {
    let embedded: Option<wire::Requester<'_>> =
        embedded.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let Some(wire::Requester {
        id: embedded_id,
        name,
        email,
    }) = embedded
    else {
        return id.id().map(|id| Person {
            user_id: Some(id),
            ..Person::default()
        });
    };
    Some(Person {
        user_id: id.id().or(embedded_id.id()),
        email: text(email),
        name: text(name),
    })
}

/// Someone in copy: an address, or `"Name" <address>`.
fn person_in_copy(raw: &RawValue) -> Option<Person> {
    let literal = Text::from_raw(raw)?;
    let plain = !raw.get().contains(['\\', '<']);
    if plain {
        return Some(Person {
            email: Some(literal),
            ..Person::default()
        });
    }
    let entry = literal.decode();
    let (name, email) = match entry.split_once('<') {
        Some((name, rest)) => (
            name.trim().trim_matches('"'),
            rest.trim_end().trim_end_matches('>'),
        ),
        None => ("", entry.as_ref()),
    };
    let name = (!name.is_empty()).then(|| Text::new(name));
    Some(Person {
        user_id: None,
        email: Some(Text::new(email)),
        name,
    })
}

/// Lists the conversations of a ticket, oldest first.
pub(super) fn list_conversations(ticket: &TicketId, page: u32) -> Result<Call> {
    Ok(Call::get(below_ticket(ticket, "conversations")?)
        .query("per_page", MAX_PAGE.to_string())
        .query("page", page.to_string()))
}

/// Adds a comment: a public one is a reply, a private one a note that says so itself, for a note's
/// default is not the one of our API.
pub(super) fn create_comment(ticket: &TicketId, new: &NewComment) -> Result<Call> {
    let NewComment {
        content,
        author,
        public,
    } = new;
    let mut body = Map::new();
    body.insert("body".into(), json!(content));
    if let Some(author) = author {
        body.insert("user_id".into(), id_of("author", author)?);
    }
    if *public {
        return Ok(Call::post(
            below_ticket(ticket, "reply")?,
            Value::Object(body),
        ));
    }
    body.insert("private".into(), json!(true));
    Ok(Call::post(
        below_ticket(ticket, "notes")?,
        Value::Object(body),
    ))
}

/// Changes a note's text; none if the patch names nothing that can change.
pub(super) fn update_comment(id: &CommentId, patch: &CommentPatch) -> Result<Option<Call>> {
    // Author and visibility are fixed (section 6); the gate has refused what would change them.
    let CommentPatch {
        content,
        author: _,
        public: _,
    } = patch;
    let Some(content) = patched(content, |text| Ok(json!(text)))? else {
        return Ok(None);
    };
    Ok(Some(Call::put(
        conversation_path(id)?,
        json!({ "body": content }),
    )))
}

/// Removes a conversation; there is no way back.
pub(super) fn delete_comment(id: &CommentId) -> Result<Call> {
    Ok(Call::delete(conversation_path(id)?))
}

/// A comment as the unified API has it. `public` is decided by the caller, who knows which call
/// the conversation came from.
pub(super) fn comment(conversation: wire::Conversation<'_>, public: bool) -> Comment {
    let wire::Conversation {
        id,
        user_id,
        body,
        private: _,
        source: _,
        created_at,
        updated_at,
        attachments,
    } = conversation;
    Comment {
        id: CommentId::from_upstream(id.0.to_string()),
        content: text(body),
        author: user_id.id(),
        public,
        attachments: attachments.0.iter().map(attachment).collect(),
        created_at: time(created_at),
        modified_at: time(updated_at),
    }
}

/// A file as the unified API has it.
fn attachment(attachment: &wire::Attachment<'_>) -> Attachment {
    let wire::Attachment {
        id,
        name,
        content_type,
        size,
        url,
        thumb_url,
    } = attachment;
    Attachment {
        id: id.0.to_string(),
        filename: text(*name),
        content_type: text(*content_type),
        url: text(*url),
        thumb_url: text(*thumb_url),
        size: size.0,
    }
}
