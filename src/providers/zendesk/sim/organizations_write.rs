//! Creating, changing and deleting organizations (Zendesk reference, section 10).

use serde_json::json;

use super::body::{Body, Given};
use super::many::{self, Kind};
use super::organizations::{all, live};
use super::people_json;
use super::records_people::Organization;
use super::reply::{Answer, Problems, Reply};
use super::routes::Ask;
use super::switches::UnknownReferences;
use super::ticket_fields::normalised;
use super::world::World;

/// For calls on many organizations.
const ORGANIZATIONS: Kind = Kind {
    noun: "Organization",
    one: "organization",
    many: "organizations",
    make,
    alter,
    remove,
    known,
};

/// `POST /organizations`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let id = make(world, Body::new(ask.root("organization")?, &ask.place))?;
    let json = people_json::organization(&ask.base, live(world, id)?);
    let location = ask.url(&format!("organizations/{id}"));
    Ok(Reply::created(&json!({"organization": json}), location))
}

/// `POST /organizations/create_or_update`: 200 for one that is known by its own id or name, else 201.
pub(super) fn create_or_update(world: &mut World, ask: &mut Ask) -> Answer {
    let body = Body::new(ask.root("organization")?, &ask.place);
    let Some(id) = known(world, body) else {
        return create(world, ask);
    };
    alter(world, id, body)?;
    shown(world, ask, id)
}

/// `PUT /organizations/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    let id = live(world, ask.id()?)?.id;
    alter(world, id, Body::new(ask.root("organization")?, &ask.place))?;
    shown(world, ask, id)
}

/// `DELETE /organizations/{id}`
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    remove(world, ask.id()?)?;
    Ok(Reply::no_content())
}

/// `POST /organizations/create_many`
pub(super) fn create_many(world: &mut World, ask: &mut Ask) -> Answer {
    many::create(world, ask, ORGANIZATIONS)
}

/// `PUT /organizations/update_many`
pub(super) fn update_many(world: &mut World, ask: &mut Ask) -> Answer {
    many::update(world, ask, ORGANIZATIONS)
}

/// `DELETE /organizations/destroy_many`
pub(super) fn destroy_many(world: &mut World, ask: &mut Ask) -> Answer {
    many::destroy(world, ask, ORGANIZATIONS)
}

/// Changes an organization; `updated_at` moves.
pub(super) fn edit(world: &mut World, id: u64, edit: impl FnOnce(&mut Organization)) {
    let now = world.now();
    if let Some(organization) = world.organizations.get_mut(&id) {
        edit(organization);
        organization.updated_at = now;
    }
}

/// Makes an organization and gives its id.
fn make(world: &mut World, body: Body<'_>) -> Result<u64, Reply> {
    let Given::Is(name) = body.text("name")? else {
        return Err(blank());
    };
    let draft = Draft::read(body)?;
    draft.check(world, None)?;
    let id = world.add_organization(&name);
    draft.store(world, id);
    Ok(id)
}

/// Changes an organization.
fn alter(world: &mut World, id: u64, body: Body<'_>) -> Result<(), Reply> {
    live(world, id)?;
    let draft = Draft::read(body)?;
    draft.check(world, Some(id))?;
    draft.store(world, id);
    Ok(())
}

/// Deletes an organization; users and tickets lose it.
fn remove(world: &mut World, id: u64) -> Result<(), Reply> {
    live(world, id)?;
    let now = world.now();
    edit(world, id, |organization| {
        organization.deleted_at = Some(now);
    });
    world
        .organization_memberships
        .retain(|_, one| one.place_id != id);
    let members = world
        .users
        .values()
        .filter(|user| user.organization_id == Some(id));
    let members: Vec<u64> = members.map(|user| user.id).collect();
    for member in members {
        world.edit_user(member, |user| user.organization_id = None);
    }
    let tickets = world
        .tickets
        .values()
        .filter(|one| one.organization_id == Some(id));
    let tickets: Vec<u64> = tickets.map(|ticket| ticket.id).collect();
    for ticket in tickets {
        world.edit_ticket(ticket, |ticket| ticket.organization_id = None);
    }
    Ok(())
}

