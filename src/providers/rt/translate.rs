//! Pure functions: unified values ⇄ RT's calls and JSON.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::model::comment::{Attachment, Comment, NewComment};
use crate::model::id::{CommentId, TicketId};
use crate::model::patch::Patch;
use crate::model::person::{Person, PersonRef};
use crate::model::text::Text;
use crate::model::ticket::{CustomProperty, Status, Ticket, TicketPatch};
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::{Fields, List, number, text, texts, whole_seconds};
use crate::providers::rt::credentials::Options;
use crate::providers::rt::people::People;
use crate::providers::rt::searches::MAX_PAGE;
use crate::providers::rt::texts::Message;
use crate::providers::rt::words::{self, DELETED};
use crate::providers::rt::{properties, wire};
use crate::transport::call::{Call, Replay};

/// Longest subject, in bytes; RT cuts a longer one without a word (facts, 10).
const LONGEST_SUBJECT: usize = 200;
/// Longest e-mail address, in bytes.
const LONGEST_ADDRESS: usize = 120;
/// The owner of a ticket that nobody works on.
pub(super) const NOBODY: &str = "Nobody";

/// The number of a ticket. Another id is no ticket of RT's.
pub(super) fn ticket_number(id: &TicketId) -> Result<u64> {
    number(id.upstream()).ok_or_else(|| ProviderError::not_found("the ticket"))
}

/// The path of a ticket.
fn ticket_path(id: u64) -> [Cow<'static, str>; 2] {
    ["ticket".into(), id.to_string().into()]
}

/// Tries the credential: the version of RT.
pub(super) fn get_version() -> Call {
    Call::get(["rt".into()])
}

/// Reads a ticket even if it is deleted. People are told by their logins alone.
pub(super) fn get_ticket(id: u64) -> Call {
    Call::get(ticket_path(id)).query("fields[CustomFields]", "MaxValues")
}

/// Whether a text can be the name of something in an address.
pub(super) fn is_name(text: &str) -> bool {
    let is_dots = text.chars().all(|letter| letter == '.');
    !is_dots && !text.contains('/') && !text.chars().any(char::is_control)
}

/// Reads a queue, by number or by name.
pub(super) fn get_queue(queue: &str) -> Call {
    Call::get(["queue".into(), queue.to_owned().into()])
}

/// Lists the queues that the credential's owner sees.
pub(super) fn list_queues(page: u32) -> Call {
    Call::get(["queues".into(), "all".into()])
        .query("orderby", "id")
        .query("per_page", MAX_PAGE.to_string())
        .query("page", page.to_string())
        .query("fields", "_hyperlinks")
}

/// Whether a ticket may be made in a queue.
pub(super) fn may_create(queue: &wire::Queue<'_>) -> bool {
    let is_create = |link: &Fields<'_>| {
        let refers = text(link.get("ref"));
        refers.is_some_and(|refers| refers.decode() == "create")
    };
    queue.links.0.iter().any(is_create)
}

/// Reads a user, by login or by number.
pub(super) fn get_user(user: &str) -> Call {
    Call::get(["user".into(), user.to_owned().into()])
}

/// Makes a ticket.
pub(super) fn create_ticket(
    queue: u64,
    description: &str,
    wanted: &TicketPatch,
    people: &People,
    options: &Options,
) -> Result<Call> {
    let mut body = members(wanted, None, people, options)?;
    body.insert("Queue".into(), json!(queue.to_string()));
    body.insert("Content".into(), json!(description));
    body.insert("ContentType".into(), json!("text/html"));
    // Without one it gets the first of its queue's lifecycle, which reads as open.
    body.remove("Status");
    if wanted.status == Patch::Set(Status::Resolved) {
        body.insert(
            "Status".into(),
            json!(words::native_status(Status::Resolved)),
        );
    }
    Ok(Call::post(["ticket".into()], Value::Object(body)))
}

/// Changes what a patch names; none if it names nothing. `current` is the ticket as it is.
pub(super) fn update_ticket(
    id: u64,
    wanted: &TicketPatch,
    current: &Ticket,
    people: &People,
    options: &Options,
) -> Result<Option<Call>> {
    let body = members(wanted, Some(current), people, options)?;
    if body.is_empty() {
        return Ok(None);
    }
    // Carried out twice, one that empties a field would put an empty value into it (facts, 4).
    Ok(Some(Call {
        replay: Replay::Never,
        ..Call::put(ticket_path(id), Value::Object(body))
    }))
}

