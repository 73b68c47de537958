//! What a create, an update or an import of a ticket says, before anything is looked up
//! (Zendesk reference, sections 3 to 6).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::body::{Body, Given, id_of};
use super::comment_draft::CommentDraft;
use super::reply::Reply;

/// The attributes that there are; others are ignored (section 1).
const KNOWN: [&str; 43] = [
    "additional_collaborators",
    "additional_tags",
    "assignee_email",
    "assignee_id",
    "attribute_value_ids",
    "brand_id",
    "collaborator_ids",
    "collaborators",
    "comment",
    "comments",
    "created_at",
    "custom_fields",
    "custom_status_id",
    "description",
    "due_at",
    "email_ccs",
    "external_id",
    "fields",
    "followers",
    "group_id",
    "macro_id",
    "macro_ids",
    "metadata",
    "organization_id",
    "priority",
    "problem_id",
    "raw_subject",
    "recipient",
    "remove_tags",
    "requester",
    "requester_id",
    "safe_update",
    "sharing_agreement_ids",
    "solved_at",
    "status",
    "subject",
    "submitter_id",
    "tags",
    "ticket_form_id",
    "type",
    "updated_at",
    "updated_stamp",
    "via_followup_source_id",
];

/// The attributes of a body.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The subject.
    pub(super) subject: Given<String>,
    /// The attribute `type`.
    pub(super) kind: Given<String>,
    /// The priority.
    pub(super) priority: Given<String>,
    /// The status.
    pub(super) status: Given<String>,
    /// The custom status, which decides the status.
    pub(super) custom_status_id: Given<u64>,
    /// Who asks.
    pub(super) requester_id: Given<u64>,
    /// Who asks, by address.
    pub(super) requester: Option<Person>,
    /// Who submits; only on create.
    pub(super) submitter_id: Given<u64>,
    /// The agent.
    pub(super) assignee_id: Given<u64>,
    /// The agent, by address.
    pub(super) assignee_email: Given<String>,
    /// The organization.
    pub(super) organization_id: Given<u64>,
    /// The group.
    pub(super) group_id: Given<u64>,
    /// Commands on the CCs.
    pub(super) email_ccs: Vec<Command>,
    /// Commands on the followers.
    pub(super) followers: Vec<Command>,
    /// Legacy: people to add, of `collaborators` and `additional_collaborators`.
    pub(super) collaborators: Vec<Person>,
    /// Legacy: replaces all.
    pub(super) collaborator_ids: Given<Vec<u64>>,
    /// Of an incident.
    pub(super) problem_id: Given<u64>,
    /// Anybody's own id.
    pub(super) external_id: Given<String>,
    /// The support address.
    pub(super) recipient: Given<String>,
    /// For tasks.
    pub(super) due_at: Given<Timestamp>,
    /// Replaces all tags.
    pub(super) tags: Given<Vec<String>>,
    /// Adds tags.
    pub(super) additional_tags: Vec<String>,
    /// Takes tags away.
    pub(super) remove_tags: Vec<String>,
    /// Merged by id.
    pub(super) custom_fields: Vec<(u64, Value)>,
    /// The brand.
    pub(super) brand_id: Given<u64>,
    /// The form.
    pub(super) ticket_form_id: Given<u64>,
    /// The new comment.
    pub(super) comment: Option<CommentDraft>,
    /// The first comment, discouraged; updates ignore it (section 3).
    pub(super) description: Given<String>,
    /// The first comment and others, of an import.
    pub(super) comments: Vec<CommentDraft>,
    /// Of an import.
    pub(super) created_at: Given<Timestamp>,
    /// Of an import.
    pub(super) updated_at: Given<Timestamp>,
    /// `metadata` of the audit.
    pub(super) custom: Value,
    /// The closed ticket that the new one continues.
    pub(super) followup_of: Given<u64>,
    /// Whether the stamp is to be compared.
    pub(super) safe_update: Option<bool>,
    /// The `updated_at` that the caller knows.
    pub(super) updated_stamp: Given<Timestamp>,
    /// Attributes that do not exist.
    pub(super) unknown: Vec<String>,
}

/// A person named by id or by address.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    /// An existing user.
    pub(super) id: Option<u64>,
    /// The address.
    pub(super) email: Option<String>,
    /// What a new user is called.
    pub(super) name: Option<String>,
}

/// A command on CCs or followers (section 5).
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// Whom it is about.
    pub(super) person: Person,
    /// Takes the person away; otherwise the person is added.
    pub(super) is_delete: bool,
}