/// The organization with the body's own id, id or name.
fn known(world: &World, body: Body<'_>) -> Option<u64> {
    let text = |name: &str| body.object.get(name).and_then(|value| value.as_str());
    let (external_id, name) = (text("external_id"), text("name"));
    let by_external_id =
        all(world).find(|one| external_id.is_some() && one.external_id.as_deref() == external_id);
    let by_name =
        || all(world).find(|one| name.is_some_and(|name| one.name.eq_ignore_ascii_case(name)));
    by_external_id.or_else(by_name).map(|one| one.id)
}

/// What a body says of an organization. What it says of anything else is ignored.
struct Draft {
    /// Unique.
    name: Given<String>,
    /// Words about it.
    details: Given<String>,
    /// More words.
    notes: Given<String>,
    /// Unique, too.
    external_id: Given<String>,
    /// Where its tickets go.
    group_id: Given<u64>,
    /// Replace all.
    domain_names: Given<Vec<String>>,
    /// Replaces all.
    tags: Given<Vec<String>>,
    /// Members see each other's tickets.
    shared_tickets: Given<bool>,
    /// Members may comment on them.
    shared_comments: Given<bool>,
}

impl Draft {
    /// Reads a body; a wrong type is 400.
    fn read(body: Body<'_>) -> Result<Self, Reply> {
        Ok(Self {
            name: body.text("name")?,
            details: body.text("details")?,
            notes: body.text("notes")?,
            external_id: body.text("external_id")?,
            group_id: body.id("group_id")?,
            domain_names: body.texts("domain_names")?,
            tags: body.texts("tags")?,
            shared_tickets: body.boolean("shared_tickets")?,
            shared_comments: body.boolean("shared_comments")?,
        })
    }

    /// Refuses what cannot be: 422.
    fn check(&self, world: &World, own: Option<u64>) -> Result<(), Reply> {
        let others = || all(world).filter(|one| Some(one.id) != own);
        let mut problems = Problems::default();
        match &self.name {
            Given::Null => return Err(blank()),
            Given::Is(name) if name.trim().is_empty() => return Err(blank()),
            Given::Is(name) => {
                if others().any(|one| one.name.eq_ignore_ascii_case(name)) {
                    let text = format!("Name: {name} has already been taken");
                    problems.add("name", &text, Some("DuplicateValue"));
                }
            }
            Given::Absent => {}
        }
        if let Given::Is(id) = &self.external_id
            && others().any(|one| one.external_id.as_ref() == Some(id))
        {
            let text = format!("External: {id} has already been taken");
            problems.add("external_id", &text, Some("DuplicateValue"));
        }
        if let Given::Is(id) = &self.group_id
            && world.groups.get(id).is_none_or(|group| group.deleted)
            && world.switches.unknown_references == UnknownReferences::Refused
        {
            problems.add("group", "Group: is invalid", Some("InvalidValue"));
        }
        problems.checked()
    }

    /// Puts it on an organization that is there.
    fn store(&self, world: &mut World, id: u64) {
        let tags = self.tags.value().map(|tags| normalised(world, tags));
        edit(world, id, |organization| {
            if let Given::Is(name) = &self.name {
                organization.name.clone_from(name);
            }
            self.details.set(&mut organization.details);
            self.notes.set(&mut organization.notes);
            self.external_id.set(&mut organization.external_id);
            self.group_id.set(&mut organization.group_id);
            if let Given::Is(domains) = &self.domain_names {
                organization.domain_names.clone_from(domains);
            }
            if let Some(tags) = tags {
                organization.tags = tags;
            }
            if let Given::Is(shared) = self.shared_tickets {
                organization.shared_tickets = shared;
            }
            if let Given::Is(shared) = self.shared_comments {
                organization.shared_comments = shared;
            }
        });
    }
}

/// The refusal of an empty name.
fn blank() -> Reply {
    Reply::invalid("name", "Name: cannot be blank", Some("BlankValue"))
}

/// Answers an organization as it is now.
fn shown(world: &World, ask: &Ask, id: u64) -> Answer {
    let json = people_json::organization(&ask.base, live(world, id)?);
    Ok(Reply::ok(&json!({"organization": json})))
}