/// The members of a write that a patch names.
fn members(
    wanted: &TicketPatch,
    current: Option<&Ticket>,
    people: &People,
    options: &Options,
) -> Result<Map<String, Value>> {
    // RT has no types, companies or visibility; `description` and `submitter` cannot be changed.
    let TicketPatch {
        ticket_type: _,
        subject,
        description: _,
        priority,
        status,
        tags,
        public: _,
        due_at,
        custom_properties,
        group,
        company: _,
        requester,
        submitter: _,
        assignee,
        email_ccs,
        followers,
        unless_changed_since: _,
    } = wanted;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        body.insert(name.into(), value);
    };
    if let Patch::Set(subject) = subject {
        put("Subject", json!(subject));
    }
    if let Patch::Set(word) = priority {
        put("Priority", json!(options.priorities.number(*word)));
    }
    if let Patch::Set(word) = status {
        put("Status", json!(words::native_status(*word)));
    }
    if let Patch::Set(group) = group {
        put("Queue", json!(group));
    }
    match due_at {
        Patch::Keep => {}
        Patch::Clear => put("Due", json!("")),
        Patch::Set(due_at) => put("Due", json!(written(*due_at))),
    }
    match assignee {
        Patch::Keep => {}
        Patch::Clear => put("Owner", json!(NOBODY)),
        Patch::Set(assignee) => put("Owner", json!(assignee)),
    }
    if let Patch::Set(requester) = requester {
        put("Requestor", json!([address(requester, people)?]));
    }
    for (name, list) in [("Cc", email_ccs), ("AdminCc", followers)] {
        match list {
            Patch::Keep => {}
            Patch::Clear => put(name, json!([])),
            Patch::Set(list) => {
                let addresses: Result<Vec<_>> =
                    list.iter().map(|person| address(person, people)).collect();
                put(name, json!(addresses?));
            }
        }
    }
    let mut fields = Map::new();
    match tags {
        Patch::Keep => {}
        Patch::Clear => drop(fields.insert(options.tags_field.clone(), json!([]))),
        Patch::Set(tags) => drop(fields.insert(options.tags_field.clone(), json!(tags))),
    }
    if let Patch::Set(properties) = custom_properties {
        for property in properties {
            if let Some(value) = properties::written(property, current)? {
                fields.insert(property.id.clone(), value);
            }
        }
    }
    if !fields.is_empty() {
        put("CustomFields", Value::Object(fields));
    }
    Ok(body)
}

/// A time as RT reads it in UTC, whatever the time zone of the credential's owner (facts, 5).
fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A person as RT is told one: an address, a new one with its name, or the login of someone without one.
fn address(person: &PersonRef, people: &People) -> Result<String> {
    if let Some(user_id) = &person.user_id {
        return Ok(people.address(user_id).to_owned());
    }
    let email = person.email.as_deref().unwrap_or_default();
    if !is_address(email) {
        let message = format!("{email:?} is not an e-mail address that the help desk takes");
        return Err(ProviderError::new(Kind::InvalidParameter, message));
    }
    let name = person.name.as_deref().unwrap_or_default();
    let is_quiet =
        |letter: &char| !letter.is_control() && !matches!(letter, '"' | '\\' | '<' | '>');
    let name: String = name.chars().filter(is_quiet).collect();
    if name.trim().is_empty() {
        return Ok(email.to_owned());
    }
    Ok(format!("\"{}\" <{email}>", name.trim()))
}

/// Whether RT takes a text for one address. Others it drops from a new ticket; in an update it answers 500, after having
/// changed something else.
fn is_address(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_graphic() && !r#",;<>()[]"\:"#.contains(letter);
    let is_dotted = |part: &str| part.split('.').all(|word| !word.is_empty());
    let is_pair = text.split_once('@').is_some_and(|(local, domain)| {
        !domain.contains('@') && is_dotted(local) && is_dotted(domain)
    });
    is_pair && text.len() <= LONGEST_ADDRESS && text.chars().all(is_plain)
}

