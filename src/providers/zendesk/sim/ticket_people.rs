//! Who a ticket's people are: requester, CCs, followers (Zendesk reference, sections 4 and 5).

use super::records::Ticket;
use super::reply::Problems;
use super::switches::UnknownReferences;
use super::ticket_draft::{Draft, Person};
use super::world::World;

/// The most CCs of a ticket (section 5).
const MOST_CCS: usize = 48;

/// Finds people, and makes users of unknown addresses. What was made is told, so that a refusal can undo it.
pub(super) struct Register<'a> {
    /// Where people are found.
    pub(super) world: &'a mut World,
    /// What is wrong so far.
    pub(super) problems: &'a mut Problems,
    /// Users who were made.
    pub(super) made: Vec<u64>,
}

impl Register<'_> {
    /// The requester, if the draft says who: an address of somebody known is that person, whose name stays; of
    /// somebody unknown it makes a user, who needs a name (section 4).
    pub(super) fn requester(&mut self, draft: &Draft) -> Option<u64> {
        let id = match &draft.requester {
            Some(Person {
                id: None,
                email,
                name,
            }) => return self.new_requester(email.as_deref(), name.as_deref()),
            Some(person) => person.id,
            None => draft.requester_id.value().copied(),
        };
        let id = id?;
        match self.world.active_user(id) {
            Some(user) if user.suspended => {
                // The wording is a guess; so is that there is a refusal (section 10).
                let text = format!("Requester: {} is suspended.", user.name);
                self.problems.add("requester", &text, Some("InvalidValue"));
                None
            }
            Some(_) => Some(id),
            None => {
                self.unknown("requester", "Requester: is invalid");
                None
            }
        }
    }

    /// A requester named by address, or by name alone.
    fn new_requester(&mut self, email: Option<&str>, name: Option<&str>) -> Option<u64> {
        let known = email.and_then(|email| self.world.person_by_email(email));
        if known.is_some() {
            return known;
        }
        let name = name.map(str::trim).unwrap_or_default();
        if name.is_empty() {
            let text = "Requester: Name: is too short (minimum one character)";
            self.problems.add("requester", text, Some("ValueTooShort"));
            return None;
        }
        if email.is_some_and(|email| !is_address(email)) {
            let text = format!(
                "Requester: Email: {} is not properly formatted",
                email.unwrap_or_default()
            );
            self.problems.add("requester", &text, Some("InvalidFormat"));
            return None;
        }
        let id = self.world.add_user(name, email);
        self.made.push(id);
        Some(id)
    }

    /// Carries out the commands on CCs and followers, and the legacy forms (section 5).
    pub(super) fn apply(&mut self, draft: &Draft, ticket: &mut Ticket) {
        if self.world.switches.ccs_and_followers {
            for command in &draft.email_ccs {
                if let Some(id) = self.find(&command.person, "email_ccs") {
                    change(&mut ticket.email_cc_ids, id, command.is_delete);
                }
            }
            for command in &draft.followers {
                let id = self.find(&command.person, "followers");
                // Only agents can follow (section 5).
                if let Some(id) = id.filter(|id| self.world.active_agent(*id).is_some()) {
                    change(&mut ticket.follower_ids, id, command.is_delete);
                }
            }
        }
        if let Some(ids) = draft.collaborator_ids.value() {
            ticket.email_cc_ids.clear();
            ticket.follower_ids.clear();
            for id in ids {
                if self.world.active_user(*id).is_some() {
                    self.add(*id, ticket);
                } else {
                    self.unknown("collaborator_ids", "Collaborators: is invalid");
                }
            }
        }
        for person in &draft.collaborators {
            if let Some(id) = self.find(person, "collaborators") {
                self.add(id, ticket);
            }
        }
        if ticket.email_cc_ids.len() > MOST_CCS {
            let text = "Email CCs: cannot have more than 48 CCs";
            self.problems.add("email_ccs", text, Some("InvalidValue"));
        }
    }

    /// Adds a person in the legacy manner: agents follow, end users get copies (section 5).
    fn add(&mut self, id: u64, ticket: &mut Ticket) {
        let is_agent = self.world.active_agent(id).is_some();
        let list = if is_agent {
            &mut ticket.follower_ids
        } else {
            &mut ticket.email_cc_ids
        };
        change(list, id, false);
    }

    /// Finds a person, or makes a user of the address.
    fn find(&mut self, person: &Person, field: &str) -> Option<u64> {
        if let Some(id) = person.id {
            if self.world.active_user(id).is_some() {
                return Some(id);
            }
            self.unknown(field, "User: is invalid");
            return None;
        }
        let email = person.email.as_deref()?;
        if let Some(id) = self.world.person_by_email(email) {
            return Some(id);
        }
        if !is_address(email) {
            let text = format!("Email: {email} is not properly formatted");
            self.problems.add(field, &text, Some("InvalidFormat"));
            return None;
        }
        let local = email.split('@').next().unwrap_or_default();
        let name = person.name.as_deref().filter(|name| !name.is_empty());
        let id = self.world.add_user(name.unwrap_or(local), Some(email));
        self.made.push(id);
        Some(id)
    }

    /// Notes a reference that leads nowhere, unless such are ignored (section 4).
    fn unknown(&mut self, field: &str, text: &str) {
        if self.world.switches.unknown_references == UnknownReferences::Refused {
            self.problems.add(field, text, Some("InvalidValue"));
        }
    }
}

/// Whether a text looks like an address.
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_odd = |c: char| c.is_whitespace() || matches!(c, '@' | '<' | '>' | ',' | ';');
    !local.is_empty()
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
        && !local.contains(is_odd)
        && !domain.contains(is_odd)
}

/// Adds or takes away an id.
fn change(list: &mut Vec<u64>, id: u64, is_delete: bool) {
    list.retain(|one| *one != id || !is_delete);
    if !is_delete && !list.contains(&id) {
        list.push(id);
    }
}
