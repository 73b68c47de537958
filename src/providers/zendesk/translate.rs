//! Pure functions: unified values ⇄ Zendesk's calls and JSON.

use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::model::comment::{Attachment, Comment, NewComment};
use crate::model::id::{CommentId, TicketId};
use crate::model::patch::Patch;
use crate::model::person::{Person, PersonRef};
use crate::model::text::Text;
use crate::model::ticket::{CustomProperty, NewTicket, Status, Ticket, TicketPatch};
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::{
    Fields, List, Number, number, patched, readable, text, texts, time, whole_seconds,
};
use crate::providers::zendesk::people::People;
use crate::providers::zendesk::statuses::{self, Labels};
use crate::providers::zendesk::wire;
use crate::transport::call::{Call, Replay};

/// Most objects on one page (section 7).
pub(super) const MAX_PAGE: u16 = 100;

/// Longest text of a comment, in bytes; Zendesk cuts a longer one without a word (section 6).
const LONGEST_TEXT: usize = 65_535;

/// The path of a ticket. An id that is not a number is no ticket of Zendesk's.
pub(super) fn ticket_path(id: &TicketId) -> Result<[Cow<'static, str>; 2]> {
    let number = number(id.upstream()).ok_or_else(|| ProviderError::not_found("the ticket"))?;
    Ok(["tickets".into(), number.to_string().into()])
}

/// The path of a list below a ticket.
fn below_ticket(id: &TicketId, name: &'static str) -> Result<[Cow<'static, str>; 3]> {
    let [tickets, number] = ticket_path(id)?;
    Ok([tickets, number, name.into()])
}

/// Reads an id that a request names, or says which attribute is wrong.
fn id_of(attribute: &str, text: &str) -> Result<Value> {
    number(text).map(Value::from).ok_or_else(|| {
        let message = format!(
            "{attribute} must be an id of Zendesk, a number such as \"361234567890\", not {text:?}"
        );
        ProviderError::new(Kind::InvalidParameter, message)
    })
}

/// Whose credential it is. Answers 200 to nobody, too (section 2).
pub(super) fn get_me() -> Call {
    Call::get(["users".into(), "me".into()])
}

/// Finds people by exactly this address. Quotes and backslashes, which no address that matters has,
/// would end the term.
pub(super) fn find_users(email: &str) -> Call {
    let address: String = email
        .chars()
        .filter(|letter| !matches!(letter, '"' | '\\'))
        .collect();
    Call::get(["users".into(), "search".into()]).query("query", format!("email:\"{address}\""))
}

/// Reads people by id, at most a hundred.
pub(super) fn get_users(ids: &[u64]) -> Call {
    let ids: Vec<_> = ids.iter().map(u64::to_string).collect();
    Call::get(["users".into(), "show_many".into()]).query("ids", ids.join(","))
}

/// Reads one ticket with the people that it names.
pub(super) fn get_ticket(id: &TicketId) -> Result<Call> {
    Ok(Call::get(ticket_path(id)?).query("include", "users"))
}

/// Makes a ticket. Its first comment is the description.
pub(super) fn create_ticket(new: &NewTicket, me: Option<u64>) -> Result<Call> {
    let NewTicket {
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
    } = new;
    let mut body = Map::new();
    body.insert("subject".into(), json!(subject));
    body.insert(
        "comment".into(),
        json!({ "html_body": plain_liquid("description", description)?, "public": public }),
    );
    body.insert("priority".into(), json!(priority));
    body.insert("status".into(), json!(statuses::status_word(*status)));
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
        body.insert("due_at".into(), json!(whole_seconds(*due_at)));
    }
    if !custom_properties.is_empty() {
        body.insert("custom_fields".into(), custom_fields(custom_properties)?);
    }
    let ids = [
        ("group", "group_id", group),
        ("company", "organization_id", company),
        ("submitter", "submitter_id", submitter),
        ("assignee", "assignee_id", assignee),
    ];
    for (attribute, name, id) in ids {
        if let Some(id) = id {
            body.insert(name.into(), id_of(attribute, id)?);
        }
    }
    // A ticket is solved by somebody (section 3): by the connected agent unless the request says who.
    if *status == Status::Resolved && assignee.is_none() {
        body.insert("assignee_id".into(), json!(me));
    }
    if !email_ccs.is_empty() {
        body.insert("email_ccs".into(), added("email_ccs", email_ccs)?);
    }
    if !followers.is_empty() {
        body.insert("followers".into(), added("followers", followers)?);
    }
    Ok(Call::post(["tickets".into()], json!({ "ticket": body })))
}

