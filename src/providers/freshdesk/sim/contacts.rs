//! Contacts: list, view, delete, restore (Freshdesk reference, section 9).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::attachments;
use super::form::Form;
use super::records_people::Contact;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::world::World;

/// The account's own fields of contacts.
pub(super) const CUSTOM: [&str; 1] = ["cf_department"];

/// `GET /contacts`: by name; blocked and deleted ones only when asked for. An e-mail that nobody
/// has is an empty list here.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[
        "email",
        "mobile",
        "phone",
        "company_id",
        "unique_external_id",
        "state",
        "contact_type",
        "updated_since",
        // Older clients, python-freshdesk among them, spell it so.
        "_updated_since",
        "page",
        "per_page",
    ])?;
    let query = &ask.query;
    let page = query.page()?;
    let company_id = query.positive("company_id")?;
    let state = query.one_of("state", &["verified", "unverified", "blocked", "deleted"])?;
    let kind = query.one_of("contact_type", &["contact", "visitor"])?;
    let since = query
        .moment("updated_since")?
        .or(query.moment("_updated_since")?);
    let is_same = |name: &str, value: Option<&str>| {
        query
            .get(name)
            .is_none_or(|asked| value.is_some_and(|value| value.eq_ignore_ascii_case(asked)))
    };

    let mut found: Vec<&Contact> = world
        .contacts
        .values()
        .filter(|contact| match state {
            Some("deleted") => contact.deleted,
            Some("blocked") => contact.blocked && !contact.deleted,
            Some("verified") => contact.active && !contact.blocked && !contact.deleted,
            Some(_) => !contact.active && !contact.blocked && !contact.deleted,
            None => !contact.blocked && !contact.deleted,
        })
        .filter(|contact| is_same("email", contact.email.as_deref()))
        .filter(|contact| is_same("mobile", contact.mobile.as_deref()))
        .filter(|contact| is_same("phone", contact.phone.as_deref()))
        .filter(|contact| is_same("unique_external_id", contact.unique_external_id.as_deref()))
        .filter(|contact| company_id.is_none_or(|id| contact.company_id == Some(id)))
        .filter(|contact| since.is_none_or(|since| contact.updated_at >= since))
        // Nobody here is a mere visitor.
        .filter(|_| kind != Some("visitor"))
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name).then(one.id.cmp(&other.id)));
    let (found, has_more) = page.cut(found);
    let elements: Vec<Value> = found.into_iter().map(list_json).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `GET /contacts/{id}`: deleted ones too; an agent's id is 404.
pub(super) fn view(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let contact = world
        .contacts
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&view_json(contact, &ask.base, world.now())))
}

/// `GET /contacts/autocomplete?term=`
pub(super) fn autocomplete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["term"])?;
    let term = ask.query.get("term").unwrap_or_default().to_lowercase();
    if term.is_empty() {
        return Err(Reply::invalid([FieldError::new(
            "term",
            "missing_field",
            "It should be a/an String",
        )]));
    }
    let live = world
        .contacts
        .values()
        .filter(|contact| !contact.deleted && !contact.blocked);
    let elements: Vec<Value> = live
        .filter(|contact| {
            contact
                .name
                .to_lowercase()
                .split(' ')
                .any(|word| word.starts_with(&term))
        })
        .map(|contact| json!({"id": contact.id, "name": contact.name}))
        .collect();
    Ok(Reply::ok(&elements))
}

/// `DELETE /contacts/{id}`: can be restored.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let id = writable(world, ask)?.id;
    world.edit_contact(id, |contact| contact.deleted = true);
    Ok(Reply::no_content())
}

/// `PUT /contacts/{id}/restore`
pub(super) fn restore(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let contact = world
        .contacts
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    if !contact.deleted {
        return Err(Reply::not_found());
    }
    let id = contact.id;
    world.edit_contact(id, |contact| contact.deleted = false);
    Ok(Reply::no_content())
}