/// A due date that RT can keep: the beginning of 1970, and what is before, is none.
pub(super) fn due_at(due_at: Timestamp) -> Result<Timestamp> {
    if due_at.as_second() <= 0 {
        let message = "due_at must be later than 1970-01-01T00:00:00Z";
        return Err(ProviderError::new(Kind::InvalidParameter, message));
    }
    Ok(whole_seconds(due_at))
}

/// A subject as RT keeps it: without line breaks, and not too long.
pub(super) fn subject(subject: &str) -> Result<String> {
    if subject.len() > LONGEST_SUBJECT {
        let message = format!("subject is longer than {LONGEST_SUBJECT} bytes in UTF-8");
        return Err(ProviderError::new(Kind::InvalidParameter, message));
    }
    Ok(subject.replace("\r\n", " ").replace(['\r', '\n'], " "))
}

/// A text as RT keeps it: without the code points that are no characters (facts, 24).
pub(super) fn kept(text: &str) -> String {
    let is_none = |letter: char| {
        let code = u32::from(letter);
        code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
    };
    text.replace(is_none, "\u{fffd}")
}

/// Gives a ticket another status.
pub(super) fn set_status(id: u64, status: &str) -> Call {
    Call::put(ticket_path(id), json!({ "Status": status }))
}

/// Deletes a ticket. RT answers 500 where it is deleted already.
pub(super) fn delete_ticket(id: u64) -> Call {
    Call::delete(ticket_path(id))
}

/// Adds a reply that the requesters get, or a comment that they do not see.
pub(super) fn create_comment(ticket: u64, new: &NewComment) -> Call {
    let NewComment {
        content,
        // Always the credential's owner (trap 24); the gate has refused another one.
        author: _,
        public,
    } = new;
    let [tickets, id] = ticket_path(ticket);
    let kind = if *public { "correspond" } else { "comment" };
    // RT takes this text for none, and says nothing (facts, 20).
    let content = if content == "0" { "0\n" } else { content };
    let body = json!({ "Content": content, "ContentType": "text/html" });
    Call::post([tickets, id, kind.into()], body)
}

/// A ticket as the unified API has it. Its description is not one of its attributes in RT.
pub(super) fn ticket(ticket: wire::Ticket<'_>, options: &Options) -> Ticket {
    let wire::Ticket {
        id,
        kind: _,
        subject,
        status,
        priority,
        queue,
        owner,
        creator,
        requestor,
        cc,
        admin_cc,
        due,
        created,
        last_updated,
        custom_fields,
    } = ticket;
    let (status, native_status) = words::status(status);
    let deleted = native_status.as_ref().is_some_and(|own| own.id == DELETED);
    let mut tags = None;
    let mut custom_properties = Vec::new();
    for field in custom_fields.0 {
        let Some(name) = text(field.get("name")) else {
            continue;
        };
        let name = name.decode().into_owned();
        let values: List<&RawValue> = field
            .get("values")
            .and_then(|values| serde_json::from_str(values.get()).ok())
            .unwrap_or_default();
        let values = texts(values);
        if name == options.tags_field {
            tags = Some(values);
        } else {
            let is_one = field
                .get("MaxValues")
                .is_none_or(|most| most.get() == "\"1\"");
            let value = match values.as_slice() {
                [] if is_one => to_raw_value(&Value::Null),
                [value] if is_one => to_raw_value(value),
                values => to_raw_value(values),
            };
            custom_properties.extend(value.ok().map(|value| CustomProperty { id: name, value }));
        }
    }
    // RT tells them in another order each time (trap 20).
    custom_properties.sort_by(|one: &CustomProperty, other| one.id.cmp(&other.id));
    Ticket {
        id: TicketId::from_upstream(id.0.to_string()),
        ticket_type: None,
        subject: filled(subject),
        description: None,
        priority: options.priorities.word(priority),
        status,
        native_status,
        tags,
        public: None,
        due_at: words::time(due),
        custom_properties,
        group: login(&queue),
        company: None,
        requester: requestor.0.iter().find_map(person),
        submitter: login(&creator),
        assignee: login(&owner).filter(|owner| owner != NOBODY),
        email_ccs: cc.0.iter().filter_map(person).collect(),
        followers: admin_cc.0.iter().filter_map(person).collect(),
        created_at: words::time(created),
        modified_at: words::time(last_updated),
        deleted,
        spam: false,
    }
}

