//! What a create or an update of a ticket says, checked against the account's fields
//! (Freshdesk reference, sections 4.2, 4.3 and 4.5).

use jiff::Timestamp;
use serde_json::Value;

use super::custom_fields;
use super::fields;
use super::form::Form;
use super::form_fields::Given;
use super::html::html_and_text;
use super::records::Ticket;
use super::reply::FieldError;
use super::switches::NullDueDates;
use super::world::World;

/// The sources that the documentation lets one set.
const SOURCES: [u64; 6] = [1, 2, 3, 7, 9, 10];

/// The attributes of a body that create, update and bulk update share.
pub(super) struct Draft {
    /// Plain.
    subject: Given<String>,
    /// HTML or plain text.
    description: Given<String>,
    /// One of the account's.
    status: Option<u64>,
    /// 1 to 4.
    priority: Option<u64>,
    /// One of those that can be set.
    source: Option<u64>,
    /// The attribute `type`.
    kind: Given<String>,
    /// An agent.
    responder_id: Given<u64>,
    /// A group.
    group_id: Given<u64>,
    /// A product.
    product_id: Given<u64>,
    /// A mailbox.
    email_config_id: Given<u64>,
    /// A company.
    company_id: Given<u64>,
    /// Replaces all tags.
    tags: Given<Vec<String>>,
    /// Null clears one; those not named stay.
    custom_fields: Vec<(String, Value)>,
    /// When it should be resolved.
    due_by: Given<Timestamp>,
    /// When it should be answered.
    fr_due_by: Given<Timestamp>,
}

impl Draft {
    /// Reads the attributes; what is wrong goes to the form's errors.
    pub(super) fn read(world: &World, form: &mut Form) -> Self {
        let types = fields::type_choices(world);
        let kind = form.text("type");
        if let Given::Is(kind) = &kind
            && !types.iter().any(|known| known == kind)
        {
            let message = format!("It should be one of these values: '{}'", types.join(","));
            form.refuse("type", "invalid_value", message);
        }
        let subject = form.text("subject");
        let longest = world.switches.longest_subject;
        if let Given::Is(subject) = &subject
            && subject.chars().count() > longest
        {
            let message = format!("It can have a maximum of {longest} characters");
            form.refuse("subject", "invalid_value", message);
        }
        if matches!(form.fields.get("tags"), Some(Value::Null)) {
            form.refuse(
                "tags",
                "datatype_mismatch",
                "Value set is of type Null.It should be a/an Array",
            );
        }

        Self {
            subject,
            description: form.text("description"),
            status: not_null(form, "status", &fields::status_ids(world)),
            priority: not_null(form, "priority", &[1, 2, 3, 4]),
            source: not_null(form, "source", &SOURCES),
            kind,
            responder_id: reference(form, "responder_id", "agent", |id| {
                world.agents.contains_key(&id)
            }),
            group_id: reference(form, "group_id", "group", |id| {
                world.groups.contains_key(&id)
            }),
            product_id: reference(form, "product_id", "product", |id| {
                world.products.contains_key(&id)
            }),
            email_config_id: reference(form, "email_config_id", "email_config", |id| {
                world.email_configs.contains_key(&id)
            }),
            company_id: reference(form, "company_id", "company", |id| {
                world.companies.contains_key(&id)
            }),
            tags: form.texts("tags"),
            custom_fields: custom_fields::read(world, form),
            due_by: form.moment("due_by"),
            fr_due_by: form.moment("fr_due_by"),
        }
    }

    /// Whether it sets due dates.
    pub(super) fn sets_due_dates(&self) -> bool {
        matches!(
            (&self.due_by, &self.fr_due_by),
            (Given::Is(_), _) | (_, Given::Is(_))
        )
    }

    /// The status that it leads to.
    pub(super) fn status_after(&self, before: u64) -> u64 {
        self.status.unwrap_or(before)
    }

