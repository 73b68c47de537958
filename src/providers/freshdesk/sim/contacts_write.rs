//! Creating and changing contacts (Freshdesk reference, section 9).

use serde_json::{Value, json};

use super::contacts::{CUSTOM, read_custom, view_json, writable};
use super::form::Form;
use super::form_fields::Given;
use super::records::Attachment;
use super::records_people::Contact;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::world::World;

/// What create and update may say.
const FIELDS: [&str; 19] = [
    "name",
    "email",
    "phone",
    "mobile",
    "twitter_id",
    "unique_external_id",
    "other_emails",
    "company_id",
    "view_all_tickets",
    "other_companies",
    "address",
    "avatar",
    "custom_fields",
    "description",
    "job_title",
    "language",
    "tags",
    "time_zone",
    "lookup_parameter",
];

/// A picture may weigh 5 MB (section 7).
const LARGEST_AVATAR: usize = 5 * 1024 * 1024;

/// `POST /contacts`: a name and one identification.
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&FIELDS)?;
    let name = ask.form.required_text("name").unwrap_or_default();
    let mut contact = world.blank_contact(&name);
    read(world, &mut ask.form, &mut contact);
    let is_known_by = [
        &contact.email,
        &contact.phone,
        &contact.mobile,
        &contact.twitter_id,
        &contact.unique_external_id,
    ];
    if is_known_by.iter().all(|key| key.is_none()) && ask.form.errors.is_empty() {
        let message =
            "Please fill at least 1 of email, mobile, phone, twitter_id, unique_external_id fields";
        ask.form.refuse("email", "missing_field", message);
    }
    ask.form.checked()?;
    refuse_duplicates(world, &contact)?;

    let id = world.insert_contact(contact);
    let contact = world.contacts.get(&id).ok_or_else(Reply::not_found)?;
    let location = ask.location(&format!("contacts/{id}"));
    Ok(Reply::created(
        &view_json(contact, &ask.base, world.now()),
        location,
    ))
}

/// `PUT /contacts/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let mut contact = writable(world, ask)?.clone();
    ask.form.only(&FIELDS)?;
    if ask.form.has("name")
        && let Some(name) = ask.form.required_text("name")
    {
        contact.name = name;
    }
    read(world, &mut ask.form, &mut contact);
    ask.form.checked()?;
    refuse_duplicates(world, &contact)?;

    let id = contact.id;
    world.edit_contact(id, |place| *place = contact);
    let contact = world.contacts.get(&id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&view_json(contact, &ask.base, world.now())))
}

/// Puts everything but the name on a contact.
fn read(world: &mut World, form: &mut Form, contact: &mut Contact) {
    form.email("email").store(&mut contact.email);
    let texts = [
        ("phone", &mut contact.phone),
        ("mobile", &mut contact.mobile),
        ("twitter_id", &mut contact.twitter_id),
        ("unique_external_id", &mut contact.unique_external_id),
        ("address", &mut contact.address),
        ("description", &mut contact.description),
        ("job_title", &mut contact.job_title),
    ];
    for (name, place) in texts {
        form.text(name).store(place);
    }
    if let Given::Is(language) = form.text("language") {
        contact.language = language;
    }
    if let Given::Is(time_zone) = form.text("time_zone") {
        contact.time_zone = time_zone;
    }
    if let Given::Is(tags) = form.texts("tags") {
        contact.tags = tags;
    }
    if let Given::Is(emails) = form.emails("other_emails") {
        contact.other_emails = emails;
    }
    form.boolean("view_all_tickets")
        .store(&mut contact.view_all_tickets);
    let company_id = form.positive("company_id");
    if let Given::Is(id) = company_id
        && !world.companies.contains_key(&id)
    {
        form.errors
            .push(FieldError::no_match("company", "company_id"));
    }
    company_id.store(&mut contact.company_id);
    for name in ["other_companies", "lookup_parameter"] {
        if form.has(name) {
            let message = "The feature that this field belongs to is not enabled on this account";
            form.errors
                .push(FieldError::new(name, "inaccessible_field", message));
        }
    }
    for (name, value) in read_custom(form, &CUSTOM) {
        if value.is_null() {
            contact.custom_fields.remove(&name);
        } else {
            contact.custom_fields.insert(name, value);
        }
    }
    if let Some(avatar) = avatar(world, form) {
        contact.avatar = Some(avatar);
    }
}

/// The picture in a multipart body.
fn avatar(world: &mut World, form: &mut Form) -> Option<Attachment> {
    if form.has("avatar") {
        form.refuse(
            "avatar",
            "datatype_mismatch",
            "It should be a/an valid file format",
        );
    }
    let upload = form
        .uploads
        .iter()
        .find(|upload| upload.field == "avatar")?
        .clone();
    if upload.content.len() > LARGEST_AVATAR {
        form.refuse(
            "avatar",
            "invalid_value",
            "The size of the avatar should be less than 5 MB",
        );
        return None;
    }
    Some(world.new_attachment(&upload.name, &upload.content_type, upload.content))
}

/// Reads one of a contact's identifications.
type Key = fn(&Contact) -> &Option<String>;

/// Refuses what another user has: 409, and of an e-mail whose it is.
fn refuse_duplicates(world: &World, contact: &Contact) -> Result<(), Reply> {
    if let Some(email) = &contact.email
        && let Some(owner) = world.person_by_email(email)
        && owner != contact.id
    {
        return Err(Reply::duplicate("email", Some(json!({"user_id": owner}))));
    }
    let keys: [(&str, Key); 4] = [
        ("phone", |one| &one.phone),
        ("mobile", |one| &one.mobile),
        ("twitter_id", |one| &one.twitter_id),
        ("unique_external_id", |one| &one.unique_external_id),
    ];
    for (name, key) in keys {
        let Some(value) = key(contact) else {
            continue;
        };
        let is_same =
            |other: &&Contact| other.id != contact.id && key(other).as_ref() == Some(value);
        if let Some(owner) = world.contacts.values().find(is_same) {
            let info: Value = json!({"user_id": owner.id});
            return Err(Reply::duplicate(name, Some(info)));
        }
    }
    Ok(())
}
