//! Mandatory fields of the ticket form (Freshdesk reference, sections 4.3 and 8).

use super::custom_fields;
use super::fields;
use super::form::Form;
use super::form_fields::BLANK;
use super::records::Ticket;
use super::world::World;

/// Checks that nothing mandatory is missing or blank in what a write leads to. A field that the
/// form makes mandatory fails a create that never named it (section 4.3).
pub(super) fn check_required(
    world: &World,
    form: &mut Form,
    before: Option<&Ticket>,
    after: &Ticket,
) {
    let closes = after.is_done() && before.is_none_or(|before| !before.is_done());
    for field in &world.fields {
        let is_asked = field.required_for_agents || (field.required_for_closure && closes);
        let name = fields::attribute(&field.name);
        if !is_asked || name == "requester_id" || fields::is_filled(after, field) {
            continue;
        }
        let (shown, is_named) = if custom_fields::is_custom(field) {
            let custom = form.fields.get("custom_fields");
            let is_named = custom.is_some_and(|fields| fields.get(name).is_some());
            (format!("custom_fields.{name}"), is_named)
        } else {
            (name.to_owned(), form.has(name))
        };
        if form.errors.iter().any(|error| error.field == shown) {
            continue;
        }
        if is_named {
            form.refuse(&shown, "invalid_value", BLANK);
        } else if before.is_none() || (field.required_for_closure && closes) {
            form.refuse(&shown, "missing_field", fields::expectation(field));
        }
    }
}
