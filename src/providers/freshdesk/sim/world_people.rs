//! The people of a help desk: contacts and agents are both users (Freshdesk reference, section 9).

use std::collections::BTreeMap;

use super::records::Attachment;
use super::records_people::{Agent, Contact};
use super::world::World;

/// A user, whether contact or agent, as `include=requester` shows them (section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Person<'a> {
    /// The user's id.
    pub id: u64,
    /// The full name.
    pub name: &'a str,
    /// The address.
    pub email: Option<&'a str>,
    /// A number.
    pub mobile: Option<&'a str>,
    /// Another number.
    pub phone: Option<&'a str>,
}

impl World {
    /// Finds a user by id; deleted contacts too, because their tickets remain.
    pub fn person(&self, id: u64) -> Option<Person<'_>> {
        if let Some(contact) = self.contacts.get(&id) {
            return Some(Person {
                id,
                name: &contact.name,
                email: contact.email.as_deref(),
                mobile: contact.mobile.as_deref(),
                phone: contact.phone.as_deref(),
            });
        }
        self.agents.get(&id).map(|agent| Person {
            id,
            name: &agent.name,
            email: Some(&agent.email),
            mobile: agent.mobile.as_deref(),
            phone: agent.phone.as_deref(),
        })
    }

    /// Finds a user by address, in any letter case.
    pub fn person_by_email(&self, email: &str) -> Option<u64> {
        let is_same = |address: &str| address.eq_ignore_ascii_case(email);
        let contact = self.contacts.values().find(|contact| {
            contact.email.as_deref().is_some_and(is_same)
                || contact.other_emails.iter().any(|address| is_same(address))
        });
        contact.map(|contact| contact.id).or_else(|| {
            self.agents
                .values()
                .find(|agent| is_same(&agent.email))
                .map(|agent| agent.id)
        })
    }

    /// The company that owns an address's domain.
    pub fn company_of(&self, email: &str) -> Option<u64> {
        let (_, domain) = email.rsplit_once('@')?;
        let owns = |owned: &String| owned.eq_ignore_ascii_case(domain);
        let company = self
            .companies
            .values()
            .find(|company| company.domains.iter().any(owns));
        company.map(|company| company.id)
    }

    /// A contact with the API's defaults; [`Self::insert_contact`] keeps it.
    pub fn blank_contact(&mut self, name: &str) -> Contact {
        let now = self.now();
        let id = self.new_id();
        Contact {
            id,
            org_contact_id: 1_800_000_000_000_000_000 + id,
            name: name.to_owned(),
            email: None,
            phone: None,
            mobile: None,
            active: false,
            address: None,
            description: None,
            job_title: None,
            language: "en".to_owned(),
            time_zone: "Eastern Time (US & Canada)".to_owned(),
            twitter_id: None,
            unique_external_id: None,
            facebook_id: None,
            company_id: None,
            custom_fields: BTreeMap::new(),
            tags: Vec::new(),
            other_emails: Vec::new(),
            view_all_tickets: Some(false),
            avatar: None,
            deleted: false,
            blocked: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// Keeps a new contact; without a company it gets that of its domain (section 10).
    pub fn insert_contact(&mut self, mut contact: Contact) -> u64 {
        if contact.company_id.is_none() {
            contact.company_id = contact
                .email
                .as_deref()
                .and_then(|email| self.company_of(email));
        }
        let id = contact.id;
        self.contacts.insert(id, contact);
        id
    }

    /// Adds a contact with a name and an address.
    pub fn add_contact(&mut self, name: &str, email: &str) -> u64 {
        let mut contact = self.blank_contact(name);
        contact.email = Some(email.to_owned());
        self.insert_contact(contact)
    }

    /// Changes a contact; `updated_at` moves.
    pub fn edit_contact(&mut self, id: u64, edit: impl FnOnce(&mut Contact)) -> bool {
        let now = self.now();
        let Some(contact) = self.contacts.get_mut(&id) else {
            return false;
        };
        edit(contact);
        contact.updated_at = now;
        true
    }

    /// Makes an agent of a contact: the id stays, the contact goes (section 9).
    pub fn make_agent(&mut self, id: u64) -> bool {
        let Some(contact) = self.contacts.remove(&id) else {
            return false;
        };
        let now = self.now();
        let agent = Agent {
            id,
            name: contact.name,
            email: contact.email.unwrap_or_default(),
            phone: contact.phone,
            mobile: contact.mobile,
            job_title: contact.job_title,
            language: contact.language,
            time_zone: contact.time_zone,
            available: true,
            occasional: false,
            ticket_scope: 2,
            signature: None,
            group_ids: Vec::new(),
            role_ids: self.roles.keys().last().copied().into_iter().collect(),
            created_at: now,
            updated_at: now,
            last_active_at: None,
        };
        self.agents.insert(id, agent);
        true
    }

    /// Makes a contact of an agent, as deleting an agent does (section 10).
    pub fn unmake_agent(&mut self, id: u64) -> bool {
        let Some(agent) = self.agents.remove(&id) else {
            return false;
        };
        let mut contact = self.blank_contact(&agent.name);
        contact.id = id;
        contact.email = Some(agent.email);
        contact.phone = agent.phone;
        contact.mobile = agent.mobile;
        contact.job_title = agent.job_title;
        self.insert_contact(contact);
        for ticket in self
            .tickets
            .values_mut()
            .filter(|ticket| ticket.responder_id == Some(id))
        {
            ticket.responder_id = None;
        }
        true
    }

    /// Finds a file anywhere: on tickets, conversations and contacts.
    pub fn attachment(&self, id: u64) -> Option<&Attachment> {
        let on_tickets = self.tickets.values().flat_map(|ticket| {
            let on_conversations = ticket.conversations.iter().flat_map(|one| &one.attachments);
            ticket.attachments.iter().chain(on_conversations)
        });
        let on_contacts = self
            .contacts
            .values()
            .filter_map(|contact| contact.avatar.as_ref());
        on_tickets
            .chain(on_contacts)
            .find(|attachment| attachment.id == id)
    }

    /// Takes a file off its ticket or conversation.
    pub fn delete_attachment(&mut self, id: u64) -> bool {
        let has = |attachments: &[Attachment]| attachments.iter().any(|one| one.id == id);
        let holder = self.tickets.values().find(|ticket| {
            has(&ticket.attachments) || ticket.conversations.iter().any(|one| has(&one.attachments))
        });
        let Some(ticket_id) = holder.map(|ticket| ticket.id) else {
            return false;
        };
        self.edit_ticket(ticket_id, |ticket| {
            ticket.attachments.retain(|one| one.id != id);
            for conversation in &mut ticket.conversations {
                conversation.attachments.retain(|one| one.id != id);
            }
        })
    }
}