/// Changes what the patch names; none if it names nothing. `current` is the ticket as it is, for people in
/// copy and followers, which are not set but added and removed (section 5).
pub(super) fn update_ticket(
    id: &TicketId,
    patch: &TicketPatch,
    current: Option<&Ticket>,
) -> Result<Option<Call>> {
    // `description`, `public` and `submitter` cannot be changed (section 3); the gate has refused them.
    let TicketPatch {
        ticket_type,
        subject,
        description: _,
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
        followers,
        unless_changed_since,
    } = patch;
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.into(), value);
        }
    };
    put("type", patched(ticket_type, |text| Ok(json!(text)))?);
    put("subject", patched(subject, |text| Ok(json!(text)))?);
    put("priority", patched(priority, |word| Ok(json!(word)))?);
    let status = patched(status, |status| Ok(json!(statuses::status_word(*status))))?;
    put("status", status);
    put(
        "due_at",
        patched(due_at, |due| Ok(json!(whole_seconds(*due))))?,
    );
    let fields = patched(custom_properties, |properties| custom_fields(properties))?;
    put("custom_fields", fields);
    put("group_id", patched(group, |id| id_of("group", id))?);
    put(
        "organization_id",
        patched(company, |id| id_of("company", id))?,
    );
    put(
        "assignee_id",
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
    if let Some(current) = current {
        let ccs = exchanged("email_ccs", email_ccs, &current.email_ccs)?;
        put("email_ccs", ccs);
        put(
            "followers",
            exchanged("followers", followers, &current.followers)?,
        );
    }
    if let Patch::Set(requester) = requester {
        body.extend(requester_members(requester)?);
    }
    if body.is_empty() {
        return Ok(None);
    }
    // What is added and removed rests on what is there: refused if it has changed since (section 4). So is what a
    // client wants to change of what it has seen.
    let seen = unless_changed_since.or_else(|| current?.modified_at);
    if let Some(seen) = seen {
        body.insert("safe_update".into(), json!(true));
        body.insert("updated_stamp".into(), json!(seen));
    }
    Ok(Some(Call::put(ticket_path(id)?, json!({ "ticket": body }))))
}

/// The same change, with the connected agent as the one who solves the ticket.
pub(super) fn solved_by(mut call: Call, me: u64) -> Call {
    if let Some(ticket) = call.body.as_mut().and_then(|body| body.get_mut("ticket")) {
        ticket["assignee_id"] = json!(me);
    }
    call
}

/// Removes a ticket into the trash.
pub(super) fn delete_ticket(id: &TicketId) -> Result<Call> {
    Ok(Call::delete(ticket_path(id)?))
}

/// Names the requester by id, or by an address from which Zendesk makes an end user. A new one needs a
/// name: the given one, else the local part of the address (section 4).
fn requester_members(requester: &PersonRef) -> Result<Map<String, Value>> {
    let PersonRef {
        user_id,
        email,
        name,
    } = requester;
    let mut members = Map::new();
    if let Some(user_id) = user_id {
        members.insert("requester_id".into(), id_of("requester.user_id", user_id)?);
    } else if let Some(email) = email {
        let local = || email.split('@').next().unwrap_or(email).to_owned();
        let name = name.clone().filter(|name| !name.trim().is_empty());
        let person = json!({ "email": email, "name": name.unwrap_or_else(local) });
        members.insert("requester".into(), person);
    }
    Ok(members)
}

/// A person as Zendesk's commands name one.
fn command(attribute: &str, person: &PersonRef, action: &str) -> Result<Value> {
    let PersonRef {
        user_id,
        email,
        name,
    } = person;
    let mut command = json!({ "action": action });
    if let Some(user_id) = user_id {
        command["user_id"] = id_of(attribute, user_id)?;
    } else if let Some(email) = email {
        command["user_email"] = json!(email);
        if let Some(name) = name {
            command["user_name"] = json!(name);
        }
    }
    Ok(command)
}

/// Commands that add people.
fn added(attribute: &str, people: &[PersonRef]) -> Result<Value> {
    let add = |person| command(attribute, person, "put");
    people.iter().map(add).collect()
}

