//! What a change of a ticket does, and what is written down of it.

use jiff::Timestamp;

use super::dates;
use super::notices;
use super::world::{Note, World};
use super::world_tickets::{self, Change};

impl World {
    /// Changes a ticket, and writes down what changed.
    pub(super) fn apply(&mut self, by: u64, id: u64, change: Change) {
        self.begin(id);
        match change {
            Change::Subject(text) => {
                let text = world_tickets::subject(&text);
                self.set_text(by, id, "Subject", &text, |ticket| &mut ticket.subject);
            }
            Change::Priority(text) => {
                self.set_text(by, id, "Priority", &text, |ticket| &mut ticket.priority);
            }
            Change::Status(status) => self.set_status(by, id, &status),
            Change::Owner(owner) => self.set_owner(by, id, owner),
            Change::Queue(queue) => self.set_queue(by, id, queue),
            Change::Due(due) => self.set_due(by, id, due),
            Change::Field(field, values) => self.set_field(by, id, field, &values),
            Change::Requestors(people) => {
                self.set_people(by, id, "Requestor", &people, |ticket| {
                    &mut ticket.requestors
                });
            }
            Change::Cc(people) => self.set_people(by, id, "Cc", &people, |ticket| &mut ticket.cc),
            Change::AdminCc(people) => {
                self.set_people(by, id, "AdminCc", &people, |ticket| &mut ticket.admin_cc);
            }
            Change::Minutes(minutes) => {
                if let Some(ticket) = self.tickets.get_mut(&id) {
                    ticket.minutes = minutes;
                }
                self.changed(by, id, "Set", "TimeWorked", "", "");
            }
        }
    }

    /// Writes a change down and marks the ticket.
    fn changed(&mut self, by: u64, id: u64, kind: &'static str, field: &str, old: &str, new: &str) {
        let note = Note {
            kind,
            field: field.to_owned(),
            old_value: old.to_owned(),
            new_value: new.to_owned(),
            ..Note::default()
        };
        self.note(by, "RT::Ticket", id, note);
        self.touch(by, id);
    }

    /// Sets an attribute that is a text.
    fn set_text(
        &mut self,
        by: u64,
        id: u64,
        field: &str,
        text: &str,
        place: fn(&mut super::records::Ticket) -> &mut String,
    ) {
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(place(ticket), text.to_owned());
        self.changed(by, id, "Set", field, &old, text);
    }

    /// Sets the status, with the times that go with it (facts, 6).
    fn set_status(&mut self, by: u64, id: u64, status: &str) {
        let now = self.stamp();
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        if let Some(queue) = self.queues.get(&ticket.queue) {
            let was_initial = queue.lifecycle.initial.contains(&ticket.status.as_str());
            if was_initial && !queue.lifecycle.initial.contains(&status) {
                ticket.started = ticket.started.or(Some(now));
            }
            if queue.lifecycle.inactive.contains(&status) {
                ticket.resolved = Some(now);
            }
        }
        let old = std::mem::replace(&mut ticket.status, status.to_owned());
        self.changed(by, id, "Status", "Status", &old, status);
        notices::of_status(self, id, status);
    }

    /// Sets the owner, which RT writes down twice.
    fn set_owner(&mut self, by: u64, id: u64, owner: u64) {
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut ticket.owner, owner).to_string();
        let new = owner.to_string();
        self.changed(by, id, "Set", "Owner", &old, &new);
        notices::of_owner(self, by, id, owner);
        self.changed(by, id, "SetWatcher", "Owner", &old, &new);
    }

    /// Moves the ticket; its status is that of the new lifecycle.
    fn set_queue(&mut self, by: u64, id: u64, queue: u64) {
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut ticket.queue, queue);
        let lifecycles = [old, queue].map(|id| self.queues.get(&id).map(|one| one.lifecycle));
        if let [Some(from), Some(to)] = lifecycles {
            to.moved(&ticket.status, from)
                .clone_into(&mut ticket.status);
        }
        self.changed(by, id, "Set", "Queue", &old.to_string(), &queue.to_string());
    }

    /// Sets the due date.
    fn set_due(&mut self, by: u64, id: u64, due: Option<Timestamp>) {
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        ticket.due = due;
        let new = dates::stored(due.unwrap_or_default());
        let old = std::mem::replace(&mut ticket.raw_due, new.clone());
        self.changed(by, id, "Set", "Due", &old, &new);
    }

    /// Sets the values of a custom field: one transaction each that comes or goes, one in all for a single value.
    fn set_field(&mut self, by: u64, id: u64, field: u64, values: &[Option<String>]) {
        let is_one = self
            .custom_fields
            .get(&field)
            .is_none_or(|field| field.kind.is_one());
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        let old = ticket
            .fields
            .insert(field, values.to_vec())
            .unwrap_or_default();
        let field = field.to_string();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        if is_one {
            let [old, new] =
                [old.as_slice(), values].map(|list| list.first().map(text).unwrap_or_default());
            return self.changed(by, id, "CustomField", &field, &old, &new);
        }
        for value in values.iter().filter(|value| !old.contains(value)) {
            self.changed(by, id, "CustomField", &field, "", &text(value));
        }
        for value in old.iter().filter(|value| !values.contains(value)) {
            self.changed(by, id, "CustomField", &field, &text(value), "");
        }
    }

    /// Sets the people of a role: one transaction each who comes or goes.
    fn set_people(
        &mut self,
        by: u64,
        id: u64,
        role: &str,
        people: &[u64],
        place: fn(&mut super::records::Ticket) -> &mut Vec<u64>,
    ) {
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(place(ticket), people.to_vec());
        for person in people.iter().filter(|person| !old.contains(person)) {
            self.changed(by, id, "AddWatcher", role, "", &person.to_string());
        }
        for person in old.iter().filter(|person| !people.contains(person)) {
            self.changed(by, id, "DelWatcher", role, &person.to_string(), "");
        }
    }
}
