//! Satisfaction ratings (Freshdesk reference, section 11).

use serde_json::{Value, json};

use super::form_fields::Given;
use super::records::Rating;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::tickets::writable;
use super::world::World;

/// What a customer may say.
const SCALE: [i64; 7] = [103, 102, 101, 100, -101, -102, -103];

/// `GET /surveys/satisfaction_ratings`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query
        .only(&["created_since", "user_id", "page", "per_page"])?;
    let page = ask.query.page()?;
    let since = ask.query.moment("created_since")?;
    let user_id = ask.query.positive("user_id")?;
    let found = world
        .ratings
        .values()
        .filter(|rating| since.is_none_or(|since| rating.created_at >= since))
        .filter(|rating| user_id.is_none_or(|id| rating.user_id == id));
    let (found, has_more) = page.cut(found);
    let elements: Vec<Value> = found.into_iter().map(json).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `GET /tickets/{id}/satisfaction_ratings`
pub(super) fn of_ticket(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["page", "per_page"])?;
    let page = ask.query.page()?;
    let id = world
        .tickets
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?
        .id;
    let (found, has_more) = page.cut(
        world
            .ratings
            .values()
            .filter(|rating| rating.ticket_id == id),
    );
    let elements: Vec<Value> = found.into_iter().map(json).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `POST /tickets/{id}/satisfaction_ratings`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let ticket = writable(world, ask)?;
    let (ticket_id, user_id) = (ticket.id, ticket.requester_id);
    let (agent_id, group_id) = (ticket.responder_id, ticket.group_id);
    ask.form.only(&["feedback", "ratings"])?;
    let feedback = ask.form.text("feedback").value();
    let given = match ask.form.object("ratings") {
        Given::Is(ratings) => ratings.get("default_question").and_then(Value::as_i64),
        Given::Absent | Given::Null => None,
    };
    let Some(default_question) = given.filter(|value| SCALE.contains(value)) else {
        let values: Vec<String> = SCALE.iter().map(i64::to_string).collect();
        let message = format!("It should be one of these values: '{}'", values.join(","));
        return Err(Reply::invalid([FieldError::new(
            "ratings.default_question",
            "invalid_value",
            message,
        )]));
    };
    ask.form.checked()?;

    let rating = Rating {
        id: world.new_id(),
        ticket_id,
        user_id,
        agent_id,
        group_id,
        feedback,
        default_question,
        created_at: world.now(),
    };
    let location = ask.location(&format!("surveys/satisfaction_ratings/{}", rating.id));
    let reply = Reply::created(&json(&rating), location);
    world.ratings.insert(rating.id, rating);
    Ok(reply)
}

/// A rating, the same in all answers.
fn json(rating: &Rating) -> Value {
    json!({
        "id": rating.id,
        "survey_id": 1,
        "user_id": rating.user_id,
        "agent_id": rating.agent_id,
        "feedback": rating.feedback,
        "group_id": rating.group_id,
        "ticket_id": rating.ticket_id,
        "created_at": rating.created_at,
        "updated_at": rating.created_at,
        "ratings": {"default_question": rating.default_question},
    })
}