/// Commands that make the people of now those of the patch.
fn exchanged(
    attribute: &str,
    patch: &Patch<Vec<PersonRef>>,
    current: &[Person],
) -> Result<Option<Value>> {
    let wanted: &[PersonRef] = match patch {
        Patch::Keep => return Ok(None),
        Patch::Clear => &[],
        Patch::Set(wanted) => wanted,
    };
    let mut commands = Vec::new();
    for person in current {
        if !wanted.iter().any(|reference| reference.names(person)) {
            let gone = PersonRef {
                user_id: person.user_id.clone(),
                ..PersonRef::default()
            };
            commands.push(command(attribute, &gone, "delete")?);
        }
    }
    for reference in wanted {
        if !current.iter().any(|person| reference.names(person)) {
            commands.push(command(attribute, reference, "put")?);
        }
    }
    Ok(Some(Value::Array(commands)))
}

/// Custom fields as Zendesk has them: a list, by number.
fn custom_fields(properties: &[CustomProperty]) -> Result<Value> {
    let field = |CustomProperty { id, value }: &CustomProperty| {
        let invalid = |what: &str| {
            let message = format!("custom_properties: the {what} of {id:?} is not valid");
            ProviderError::new(Kind::InvalidParameter, message)
        };
        let number = number(id).ok_or_else(|| invalid("id"))?;
        let value: Value = serde_json::from_str(value.get()).map_err(|_| invalid("value"))?;
        Ok(json!({ "id": number, "value": value }))
    };
    properties.iter().map(field).collect()
}

/// A text of a person's, which Zendesk must not take for a template: `{{ticket.id}}` in a comment is
/// expanded (section 6). The second brace becomes its entity, which reads the same.
fn plain_liquid(attribute: &str, html: &str) -> Result<String> {
    let text = html.replace("{{", "{&#123;").replace("{%", "{&#37;");
    if text.len() > LONGEST_TEXT {
        let message =
            format!("{attribute} is longer than {LONGEST_TEXT} bytes, the most that Zendesk keeps");
        return Err(ProviderError::new(Kind::InvalidParameter, message));
    }
    Ok(text)
}

/// A ticket as the unified API has it.
pub(super) fn ticket(ticket: wire::Ticket<'_>, people: &People, labels: &Labels) -> Ticket {
    let wire::Ticket {
        id,
        subject,
        description,
        kind,
        status,
        custom_status_id,
        priority,
        requester_id,
        submitter_id,
        assignee_id,
        organization_id,
        group_id,
        email_cc_ids,
        follower_ids,
        is_public,
        due_at,
        tags,
        custom_fields,
        created_at,
        updated_at,
    } = ticket;
    let is_deleted = status.is_some_and(|status| status.get() == "\"deleted\"");
    let (status, native_status) = statuses::status(status, custom_status_id, labels);
    let persons = |ids: List<_>| ids.0.into_iter().filter_map(|id| people.person(id));
    Ticket {
        id: TicketId::from_upstream(id.0.to_string()),
        ticket_type: text(kind),
        subject: text(subject),
        description: text(description).map(Text::into_html),
        priority: statuses::priority(priority),
        status,
        native_status,
        tags: Some(texts(tags)),
        public: is_public.0,
        due_at: time(due_at),
        custom_properties: custom_fields.0.iter().filter_map(property).collect(),
        group: group_id.id(),
        company: organization_id.id(),
        requester: people.person(requester_id),
        submitter: submitter_id.id(),
        assignee: assignee_id.id(),
        email_ccs: persons(email_cc_ids).collect(),
        followers: persons(follower_ids).collect(),
        created_at: time(created_at),
        modified_at: time(updated_at),
        deleted: is_deleted,
        spam: false,
    }
}

/// A custom field: `{"id": 361234567890, "value": …}`.
fn property(members: &Fields<'_>) -> Option<CustomProperty> {
    Some(CustomProperty {
        id: members.get("id")?.get().trim_matches('"').to_owned(),
        value: readable(members.get("value")?),
    })
}

