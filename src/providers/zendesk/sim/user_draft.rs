//! What a body says of a user (Zendesk reference, section 10).

use super::body::{Body, Given};
use super::identities::{add, refuse_address};
use super::records_people::User;
use super::reply::{Problems, Reply};
use super::switches::UnknownReferences;
use super::ticket_fields::normalised;
use super::world::World;

/// What a body says of a user. What it says of anything else is ignored.
pub(super) struct Draft {
    /// Never empty.
    pub(super) name: Given<String>,
    /// The address, or a further one.
    pub(super) email: Given<String>,
    /// end-user, agent or admin.
    role: Given<String>,
    /// The texts that can be empty, and where each belongs.
    texts: Vec<(Given<String>, Place)>,
    /// The main organization.
    organization_id: Given<u64>,
    /// The main group.
    default_group_id: Given<u64>,
    /// Replaces all.
    tags: Given<Vec<String>>,
    /// An address is proven.
    verified: Given<bool>,
    /// Mails become suspended tickets.
    suspended: Given<bool>,
    /// No public comments.
    only_private_comments: Given<bool>,
    /// Further addresses: kind, value, proven.
    identities: Vec<(String, String, bool)>,
}

/// Where a text of a user is kept.
type Place = fn(&mut User) -> &mut Option<String>;

/// The texts that can be empty.
const TEXTS: [(&str, Place); 6] = [
    ("phone", |user| &mut user.phone),
    ("external_id", |user| &mut user.external_id),
    ("alias", |user| &mut user.alias),
    ("details", |user| &mut user.details),
    ("notes", |user| &mut user.notes),
    ("signature", |user| &mut user.signature),
];

impl Draft {
    /// Reads a body; a wrong type is 400.
    pub(super) fn read(body: Body<'_>) -> Result<Self, Reply> {
        let mut texts = Vec::new();
        for (name, place) in TEXTS {
            texts.push((body.text(name)?, place));
        }
        let mut identities = Vec::new();
        for one in body.objects("identities")?.value().into_iter().flatten() {
            let kind = one.text("type")?.value().cloned().unwrap_or_default();
            let value = one.text("value")?.value().cloned().unwrap_or_default();
            identities.push((kind, value, one.boolean("verified")?.value() == Some(&true)));
        }
        Ok(Self {
            name: body.text("name")?,
            email: body.text("email")?,
            role: body.text("role")?,
            texts,
            organization_id: body.id("organization_id")?,
            default_group_id: body.id("default_group_id")?,
            tags: body.texts("tags")?,
            verified: body.boolean("verified")?,
            suspended: body.boolean("suspended")?,
            only_private_comments: body.boolean("only_private_comments")?,
            identities,
        })
    }

    /// Refuses what cannot be: 422.
    pub(super) fn check(&self, world: &World, id: Option<u64>) -> Result<(), Reply> {
        let is_empty = |name: &String| name.trim().is_empty();
        if self.name == Given::Null || self.name.value().is_some_and(is_empty) {
            return Err(too_short());
        }
        if let Given::Is(email) = &self.email {
            refuse_address(world, email, id)?;
        }
        for (kind, value, _) in &self.identities {
            if kind == "email" {
                refuse_address(world, value, id)?;
            }
        }
        let mut problems = Problems::default();
        if let Given::Is(role) = &self.role
            && !matches!(role.as_str(), "end-user" | "agent" | "admin")
        {
            let text = format!("Role: {role} is not a valid role");
            problems.add("role", &text, Some("InvalidValue"));
        }
        if world.switches.unknown_references == UnknownReferences::Refused {
            let organization = self.organization_id.value();
            if organization.is_some_and(|id| super::organizations::live(world, *id).is_err()) {
                problems.add(
                    "organization",
                    "Organization: is invalid",
                    Some("InvalidValue"),
                );
            }
            let group = self.default_group_id.value();
            if group.is_some_and(|group| id.is_none_or(|id| !world.is_in_group(id, *group))) {
                problems.add(
                    "default_group_id",
                    "Default group: is invalid",
                    Some("InvalidValue"),
                );
            }
        }
        problems.checked()
    }

    /// Puts it on a user who is there.
    pub(super) fn store(&self, world: &mut World, id: u64) {
        let tags = self.tags.value().map(|tags| normalised(world, tags));
        world.edit_user(id, |user| {
            if let Given::Is(name) = &self.name {
                user.name.clone_from(name);
            }
            if let Given::Is(role) = &self.role {
                user.role.clone_from(role);
            }
            for (text, place) in &self.texts {
                text.set(place(user));
            }
            if let Some(tags) = tags {
                user.tags = tags;
            }
            if let Given::Is(verified) = self.verified {
                user.verified = verified;
                for identity in &mut user.identities {
                    identity.verified = verified;
                }
            }
            if let Given::Is(suspended) = self.suspended {
                user.suspended = suspended;
            }
            if let Given::Is(only_private) = self.only_private_comments {
                user.only_private_comments = only_private;
            }
        });
        for (kind, value, verified) in &self.identities {
            if world
                .users
                .get(&id)
                .is_some_and(|user| !user.has_email(value))
            {
                add(world, id, kind, value, *verified);
            }
        }
        match self.organization_id {
            Given::Absent => {}
            Given::Null => super::memberships_write::leave_main_organization(world, id),
            Given::Is(organization) => {
                super::memberships_write::prefer_organization(world, id, organization);
            }
        }
        if let Given::Is(group) = self.default_group_id {
            super::memberships_write::prefer_group(world, id, group);
        }
    }
}

/// The refusal of an empty name.
pub(super) fn too_short() -> Reply {
    let text = "Name: is too short (minimum one character)";
    Reply::invalid("name", text, Some("ValueTooShort"))
}