    /// Checks the due dates against each other, the clock and the resulting status. No rule is
    /// known; these are the strictest that were reported (section 4.3).
    pub(super) fn check_due_dates(&self, world: &World, form: &mut Form, status: u64) {
        let nulls = [("due_by", &self.due_by), ("fr_due_by", &self.fr_due_by)];
        for (name, given) in nulls {
            if *given == Given::Null && world.switches.null_due_dates == NullDueDates::Refused {
                let message = "Value set is of type Null.It should be a/an DateTime";
                form.refuse(name, "datatype_mismatch", message);
            }
        }
        if !world.switches.strict_due_dates || !self.sets_due_dates() {
            return;
        }
        let (Given::Is(due), Given::Is(fr_due)) = (&self.due_by, &self.fr_due_by) else {
            let missing = if matches!(self.due_by, Given::Is(_)) {
                "fr_due_by"
            } else {
                "due_by"
            };
            if form.errors.iter().all(|error| error.field != missing) {
                form.refuse(
                    missing,
                    "missing_field",
                    "due_by and fr_due_by should be set together",
                );
            }
            return;
        };
        for (name, moment) in [("due_by", *due), ("fr_due_by", *fr_due)] {
            if moment <= world.now() {
                form.refuse(
                    name,
                    "invalid_value",
                    "It should be a date and time in the future",
                );
            }
        }
        if fr_due > due {
            form.refuse(
                "fr_due_by",
                "invalid_value",
                "It should not be later than due_by",
            );
        }
        if matches!(status, 4 | 5) {
            let message = "It should not be set on a resolved or closed ticket";
            form.refuse("due_by", "incompatible_field", message);
        }
    }

    /// Puts the attributes on a ticket.
    pub(super) fn apply(self, world: &World, ticket: &mut Ticket) {
        let Self {
            subject,
            description,
            status,
            priority,
            source,
            kind,
            responder_id,
            group_id,
            product_id,
            email_config_id,
            company_id,
            tags,
            custom_fields,
            due_by,
            fr_due_by,
        } = self;
        subject.store(&mut ticket.subject);
        match description {
            Given::Is(text) => (ticket.description, ticket.description_text) = html_and_text(&text),
            Given::Null => (ticket.description, ticket.description_text) = html_and_text(""),
            Given::Absent => {}
        }
        ticket.status = status.unwrap_or(ticket.status);
        ticket.priority = priority.unwrap_or(ticket.priority);
        ticket.source = source.unwrap_or(ticket.source);
        kind.store(&mut ticket.kind);
        responder_id.store(&mut ticket.responder_id);
        group_id.store(&mut ticket.group_id);
        // A product is ignored when a mailbox is given (section 4.3).
        if !matches!(email_config_id, Given::Is(_)) {
            product_id.store(&mut ticket.product_id);
        }
        email_config_id.store(&mut ticket.email_config_id);
        let mailbox = ticket
            .email_config_id
            .and_then(|id| world.email_configs.get(&id));
        if mailbox.is_some() {
            ticket.support_email = mailbox.cloned();
        }
        company_id.store(&mut ticket.company_id);
        if let Given::Is(tags) = tags {
            ticket.tags = tags;
        }
        for (name, value) in custom_fields {
            if value.is_null() {
                ticket.custom_fields.remove(&name);
            } else {
                ticket.custom_fields.insert(name, value);
            }
        }
        let is_null = due_by == Given::Null || fr_due_by == Given::Null;
        due_by.store(&mut ticket.due_by);
        fr_due_by.store(&mut ticket.fr_due_by);
        if is_null && world.switches.null_due_dates == NullDueDates::Recomputed {
            set_service_level(ticket);
        }
    }
}

/// Sets the due dates of the default service level: respond and resolve by priority (section 11).
pub(super) fn set_service_level(ticket: &mut Ticket) {
    let (respond, resolve) = match ticket.priority {
        4 => (1, 4),
        3 => (4, 12),
        2 => (8, 24),
        _ => (24, 72),
    };
    ticket.fr_due_by = Some(ticket.created_at + jiff::SignedDuration::from_hours(respond));
    ticket.due_by = Some(ticket.created_at + jiff::SignedDuration::from_hours(resolve));
}

/// A number out of a set that cannot be cleared.
fn not_null(form: &mut Form, name: &str, values: &[u64]) -> Option<u64> {
    match form.choice(name, values) {
        Given::Is(number) => Some(number),
        Given::Absent => None,
        Given::Null => {
            let texts: Vec<String> = values.iter().map(u64::to_string).collect();
            let message = format!(
                "Value set is of type Null.It should be one of these values: '{}'",
                texts.join(",")
            );
            form.refuse(name, "datatype_mismatch", message);
            None
        }
    }
}

/// An id of something that must exist.
fn reference(form: &mut Form, name: &str, what: &str, exists: impl Fn(u64) -> bool) -> Given<u64> {
    let given = form.positive(name);
    if let Given::Is(id) = given
        && !exists(id)
    {
        form.errors.push(FieldError::no_match(what, name));
        return Given::Absent;
    }
    given
}