/// A ticket in the trash: Zendesk tells number, subject, former status and when.
pub(super) fn deleted_ticket(wire: &wire::DeletedTicket<'_>, labels: &Labels) -> Ticket {
    let wire::DeletedTicket {
        id,
        subject,
        deleted_at,
        previous_state,
    } = wire;
    let (status, native_status) = statuses::status(*previous_state, Number::default(), labels);
    Ticket {
        id: TicketId::from_upstream(id.0.to_string()),
        ticket_type: None,
        subject: text(*subject),
        description: None,
        priority: None,
        status,
        native_status,
        tags: None,
        public: None,
        due_at: None,
        custom_properties: Vec::new(),
        group: None,
        company: None,
        requester: None,
        submitter: None,
        assignee: None,
        email_ccs: Vec::new(),
        followers: Vec::new(),
        created_at: None,
        modified_at: time(*deleted_at),
        deleted: true,
        spam: false,
    }
}

/// Lists the comments of a ticket, oldest first.
pub(super) fn list_comments(ticket: &TicketId, after: Option<&str>, size: u16) -> Result<Call> {
    let call = Call::get(below_ticket(ticket, "comments")?)
        .query("page[size]", size.min(MAX_PAGE).to_string());
    Ok(match after {
        Some(cursor) => call.query("page[after]", cursor.to_owned()),
        None => call,
    })
}

/// Adds a comment, which is a change of the ticket. Said twice it is there twice (section 4).
pub(super) fn create_comment(ticket: &TicketId, new: &NewComment) -> Result<Call> {
    let NewComment {
        content,
        author,
        public,
    } = new;
    let mut comment = json!({ "html_body": plain_liquid("content", content)?, "public": public });
    if let Some(author) = author {
        comment["author_id"] = id_of("author", author)?;
    }
    let body = json!({ "ticket": { "comment": comment } });
    Ok(Call {
        replay: Replay::Never,
        ..Call::put(ticket_path(ticket)?, body)
    })
}

/// Makes a public comment private; there is no way back.
pub(super) fn make_private(ticket: &TicketId, comment: &CommentId) -> Result<Call> {
    let [tickets, number_of_ticket] = ticket_path(ticket)?;
    let id = number(comment.upstream()).ok_or_else(|| ProviderError::not_found("the comment"))?;
    let path = [
        tickets,
        number_of_ticket,
        "comments".into(),
        id.to_string().into(),
        "make_private".into(),
    ];
    Ok(Call::put(path, json!({})))
}

/// Makes a text of a comment unreadable, for ever.
pub(super) fn redact_text(ticket: &TicketId, comment: u64, text: &str) -> Result<Call> {
    let [tickets, number_of_ticket] = ticket_path(ticket)?;
    let path = [
        tickets,
        number_of_ticket,
        "comments".into(),
        comment.to_string().into(),
        "redact".into(),
    ];
    Ok(Call::put(path, json!({ "text": text })))
}

/// Makes a file of a comment unreadable, for ever.
pub(super) fn redact_file(ticket: &TicketId, comment: u64, file: u64) -> Result<Call> {
    let [tickets, number_of_ticket] = ticket_path(ticket)?;
    let path = [
        tickets,
        number_of_ticket,
        "comments".into(),
        comment.to_string().into(),
        "attachments".into(),
        file.to_string().into(),
        "redact".into(),
    ];
    Ok(Call::put(path, json!({})))
}

/// A comment as the unified API has it. One whose visibility is not told counts as private.
pub(super) fn comment(comment: wire::Comment<'_>, created_at: Option<&RawValue>) -> Comment {
    let wire::Comment {
        id,
        author_id,
        html_body,
        body,
        public,
        attachments,
        created_at: own_time,
    } = comment;
    let created_at = time(own_time.or(created_at));
    Comment {
        id: CommentId::from_upstream(id.0.to_string()),
        content: text(html_body).or_else(|| text(body)),
        author: author_id.id(),
        public: public.is_set(),
        attachments: attachments.0.into_iter().filter_map(attachment).collect(),
        created_at,
        // A comment has no time of change (section 6): its text never changes.
        modified_at: created_at,
    }
}

/// A file as the unified API has it.
fn attachment(attachment: wire::Attachment<'_>) -> Option<Attachment> {
    let wire::Attachment {
        id,
        file_name,
        content_type,
        size,
        content_url,
        thumbnails,
    } = attachment;
    let thumbnail = thumbnails.0.first().and_then(|small| small.content_url);
    Some(Attachment {
        id: id.id()?,
        filename: text(file_name),
        content_type: text(content_type),
        url: text(content_url),
        thumb_url: text(thumbnail),
        size: size.0,
    })
}
