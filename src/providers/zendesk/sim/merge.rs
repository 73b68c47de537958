//! Merging tickets (Zendesk reference, section 4).

use http::StatusCode;
use serde_json::{Value, json};

use super::body::{Body, Given};
use super::bulk;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_write;
use super::world::World;

/// `POST /tickets/{id}/merge`: the sources become closed, both sides get a comment.
pub(super) fn merge(world: &mut World, ask: &mut Ask) -> Answer {
    let target = ticket_write::writable(world, ask.id()?)?.id;
    let body = Body::new(&ask.json, &ask.place);
    let Given::Is(ids) = body.ids("ids")? else {
        return Err(Reply::missing("ids"));
    };
    if ids.len() > 100 {
        return Err(Reply::too_many_values());
    }
    if ids.contains(&target) {
        let text = format!(
            "You selected the same ticket as source and target: #{target}. \
             You cannot merge a ticket into itself."
        );
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Reply::coded(status, "SourceInvalid", &text));
    }
    for id in &ids {
        ticket_write::writable(world, *id)?;
    }
    let text = |name: &str| body.text(name).map(|given| given.value().cloned());
    let is_public = |name: &str| body.boolean(name).map(|given| given.value() == Some(&true));
    let to_target = (
        text("target_comment")?,
        is_public("target_comment_is_public")?,
    );
    let to_sources = (
        text("source_comment")?,
        is_public("source_comment_is_public")?,
    );
    let caller = ask.caller;
    let job = world.queue_job(&ask.base, Some(ids.len()), move |world| {
        let mut results: Vec<Value> = Vec::new();
        for id in &ids {
            let default = format!("This request was closed and merged into request #{target}.");
            let (text, is_public) = &to_sources;
            let text = text.as_deref().unwrap_or(&default);
            world.add_comment(*id, caller, text, *is_public);
            world.edit_ticket(*id, |ticket| {
                "closed".clone_into(&mut ticket.status);
                ticket.tags.push("closed_by_merge".to_owned());
                ticket.tags.sort();
                ticket.tags.dedup();
            });
            results.push(bulk::done("merge", *id, "Merged"));
        }
        let (text, is_public) = &to_target;
        let numbers: Vec<String> = ids.iter().map(|id| format!("#{id}")).collect();
        let default = format!(
            "Requests {} were closed and merged into this request.",
            numbers.join(", ")
        );
        let text = text.as_deref().unwrap_or(&default);
        world.add_comment(target, caller, text, *is_public);
        json!(results)
    })?;
    Ok(Reply::ok(&json!({"job_status": job})))
}
