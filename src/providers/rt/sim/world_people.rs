//! Looking up and adding people, queues and fields.

use super::records::NOBODY;
use super::records_people::{Access, CustomField, Queue, User};
use super::world::{Note, World};

impl World {
    /// The user of a login, a number or an e-mail address, in any letter case as SQLite compares logins.
    pub fn user(&self, text: &str) -> Option<&User> {
        let number = text.parse().ok().and_then(|id: u64| self.users.get(&id));
        number.or_else(|| {
            let mut users = self.users.values();
            users.find(|user| user.name.eq_ignore_ascii_case(text))
        })
    }

    /// The user with this e-mail address.
    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        let mut users = self.users.values();
        users.find(|user| !user.email.is_empty() && user.email.eq_ignore_ascii_case(email))
    }

    /// Adds a user, who may do nothing.
    pub fn add_user(&mut self, by: u64, name: &str, email: &str, real_name: &str) -> u64 {
        let id = self.next_user;
        self.next_user += 2;
        self.plant_user(id, by, [name, email, real_name]);
        id
    }

    /// Adds a user with a number of choice.
    pub(super) fn plant_user(&mut self, id: u64, by: u64, [name, email, real_name]: [&str; 3]) {
        let created = self.stamp();
        let user = User {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
            real_name: real_name.to_owned(),
            organization: String::new(),
            comments: String::new(),
            is_privileged: false,
            is_disabled: false,
            access: Access::Nothing,
            created,
            last_updated: created,
            creator: by,
            transactions: Vec::new(),
        };
        self.users.insert(id, user);
        let note = Note {
            kind: "Create",
            ..Note::default()
        };
        self.note(by, "RT::User", id, note);
    }

    /// The queue of a name, in any letter case, or a number.
    pub fn queue(&self, text: &str) -> Option<&Queue> {
        let number = text.parse().ok().and_then(|id: u64| self.queues.get(&id));
        number.or_else(|| {
            let mut queues = self.queues.values();
            queues.find(|queue| queue.name.eq_ignore_ascii_case(text))
        })
    }

    /// The custom field of tickets of a name, in any letter case, or a number.
    pub fn custom_field(&self, text: &str) -> Option<&CustomField> {
        let number = text
            .parse()
            .ok()
            .and_then(|id: u64| self.custom_fields.get(&id));
        number.or_else(|| {
            let mut fields = self.custom_fields.values();
            fields.find(|field| field.is_of_tickets() && field.name.eq_ignore_ascii_case(text))
        })
    }

    /// The login of a user; that of nobody for numbers of none.
    pub(super) fn login(&self, id: u64) -> String {
        let user = self.users.get(&id).or_else(|| self.users.get(&NOBODY));
        user.map(|user| user.name.clone()).unwrap_or_default()
    }
}