/// `DELETE /contacts/{id}/hard_delete`: of a deleted one, or of any with `force=true`; the
/// contact's tickets go to the trash.
pub(super) fn hard_delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["force"])?;
    // python-freshdesk sends `True`, as its language prints it.
    let force = ask
        .query
        .one_of("force", &["true", "false", "True", "False"])?;
    let is_forced = matches!(force, Some("true" | "True"));
    let contact = world
        .contacts
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    let id = contact.id;
    if !contact.deleted && !is_forced {
        let message = "Only a deleted contact can be removed, unless force is true";
        return Err(Reply::invalid([FieldError::new(
            "force",
            "inconsistent_state",
            message,
        )]));
    }
    world.contacts.remove(&id);
    let orphans: Vec<u64> = world
        .tickets
        .values()
        .filter(|ticket| ticket.requester_id == id && !ticket.deleted)
        .map(|ticket| ticket.id)
        .collect();
    for orphan in orphans {
        world.trash(orphan);
    }
    Ok(Reply::no_content())
}

/// The path's contact, if it takes changes: a deleted one answers 405.
pub(super) fn writable<'a>(world: &'a World, ask: &Ask) -> Result<&'a Contact, Reply> {
    let contact = world
        .contacts
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    if contact.deleted {
        return Err(Reply::not_allowed(&ask.method, "GET"));
    }
    Ok(contact)
}

/// Reads a `custom_fields` of texts; unknown names are refused.
pub(super) fn read_custom(form: &mut Form, names: &[&str]) -> Vec<(String, Value)> {
    let given = form.object("custom_fields").value().unwrap_or_default();
    for (name, value) in &given {
        let shown = format!("custom_fields.{name}");
        if !names.contains(&name.as_str()) {
            form.errors.push(FieldError::unexpected(&shown));
        } else if !value.is_string() && !value.is_null() {
            form.refuse(&shown, "datatype_mismatch", "It should be a/an String");
        }
    }
    given.into_iter().collect()
}

/// All custom fields with null where there is no value.
pub(super) fn custom_json(
    values: &std::collections::BTreeMap<String, Value>,
    names: &[&str],
) -> Value {
    let all = names.iter().map(|name| {
        let value = values.get(*name).cloned().unwrap_or(Value::Null);
        ((*name).to_owned(), value)
    });
    Value::Object(all.collect::<Map<_, _>>())
}

/// A contact as the list shows it.
pub(super) fn list_json(contact: &Contact) -> Value {
    let (first, last) = contact.name.split_once(' ').unwrap_or((&contact.name, ""));
    json!({
        "active": contact.active,
        "address": contact.address,
        "description": contact.description,
        "email": contact.email,
        "id": contact.id,
        "job_title": contact.job_title,
        "language": contact.language,
        "mobile": contact.mobile,
        "name": contact.name,
        "phone": contact.phone,
        "time_zone": contact.time_zone,
        "twitter_id": contact.twitter_id,
        "custom_fields": custom_json(&contact.custom_fields, &CUSTOM),
        "facebook_id": contact.facebook_id,
        "created_at": contact.created_at,
        "updated_at": contact.updated_at,
        "csat_rating": null,
        "preferred_source": null,
        "company_id": contact.company_id,
        "unique_external_id": contact.unique_external_id,
        "first_name": first,
        "last_name": last,
        "visitor_id": null,
        "org_contact_id": contact.org_contact_id,
        "other_phone_numbers": [],
    })
}

/// A contact as view, create and update show it.
pub(super) fn view_json(contact: &Contact, base: &str, now: Timestamp) -> Value {
    let mut json = list_json(contact);
    json["tags"] = json!(contact.tags);
    json["other_emails"] = json!(contact.other_emails);
    json["view_all_tickets"] = json!(contact.view_all_tickets);
    json["other_companies"] = json!([]);
    json["avatar"] = json!(
        contact
            .avatar
            .as_ref()
            .map(|avatar| attachments::json(avatar, base, now))
    );
    json["deleted"] = json!(contact.deleted);
    json
}
