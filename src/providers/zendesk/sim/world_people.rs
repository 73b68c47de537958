//! What happens to users, groups and organizations (Zendesk reference, section 10).

use serde_json::Map;

use super::records_people::{Group, Identity, Membership, Organization, User};
use super::world::World;

impl World {
    /// The active user with this address, whatever the case of its letters.
    pub fn person_by_email(&self, email: &str) -> Option<u64> {
        let mut active = self.users.values().filter(|user| user.active);
        active
            .find(|user| user.has_email(email))
            .map(|user| user.id)
    }

    /// A user who was not deleted.
    pub fn active_user(&self, id: u64) -> Option<&User> {
        self.users.get(&id).filter(|user| user.active)
    }

    /// An agent who was not deleted.
    pub fn active_agent(&self, id: u64) -> Option<&User> {
        self.active_user(id).filter(|user| user.is_agent())
    }

    /// A new end user with the API's defaults.
    pub fn add_user(&mut self, name: &str, email: Option<&str>) -> u64 {
        let now = self.now();
        let id = self.new_id();
        let identities = email.map(|email| Identity {
            id: self.new_id(),
            kind: "email".to_owned(),
            value: email.to_owned(),
            verified: false,
            primary: true,
            created_at: now,
            updated_at: now,
        });
        let user = User {
            id,
            name: name.to_owned(),
            email: email.map(str::to_owned),
            role: "end-user".to_owned(),
            custom_role_id: None,
            phone: None,
            organization_id: None,
            external_id: None,
            alias: None,
            details: None,
            notes: None,
            signature: None,
            tags: Vec::new(),
            user_fields: Map::new(),
            locale: "en-US".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            verified: false,
            active: true,
            suspended: false,
            only_private_comments: false,
            permanently_deleted: false,
            default_group_id: None,
            identities: identities.into_iter().collect(),
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        self.users.insert(id, user);
        self.tell_index_of_user(id);
        id
    }

    /// Changes a user; `updated_at` moves. Says whether there is such a user.
    pub fn edit_user(&mut self, id: u64, edit: impl FnOnce(&mut User)) -> bool {
        let now = self.now();
        let Some(user) = self.users.get_mut(&id) else {
            return false;
        };
        edit(user);
        user.updated_at = now;
        self.tell_index_of_user(id);
        true
    }

    /// A new group.
    pub fn add_group(&mut self, name: &str) -> u64 {
        let now = self.now();
        let group = Group {
            id: self.new_id(),
            name: name.to_owned(),
            description: String::new(),
            default: self.groups.is_empty(),
            is_public: true,
            deleted: false,
            created_at: now,
            updated_at: now,
        };
        let id = group.id;
        self.groups.insert(id, group);
        id
    }

    /// A new organization.
    pub fn add_organization(&mut self, name: &str) -> u64 {
        let now = self.now();
        let organization = Organization {
            id: self.new_id(),
            name: name.to_owned(),
            domain_names: Vec::new(),
            details: None,
            notes: None,
            external_id: None,
            group_id: None,
            shared_tickets: false,
            shared_comments: false,
            tags: Vec::new(),
            organization_fields: Map::new(),
            deleted_at: None,
            created_at: now,
            updated_at: now,
        };
        let id = organization.id;
        self.organizations.insert(id, organization);
        id
    }

    /// Puts an agent into a group; the first one is the default.
    pub fn join_group(&mut self, user_id: u64, group_id: u64) -> u64 {
        let mut joined = self.group_memberships.values();
        let is_first = !joined.any(|membership| membership.user_id == user_id);
        let membership = self.membership(user_id, group_id, is_first);
        let id = membership.id;
        self.group_memberships.insert(id, membership);
        if is_first && let Some(user) = self.users.get_mut(&user_id) {
            user.default_group_id = Some(group_id);
        }
        id
    }

    /// Puts a user into an organization; the first one is the user's main one.
    pub fn join_organization(&mut self, user_id: u64, organization_id: u64) -> u64 {
        let mut joined = self.organization_memberships.values();
        let is_first = !joined.any(|membership| membership.user_id == user_id);
        let membership = self.membership(user_id, organization_id, is_first);
        let id = membership.id;
        self.organization_memberships.insert(id, membership);
        if is_first && let Some(user) = self.users.get_mut(&user_id) {
            user.organization_id = Some(organization_id);
        }
        id
    }

    /// Whether an agent is in a group.
    pub fn is_in_group(&self, user_id: u64, group_id: u64) -> bool {
        let mut all = self.group_memberships.values();
        all.any(|one| one.user_id == user_id && one.place_id == group_id)
    }

    /// Whether a user is in an organization.
    pub fn is_in_organization(&self, user_id: u64, organization_id: u64) -> bool {
        let mut all = self.organization_memberships.values();
        all.any(|one| one.user_id == user_id && one.place_id == organization_id)
    }

    /// A membership of now.
    fn membership(&mut self, user_id: u64, place_id: u64, default: bool) -> Membership {
        let now = self.now();
        Membership {
            id: self.new_id(),
            user_id,
            place_id,
            default,
            created_at: now,
            updated_at: now,
        }
    }
}