/// A new ticket as it was asked for, where RT does not tell what became of it.
pub(super) fn as_asked(id: u64, queue: u64, description: &str, wanted: &TicketPatch) -> Ticket {
    let text = |patch: &Patch<String>| patch.value().map(|text| Text::new(text));
    let person = |person: &PersonRef| Person {
        user_id: person.user_id.clone(),
        email: person.email.as_deref().map(Text::new),
        name: person.name.as_deref().map(Text::new),
    };
    let people = |list: &Patch<Vec<PersonRef>>| {
        let list = list.value().map(Vec::as_slice).unwrap_or_default();
        list.iter().map(person).collect()
    };
    let tags = wanted.tags.value();
    Ticket {
        id: TicketId::from_upstream(id.to_string()),
        ticket_type: None,
        subject: text(&wanted.subject),
        description: Some(Text::new(description)),
        priority: wanted.priority.value().copied(),
        status: wanted.status.value().copied(),
        native_status: None,
        tags: tags.map(|tags| tags.iter().map(|tag| Text::new(tag)).collect()),
        public: None,
        due_at: wanted.due_at.value().copied(),
        custom_properties: wanted
            .custom_properties
            .value()
            .cloned()
            .unwrap_or_default(),
        group: Some(queue.to_string()),
        company: None,
        requester: wanted.requester.value().map(person),
        submitter: None,
        assignee: wanted.assignee.value().cloned(),
        email_ccs: people(&wanted.email_ccs),
        followers: people(&wanted.followers),
        created_at: None,
        modified_at: None,
        deleted: false,
        spam: false,
    }
}

/// A text that is not empty.
fn filled(raw: Option<&RawValue>) -> Option<Text> {
    text(raw).filter(|text| !text.decode().is_empty())
}

/// The id of what is referred to: the login of a user, the number of a queue.
fn login(reference: &Fields<'_>) -> Option<String> {
    filled(reference.get("id")).map(|id| id.decode().into_owned())
}

/// A user who is referred to.
fn person(reference: &Fields<'_>) -> Option<Person> {
    let login = login(reference)?;
    let email = match reference.get("EmailAddress") {
        Some(email) => filled(Some(email)),
        // Where RT tells the login alone, that of a customer is the address.
        None => Some(Text::new(&login)).filter(|_| login.contains('@')),
    };
    Some(Person {
        user_id: Some(login),
        email,
        name: filled(reference.get("RealName")),
    })
}

/// A comment as the unified API has it.
pub(super) fn comment(transaction: &wire::Transaction<'_>, message: Message) -> Comment {
    let wire::Transaction {
        id,
        object_id: _,
        kind,
        creator,
        created,
    } = transaction;
    let created_at = words::time(*created);
    Comment {
        id: CommentId::from_upstream(id.0.to_string()),
        content: message.text,
        author: login(creator),
        // What is not known to be a reply, or the first message of a merged ticket, is private.
        public: kind.is_some_and(|kind| matches!(kind.get(), "\"Correspond\"" | "\"Create\"")),
        attachments: message.files,
        created_at,
        modified_at: created_at,
    }
}

/// A private comment that was added, for a token that may not see it.
pub(super) fn unseen_comment(id: u64, new: &NewComment) -> Comment {
    Comment {
        id: CommentId::from_upstream(id.to_string()),
        content: Some(Text::new(&new.content)),
        author: None,
        public: false,
        attachments: Vec::new(),
        created_at: None,
        modified_at: None,
    }
}

/// A file that came with a comment. RT gives files to those who are logged in only: there is no address to
/// fetch one from.
pub(super) fn attachment(part: &wire::Attachment<'_>) -> Attachment {
    Attachment {
        id: part.id.0.to_string(),
        filename: filled(part.filename),
        content_type: filled(part.content_type),
        url: None,
        thumb_url: None,
        size: part.content_length.0,
    }
}
