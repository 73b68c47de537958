//! Companies (Freshdesk reference, section 10).

use serde_json::{Value, json};

use super::contacts::{custom_json, read_custom};
use super::form::Form;
use super::form_fields::Given;
use super::records_people::Company;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::times;
use super::world::World;

/// The account's own fields of companies.
const CUSTOM: [&str; 1] = ["cf_contract"];

/// What create and update may say.
const FIELDS: [&str; 10] = [
    "name",
    "description",
    "note",
    "domains",
    "custom_fields",
    "health_score",
    "account_tier",
    "renewal_date",
    "industry",
    "lookup_parameter",
];

/// `GET /companies`: by name.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["page", "per_page"])?;
    let page = ask.query.page()?;
    let mut found: Vec<&Company> = world.companies.values().collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    let (found, has_more) = page.cut(found);
    let elements: Vec<Value> = found.into_iter().map(json).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `GET /companies/{id}`
pub(super) fn view(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let company = world
        .companies
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json(company)))
}

/// `GET /companies/autocomplete?name=`: in an envelope, unlike other lists (section 3).
pub(super) fn autocomplete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["name"])?;
    let name = ask.query.get("name").unwrap_or_default().to_lowercase();
    if name.is_empty() {
        return Err(Reply::invalid([FieldError::new(
            "name",
            "missing_field",
            "It should be a/an String",
        )]));
    }
    let found = world
        .companies
        .values()
        .filter(|company| company.name.to_lowercase().starts_with(&name));
    let found: Vec<Value> = found
        .map(|company| json!({"id": company.id, "name": company.name}))
        .collect();
    Ok(Reply::ok(&json!({"companies": found})))
}

/// `POST /companies`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&FIELDS)?;
    let name = ask.form.required_text("name").unwrap_or_default();
    let now = world.now();
    let mut company = Company {
        id: world.new_id(),
        name,
        description: None,
        note: None,
        domains: Vec::new(),
        custom_fields: std::collections::BTreeMap::new(),
        health_score: None,
        account_tier: None,
        renewal_date: None,
        industry: None,
        created_at: now,
        updated_at: now,
    };
    read(&mut ask.form, &mut company);
    ask.form.checked()?;
    refuse_duplicates(world, &company)?;

    let location = ask.location(&format!("companies/{}", company.id));
    let reply = Reply::created(&json(&company), location);
    world.companies.insert(company.id, company);
    Ok(reply)
}

/// `PUT /companies/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let mut company = world
        .companies
        .get(&ask.id()?)
        .cloned()
        .ok_or_else(Reply::not_found)?;
    ask.form.only(&FIELDS)?;
    if ask.form.has("name")
        && let Some(name) = ask.form.required_text("name")
    {
        company.name = name;
    }
    read(&mut ask.form, &mut company);
    ask.form.checked()?;
    refuse_duplicates(world, &company)?;

    company.updated_at = world.now();
    let reply = Reply::ok(&json(&company));
    world.companies.insert(company.id, company);
    Ok(reply)
}

/// `DELETE /companies/{id}`: at once and for good; tickets and contacts remain.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let id = ask.id()?;
    if world.companies.remove(&id).is_none() {
        return Err(Reply::not_found());
    }
    for contact in world
        .contacts
        .values_mut()
        .filter(|contact| contact.company_id == Some(id))
    {
        contact.company_id = None;
    }
    for ticket in world
        .tickets
        .values_mut()
        .filter(|ticket| ticket.company_id == Some(id))
    {
        ticket.company_id = None;
    }
    Ok(Reply::no_content())
}

/// Puts everything but the name on a company.
fn read(form: &mut Form, company: &mut Company) {
    let texts = [
        ("description", &mut company.description),
        ("note", &mut company.note),
        ("health_score", &mut company.health_score),
        ("account_tier", &mut company.account_tier),
        ("industry", &mut company.industry),
    ];
    for (name, place) in texts {
        form.text(name).store(place);
    }
    match form.texts("domains") {
        Given::Is(domains) => company.domains = domains,
        Given::Null => company.domains.clear(),
        Given::Absent => {}
    }
    match form.text("renewal_date") {
        Given::Is(text) => {
            let day = times::read_date(&text).and_then(times::day_start);
            if day.is_none() {
                form.refuse(
                    "renewal_date",
                    "invalid_value",
                    "It should be in the 'yyyy-mm-dd' format",
                );
            }
            company.renewal_date = day;
        }
        Given::Null => company.renewal_date = None,
        Given::Absent => {}
    }
    if form.has("lookup_parameter") {
        let message = "The feature that this field belongs to is not enabled on this account";
        form.errors.push(FieldError::new(
            "lookup_parameter",
            "inaccessible_field",
            message,
        ));
    }
    for (name, value) in read_custom(form, &CUSTOM) {
        if value.is_null() {
            company.custom_fields.remove(&name);
        } else {
            company.custom_fields.insert(name, value);
        }
    }
}

/// Refuses a name that another company has.
fn refuse_duplicates(world: &World, company: &Company) -> Result<(), Reply> {
    let is_same = |other: &Company| {
        other.id != company.id && other.name.to_lowercase() == company.name.to_lowercase()
    };
    if world.companies.values().any(is_same) {
        return Err(Reply::duplicate("name", None));
    }
    Ok(())
}

/// A company, the same in all answers.
pub(super) fn json(company: &Company) -> Value {
    json!({
        "id": company.id,
        "name": company.name,
        "description": company.description,
        "note": company.note,
        "domains": company.domains,
        "created_at": company.created_at,
        "updated_at": company.updated_at,
        "custom_fields": custom_json(&company.custom_fields, &CUSTOM),
        "health_score": company.health_score,
        "account_tier": company.account_tier,
        "renewal_date": company.renewal_date,
        "industry": company.industry,
    })
}
