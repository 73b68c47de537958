//! Whom a ticket is from (Freshdesk reference, section 4.3).

use super::form::Form;
use super::form_fields::Given;
use super::records_people::Contact;
use super::reply::FieldError;
use super::world::World;

/// The requester that a body names.
pub(super) enum Requester {
    /// A contact or an agent that is there.
    Known(u64),
    /// Somebody new, whom the ticket makes a contact.
    New {
        /// Given, or made from the address.
        name: String,
        /// The one identification that was given.
        key: Key,
    },
}

/// What identifies somebody new.
pub(super) enum Key {
    /// An e-mail address.
    Email(String),
    /// A telephone number; it needs a name.
    Phone(String),
    /// A Twitter name.
    Twitter(String),
    /// The id in another system.
    External(String),
}

/// Reads who the requester is; `None` when the body does not say, or says it wrongly.
pub(super) fn read(world: &World, form: &mut Form) -> Option<Requester> {
    let name = form.text("name");
    let requester_id = form.positive("requester_id");
    let email = form.email("email");
    let phone = form.text("phone");
    let facebook = form.text("facebook_id");
    let twitter = form.text("twitter_id");
    let external = form.text("unique_external_id");
    let find = |is_same: &dyn Fn(&Contact) -> bool| {
        let live = world
            .contacts
            .values()
            .find(|contact| !contact.deleted && is_same(contact));
        live.map(|contact| Requester::Known(contact.id))
    };

    if let Given::Is(id) = requester_id {
        let is_gone = world
            .contacts
            .get(&id)
            .is_some_and(|contact| contact.deleted);
        if is_gone || world.person(id).is_none() {
            form.errors
                .push(FieldError::no_match("contact", "requester_id"));
            return None;
        }
        return Some(Requester::Known(id));
    }
    let has_email = matches!(email, Given::Is(_));
    if let Given::Is(email) = email {
        let known = world.person_by_email(&email).map(Requester::Known);
        return Some(known.unwrap_or_else(|| {
            let name = name.value().unwrap_or_else(|| name_of(&email));
            Requester::New {
                name,
                key: Key::Email(email),
            }
        }));
    }
    if let Given::Is(phone) = phone {
        let is_same = |number: &Option<String>| number.as_deref() == Some(phone.as_str());
        if let Some(known) = find(&|contact| is_same(&contact.phone) || is_same(&contact.mobile)) {
            return Some(known);
        }
        let Given::Is(name) = name else {
            if !has_email {
                form.refuse("name", "missing_field", "It should be a/an String");
            }
            return None;
        };
        return Some(Requester::New {
            name,
            key: Key::Phone(phone),
        });
    }
    if let Given::Is(id) = facebook {
        let known = find(&|contact| contact.facebook_id.as_deref() == Some(id.as_str()));
        if known.is_none() {
            form.errors
                .push(FieldError::no_match("contact", "facebook_id"));
        }
        return known;
    }
    if let Given::Is(id) = twitter {
        let known = find(&|contact| contact.twitter_id.as_deref() == Some(id.as_str()));
        let name = name.value().unwrap_or_else(|| id.clone());
        return Some(known.unwrap_or(Requester::New {
            name,
            key: Key::Twitter(id),
        }));
    }
    if let Given::Is(id) = external {
        let known = find(&|contact| contact.unique_external_id.as_deref() == Some(id.as_str()));
        let name = name.value().unwrap_or_else(|| id.clone());
        return Some(known.unwrap_or(Requester::New {
            name,
            key: Key::External(id),
        }));
    }
    None
}

/// Notes the recorded error for a create without a requester.
pub(super) fn refuse_missing(form: &mut Form) {
    let fields = [
        "requester_id",
        "email",
        "phone",
        "facebook_id",
        "twitter_id",
        "unique_external_id",
        "name",
    ];
    if form
        .errors
        .iter()
        .any(|error| fields.contains(&error.field.as_str()))
    {
        return;
    }
    form.refuse(
        "requester_id",
        "missing_field",
        "Please fill at least 1 of requester_id, phone, email, twitter_id, facebook_id fields",
    );
}

impl Requester {
    /// Gives the requester's id; somebody new becomes a contact.
    pub(super) fn resolve(self, world: &mut World) -> u64 {
        let (name, key) = match self {
            Self::Known(id) => return id,
            Self::New { name, key } => (name, key),
        };
        let mut contact = world.blank_contact(&name);
        match key {
            Key::Email(email) => contact.email = Some(email),
            Key::Phone(phone) => contact.phone = Some(phone),
            Key::Twitter(id) => contact.twitter_id = Some(id),
            Key::External(id) => contact.unique_external_id = Some(id),
        }
        world.insert_contact(contact)
    }
}

/// A name out of an address, as Freshdesk makes it up.
fn name_of(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let mut letters = local.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
