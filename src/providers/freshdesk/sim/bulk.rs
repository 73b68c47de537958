//! Bulk operations and their jobs (Freshdesk reference, sections 4.1 and 4.5).

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::form::Form;
use super::form_fields::Given;
use super::records::{Job, Ticket};
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::ticket_draft::Draft;
use super::ticket_required;
use super::world::World;

/// How long a job says that it is in progress. The tickets change at once.
const JOB_LENGTH: SignedDuration = SignedDuration::from_secs(1);

/// The properties that can be set in bulk.
const PROPERTIES: [&str; 11] = [
    "status",
    "priority",
    "source",
    "type",
    "responder_id",
    "group_id",
    "product_id",
    "email_config_id",
    "company_id",
    "tags",
    "custom_fields",
];

/// `POST /tickets/bulk_update`: 202, and the job's id is the request's.
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let (ids, mut action) = read(ask, &["ids", "properties", "reply"])?;
    let properties = action.object("properties").value();
    let reply = action.object("reply").value();
    let mut form = Form {
        fields: properties.unwrap_or_default(),
        ..Form::default()
    };
    if form.fields.is_empty() && reply.is_none() {
        action.refuse(
            "properties",
            "missing_field",
            "It should be a/an key/value pair",
        );
    }
    action.checked()?;
    form.only(&PROPERTIES)?;
    let mut reply = Form {
        fields: reply.unwrap_or_default(),
        ..Form::default()
    };
    reply.only(&["body"])?;
    let body = if reply.fields.is_empty() {
        None
    } else {
        reply.required_text("body")
    };
    reply.checked()?;
    // Read once to know that it is right; then once for each ticket.
    Draft::read(world, &mut form);
    form.checked()?;

    for id in open_tickets(world, &ids) {
        let Some(mut after) = world.tickets.get(&id).cloned() else {
            continue;
        };
        let before = after.clone();
        Draft::read(world, &mut form).apply(world, &mut after);
        ticket_required::check_required(world, &mut form, Some(&before), &after);
        // What a single ticket refuses stays with that ticket: no answer for it was recorded.
        if form.checked().is_ok() && after != before {
            world.edit_ticket(id, |ticket| *ticket = after);
        }
        if let Some(body) = &body {
            world.add_reply(id, world.me, body);
        }
    }
    Ok(start_job(world, ask))
}

/// `POST /tickets/bulk_delete`: 202.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let (ids, _) = read(ask, &["ids"])?;
    for id in open_tickets(world, &ids) {
        world.trash(id);
    }
    Ok(start_job(world, ask))
}

/// `GET /jobs/{id}`: the final word is not documented.
pub(super) fn job(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let id = ask.params.first().map(String::as_str).unwrap_or_default();
    let job = world.jobs.get(id).ok_or_else(Reply::not_found)?;
    let is_done = world.now() >= job.created_at + JOB_LENGTH;
    let status = if is_done { "COMPLETED" } else { "IN PROGRESS" };
    Ok(Reply::ok(&json!({"id": job.id, "status": status})))
}

/// Reads the envelope: the ids and the rest of `bulk_action`.
fn read(ask: &mut Ask, names: &[&str]) -> Result<(Vec<u64>, Form), Reply> {
    ask.form.only(&["bulk_action"])?;
    let Given::Is(action) = ask.form.object("bulk_action") else {
        ask.form.checked()?;
        let message = "It should be a/an key/value pair";
        return Err(Reply::invalid([FieldError::new(
            "bulk_action",
            "missing_field",
            message,
        )]));
    };
    let mut action: Form = Form {
        fields: Map::<String, Value>::from_iter(action),
        ..Form::default()
    };
    action.only(names)?;
    let ids = action.ids("ids").value().unwrap_or_default();
    if ids.is_empty() && action.errors.is_empty() {
        action.refuse("ids", "missing_field", "It should be a/an Array");
    }
    action.checked()?;
    Ok((ids, action))
}

/// Those of the ids that are tickets which take changes.
fn open_tickets(world: &World, ids: &[u64]) -> Vec<u64> {
    let is_open = |id: &u64| world.tickets.get(id).is_some_and(Ticket::is_listable);
    ids.iter().copied().filter(is_open).collect()
}

/// Notes the job and answers where it can be watched.
fn start_job(world: &mut World, ask: &Ask) -> Reply {
    let id = ask.request_id.clone();
    let job = Job {
        id: id.clone(),
        created_at: world.now(),
    };
    world.jobs.insert(id.clone(), job);
    let href = ask.location(&format!("jobs/{id}"));
    Reply::with(StatusCode::ACCEPTED, &json!({"job_id": id, "href": href}))
}
