//! How RT turns any record into JSON: a reference, and the fields that were asked for.
//!
//! `fields=A,B` names them, `fields[A]=C` those of the record that A refers to, `fields[A][C]=D` those below it, and so
//! on. Nothing is checked: a field that does not exist is an empty text (trap 18).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::columns;
use super::reply::Reply;
use super::routes::Ask;
use super::world::World;
use crate::simulator::scrambled;

/// A record of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    /// A ticket.
    Ticket(u64),
    /// A transaction.
    Transaction(u64),
    /// An attachment.
    Attachment(u64),
    /// A user.
    User(u64),
    /// A queue.
    Queue(u64),
    /// A custom field.
    CustomField(u64),
    /// A group.
    Group(u64),
}

/// A field of a record.
#[derive(Debug)]
pub(super) enum Cell {
    /// A value.
    Plain(Value),
    /// Another record.
    One(Object),
    /// Other records.
    Many(Vec<Object>),
    /// The custom fields of a ticket.
    CustomFields,
    /// There is no such field, or nothing in it.
    Missing,
    /// Reading it kills the request (trap 10).
    Deadly,
}

impl Cell {
    /// A text.
    pub(super) fn text(text: impl std::fmt::Display) -> Self {
        Self::Plain(Value::String(text.to_string()))
    }

    /// A moment that may not be set.
    pub(super) fn moment(time: Option<Timestamp>) -> Self {
        Self::Plain(moment(time))
    }
}

/// A moment as RT writes it: UTC, to the second, and 1970 where there is none.
pub(super) fn moment(time: Option<Timestamp>) -> Value {
    json!(time.unwrap_or(Timestamp::UNIX_EPOCH).to_string())
}

/// What looks at the world for one call.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// What is looked at.
    pub(super) world: &'a World,
    /// The call.
    pub(super) ask: &'a Ask,
}

impl View<'_> {
    /// The address of something below the API.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/REST/2.0/{path}", self.ask.base)
    }

    /// A record as a reference: its kind, its id as a text, its address. A user goes by the login.
    pub(super) fn reference(&self, object: Object) -> Map<String, Value> {
        let (kind, id) = match object {
            Object::Ticket(id) => ("ticket", id.to_string()),
            Object::Transaction(id) => ("transaction", id.to_string()),
            Object::Attachment(id) => ("attachment", id.to_string()),
            Object::User(id) => ("user", self.world.login(id)),
            Object::Queue(id) => ("queue", id.to_string()),
            Object::CustomField(id) => ("customfield", id.to_string()),
            Object::Group(id) => ("group", id.to_string()),
        };
        let url = self.url(&format!("{kind}/{id}"));
        let members = [
            ("type", json!(kind)),
            ("id", json!(id)),
            ("_url", json!(url)),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// A record as a row of a list: a reference with the fields asked for.
    pub(super) fn row(&self, object: Object) -> Result<Value, Reply> {
        self.with_fields(object, "fields").map(Value::Object)
    }

    /// A reference with the fields that a parameter names.
    fn with_fields(&self, object: Object, parameter: &str) -> Result<Map<String, Value>, Reply> {
        let mut row = self.reference(object);
        for field in self.ask.query.list(parameter) {
            let value = if field == "_hyperlinks" && parameter == "fields" {
                let Some(links) = columns::links(self, object) else {
                    continue;
                };
                Value::Array(links)
            } else {
                self.value(object, field, parameter)?
            };
            row.insert(field.to_owned(), value);
        }
        Ok(row)
    }

    /// One field of a record; references in it have the fields asked for.
    pub(super) fn value(
        &self,
        object: Object,
        field: &str,
        parameter: &str,
    ) -> Result<Value, Reply> {
        let below = format!("{parameter}[{field}]");
        match columns::cell(self.world, object, field) {
            Cell::Plain(value) => Ok(value),
            Cell::One(object) => self.with_fields(object, &below).map(Value::Object),
            Cell::Many(objects) => {
                let rows = objects.into_iter();
                let rows = rows.map(|object| self.with_fields(object, &below).map(Value::Object));
                rows.collect()
            }
            Cell::CustomFields => self.custom_fields(object, &below),
            Cell::Missing => Ok(json!("")),
            Cell::Deadly => Err(Reply::died()),
        }
    }

    /// The custom fields of a ticket with their values, in an order that differs from answer to answer, as that of
    /// Perl's hashes (trap 20).
    pub(super) fn custom_fields(&self, object: Object, parameter: &str) -> Result<Value, Reply> {
        let Object::Ticket(id) = object else {
            return Ok(json!(""));
        };
        let values = self.world.committed(id).map(|ticket| &ticket.fields);
        let fields = self
            .world
            .custom_fields
            .values()
            .filter(|field| field.is_of_tickets());
        let mut ids: Vec<u64> = fields.map(|field| field.id).collect();
        ids.sort_unstable_by_key(|id| scrambled(self.ask.turn.rotate_left(16) ^ id));
        let rows = ids.into_iter().map(|id| {
            let mut row = self.with_fields(Object::CustomField(id), parameter)?;
            let name = self.world.custom_fields.get(&id).map(|field| &field.name);
            let values = values.and_then(|values| values.get(&id));
            row.insert("name".to_owned(), json!(name));
            row.insert("values".to_owned(), json!(values.unwrap_or(&Vec::new())));
            Ok(Value::Object(row))
        });
        rows.collect()
    }

    /// A record on its own: the fields that it always has. Single references in them have the fields asked for,
    /// lists of people have not (facts, 3).
    pub(super) fn whole(
        &self,
        object: Object,
        id: u64,
        fields: &[&str],
    ) -> Result<Map<String, Value>, Reply> {
        let mut whole = Map::new();
        whole.insert("id".to_owned(), json!(id));
        for field in fields {
            let value = match columns::cell(self.world, object, field) {
                Cell::Many(objects) => {
                    let rows = objects.into_iter();
                    rows.map(|one| Value::Object(self.reference(one))).collect()
                }
                Cell::CustomFields => self.custom_fields(object, "")?,
                Cell::Missing => continue,
                Cell::Plain(_) | Cell::One(_) | Cell::Deadly => {
                    self.value(object, field, "fields")?
                }
            };
            whole.insert((*field).to_owned(), value);
        }
        if let Some(links) = columns::links(self, object) {
            whole.insert("_hyperlinks".to_owned(), Value::Array(links));
        }
        Ok(whole)
    }

    /// The link of a record to itself, in which the id is a number.
    pub(super) fn self_link(&self, kind: &str, id: u64) -> Value {
        let url = self.url(&format!("{kind}/{id}"));
        json!({"ref": "self", "type": kind, "id": id, "_url": url})
    }

    /// A link to what is below a record.
    pub(super) fn link(&self, name: &str, path: &str) -> Value {
        json!({"ref": name, "_url": self.url(path)})
    }
}