impl Draft {
    /// Reads the attributes; refuses wrong JSON types.
    pub(super) fn read(object: &Map<String, Value>, place: &str) -> Result<Self, Reply> {
        let body = Body::new(object, place);
        let mut collaborators = people(&body, "collaborators")?;
        collaborators.extend(people(&body, "additional_collaborators")?);
        let metadata = object.get("metadata").cloned();
        let requester = match body.object("requester")? {
            Given::Is(requester) => Some(Person {
                id: requester.id("id")?.value().copied(),
                email: requester.text("email")?.value().cloned(),
                name: requester.text("name")?.value().cloned(),
            }),
            Given::Absent | Given::Null => None,
        };
        let comment = match body.any("comment") {
            Given::Is(comment) => Some(CommentDraft::read(comment, &body, "comment")?),
            Given::Absent | Given::Null => None,
        };
        let comments = body.list("comments")?.value().copied().unwrap_or_default();
        let comments = comments
            .iter()
            .map(|comment| CommentDraft::read(comment, &body, "comments"))
            .collect::<Result<_, _>>()?;
        let texts = |name: &str| -> Result<Vec<String>, Reply> {
            Ok(body.texts(name)?.value().cloned().unwrap_or_default())
        };
        let names = object.keys();
        let unknown = names.filter(|name| !KNOWN.contains(&name.as_str()));

        Ok(Self {
            subject: body.text("subject")?,
            kind: body.text("type")?,
            priority: body.text("priority")?,
            status: body.text("status")?,
            custom_status_id: body.id("custom_status_id")?,
            requester_id: body.id("requester_id")?,
            requester,
            submitter_id: body.id("submitter_id")?,
            assignee_id: body.id("assignee_id")?,
            assignee_email: body.text("assignee_email")?,
            organization_id: body.id("organization_id")?,
            group_id: body.id("group_id")?,
            email_ccs: commands(&body, "email_ccs")?,
            followers: commands(&body, "followers")?,
            collaborators,
            collaborator_ids: body.ids("collaborator_ids")?,
            problem_id: body.id("problem_id")?,
            external_id: body.text("external_id")?,
            recipient: body.text("recipient")?,
            due_at: body.moment("due_at")?,
            tags: body.texts("tags")?,
            additional_tags: texts("additional_tags")?,
            remove_tags: texts("remove_tags")?,
            custom_fields: custom_fields(&body)?,
            brand_id: body.id("brand_id")?,
            ticket_form_id: body.id("ticket_form_id")?,
            comment,
            description: body.text("description")?,
            comments,
            created_at: body.moment("created_at")?,
            updated_at: body.moment("updated_at")?,
            custom: metadata.unwrap_or_else(|| Value::Object(Map::new())),
            followup_of: body.id("via_followup_source_id")?,
            safe_update: body.boolean("safe_update")?.value().copied(),
            updated_stamp: body.moment("updated_stamp")?,
            unknown: unknown.cloned().collect(),
        })
    }
}

/// Reads commands. `user_id` may be a text or a number (section 5).
fn commands(body: &Body<'_>, name: &str) -> Result<Vec<Command>, Reply> {
    let Given::Is(list) = body.objects(name)? else {
        return Ok(Vec::new());
    };
    let mut commands = Vec::new();
    for one in list {
        let person = Person {
            id: one.id("user_id")?.value().copied(),
            email: one.text("user_email")?.value().cloned(),
            name: one.text("user_name")?.value().cloned(),
        };
        if person.id.is_none() && person.email.is_none() {
            return Err(body.wrong(name, "a list of users"));
        }
        let is_delete = match one.text("action")?.value().map(String::as_str) {
            None | Some("put") => false,
            Some("delete") => true,
            Some(_) => return Err(body.wrong("action", "put or delete")),
        };
        commands.push(Command { person, is_delete });
    }
    Ok(commands)
}

/// Reads the legacy notation: ids, addresses, or objects (section 5).
fn people(body: &Body<'_>, name: &str) -> Result<Vec<Person>, Reply> {
    let list = body.list(name)?.value().copied().unwrap_or_default();
    let mut people = Vec::new();
    for one in list {
        let person = match one {
            Value::String(email) if email.contains('@') => Person {
                email: Some(email.clone()),
                ..Person::default()
            },
            Value::Object(object) => {
                let one = Body::new(object, body.place);
                Person {
                    id: None,
                    email: one.text("email")?.value().cloned(),
                    name: one.text("name")?.value().cloned(),
                }
            }
            other => Person {
                id: Some(id_of(other).ok_or_else(|| body.wrong(name, "a list of users"))?),
                ..Person::default()
            },
        };
        people.push(person);
    }
    Ok(people)
}

/// Reads `custom_fields`, also under their other name `fields` (section 3).
fn custom_fields(body: &Body<'_>) -> Result<Vec<(u64, Value)>, Reply> {
    let mut all = Vec::new();
    for name in ["fields", "custom_fields"] {
        let Given::Is(list) = body.objects(name)? else {
            continue;
        };
        for one in list {
            let Given::Is(id) = one.id("id")? else {
                return Err(body.wrong(name, "a list of ids and values"));
            };
            let value = one.object.get("value").cloned().unwrap_or(Value::Null);
            all.push((id, value));
        }
    }
    Ok(all)
}
