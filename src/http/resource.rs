//! How objects look on the wire: the model's attributes, and around them what every object of the
//! API has.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::desk::{ListEnd, Listed};
use crate::error::{Error, Result};
use crate::model::comment::Comment;
use crate::model::id::TicketId;
use crate::model::page::Found;
use crate::model::ticket::Ticket;

/// Makes the addresses of objects: the configured origin, and the form in which the request named
/// the account.
pub struct Links {
    /// Origin without a final slash.
    public_url: Arc<str>,
    /// `me`, or the id.
    account: String,
}

impl Links {
    /// Links below an account.
    pub fn new(public_url: Arc<str>, account: String) -> Self {
        Self {
            public_url,
            account,
        }
    }

    /// The address of a ticket.
    pub fn ticket(&self, id: &TicketId) -> String {
        format!(
            "{}/v1/accounts/{}/helpdesk/tickets/{id}",
            self.public_url, self.account
        )
    }

    /// A ticket as it is answered.
    pub fn ticket_object(&self, found: Found<Ticket>) -> Resource<Ticket> {
        Resource::new(self.ticket(&found.object.id), found)
    }

    /// A comment as it is answered.
    pub fn comment_object(&self, ticket: &TicketId, found: Found<Comment>) -> Resource<Comment> {
        Resource::new(
            format!("{}/comments/{}", self.ticket(ticket), found.object.id),
            found,
        )
    }
}

/// An object that the Help Desk API names.
pub trait Named {
    /// Its `type`.
    const TYPE: &'static str;
}

impl Named for Ticket {
    const TYPE: &'static str = "ticket";
}

impl Named for Comment {
    const TYPE: &'static str = "comment";
}

/// An object as it is answered.
#[derive(Serialize)]
pub struct Resource<T> {
    /// Always `helpdesk`.
    api: &'static str,
    /// What it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its address.
    href: String,
    /// Its attributes.
    #[serde(flatten)]
    object: T,
    /// The help desk's own object, where the request asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Raw>,
}

/// The help desk's own object.
#[derive(Serialize)]
struct Raw {
    /// As the help desk sent it.
    object: Box<RawValue>,
}

impl<T: Named> Resource<T> {
    /// Puts what every object has around one.
    fn new(href: String, found: Found<T>) -> Self {
        let Found { object, raw } = found;
        Self {
            api: "helpdesk",
            kind: T::TYPE,
            href,
            object,
            raw: raw.map(|object| Raw { object }),
        }
    }
}

/// A ticket as it is answered.
pub type TicketObject = Resource<Ticket>;
/// A comment as it is answered.
pub type CommentObject = Resource<Comment>;
/// A page of tickets.
pub type TicketList = List<TicketObject>;
/// A page of comments.
pub type CommentList = List<CommentObject>;

/// The schema of a property.
fn property(
    kind: impl Into<SchemaType>,
    description: &str,
    example: impl Into<Value>,
) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(kind)
        .description(Some(description))
        .examples([example.into()])
}

/// The schema of a text that is always the same.
fn constant(description: &str, value: &str) -> ObjectBuilder {
    property(Type::String, description, value).enum_values(Some([value]))
}

impl<T: Named + ToSchema> PartialSchema for Resource<T> {
    /// The model's schema with the properties that stand around every object.
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut object)) = T::schema() else {
            return T::schema();
        };
        let ticket = "https://desk.example.com/v1/accounts/me/helpdesk/tickets/ticket_NjQ2MTUz";
        let href = property(Type::String, "Address of this object.", ticket)
            .format(Some(SchemaFormat::Custom("uri".into())));
        let native = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("The object as the help desk sent it."));
        let raw = ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("Only with the request header `X-Kloudless-Raw-Data: true`: the help desk's own object."))
            .property("object", native)
            .required("object");
        let around = [
            ("api", constant("Always `helpdesk`.", "helpdesk")),
            ("type", constant("What the object is.", T::TYPE)),
            ("href", href),
            ("raw", raw),
        ];
        for (name, schema) in around {
            object
                .properties
                .insert(name.to_owned(), schema.build().into());
        }
        object
            .required
            .extend(["api", "type", "href"].map(str::to_owned));
        RefOr::T(Schema::Object(object))
    }
}

impl<T: Named + ToSchema> ToSchema for Resource<T> {
    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

/// A page of objects as it is answered.
#[derive(Serialize)]
pub struct List<T> {
    /// The API.
    api: &'static str,
    /// Always `object_list`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// How many objects are on this page.
    count: usize,
    /// The page that was asked for.
    page: String,
    /// What to give as `page` for the next one.
    next_page: Option<String>,
    /// The objects.
    objects: Vec<T>,
    /// What the whole list held; on the last page of tickets only.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage>,
    /// What to give as `page` later, for the changes since; on the last page of tickets only.
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_token: Option<String>,
}

/// What a list held, and what it could not.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Coverage {
    /// Whether nothing is known to be missing.
    complete: bool,
    /// Since when changes are in the list, ISO 8601 in UTC; null for all.
    #[schema(required, value_type = Option<String>, format = DateTime, example = json!(null))]
    from: Option<Timestamp>,
    /// Until when changes are in the list, ISO 8601 in UTC, by the help desk's time; null if it does
    /// not tell.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-20T20:00:00Z")]
    to: Option<Timestamp>,
    /// What could not be listed, or was not asked for: `archived` (tickets that the help desk has put
    /// away), `trash`, `spam`, `merged` and `permanently_deleted` (tickets that are gone without a
    /// trace), `crowded_second` (more tickets changed in one second than the help desk shows),
    /// `page_limit` (the help desk shows no further pages in this order).
    #[schema(example = json!(["archived", "trash", "spam"]))]
    not_listed: Vec<&'static str>,
}

/// The attributes of an object that are wanted.
#[derive(Debug, Clone)]
pub struct Fields(Vec<String>);

impl Fields {
    /// Reads names separated by commas.
    pub fn read(text: &str) -> Result<Self> {
        let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let plain = |name: &String| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        if names.len() > 40 || !names.iter().all(plain) {
            return Err(Error::BadRequest(
                "fields must be attributes separated by commas, such as id,subject".into(),
            ));
        }
        Ok(Self(names))
    }

    /// Whether an attribute is wanted.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }
}

impl<T: Serialize> List<T> {
    /// The page with these attributes of its objects only.
    pub fn only(self, fields: &Fields) -> Result<List<Value>> {
        let Self {
            api,
            kind,
            count,
            page,
            next_page,
            objects,
            coverage,
            sync_token,
        } = self;
        let sparse = |object: T| -> Result<Value> {
            let mut value =
                serde_json::to_value(object).map_err(|error| Error::Internal(error.into()))?;
            if let Value::Object(members) = &mut value {
                if let Some(unknown) = fields
                    .0
                    .iter()
                    .find(|name| !members.contains_key(*name) && *name != "raw")
                {
                    return Err(Error::BadRequest(format!(
                        "fields names {unknown}, which is no attribute here"
                    )));
                }
                members.retain(|name, _| fields.has(name));
            }
            Ok(value)
        };
        let objects = objects.into_iter().map(sparse).collect::<Result<_>>()?;
        Ok(List {
            api,
            kind,
            count,
            page,
            next_page,
            objects,
            coverage,
            sync_token,
        })
    }
}

impl<T> List<T> {
    /// A page of the Help Desk API.
    pub fn new<M>(
        page: Option<String>,
        listed: Listed<M>,
        object: impl FnMut(Found<M>) -> T,
    ) -> Self {
        let Listed {
            objects,
            next_page,
            end,
        } = listed;
        let objects: Vec<T> = objects.into_iter().map(object).collect();
        let mut list = Self::of("helpdesk", page, objects, next_page);
        if let Some(ListEnd {
            from,
            to,
            not_listed,
            sync_token,
        }) = end
        {
            list.coverage = Some(Coverage {
                complete: not_listed.is_empty(),
                from,
                to,
                not_listed,
            });
            list.sync_token = sync_token;
        }
        list
    }

    /// A page of any of the APIs.
    pub fn of(
        api: &'static str,
        page: Option<String>,
        objects: Vec<T>,
        next_page: Option<String>,
    ) -> Self {
        let page = page.unwrap_or_else(|| "1".into());
        Self {
            api,
            kind: "object_list",
            count: objects.len(),
            page,
            next_page,
            objects,
            coverage: None,
            sync_token: None,
        }
    }
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let next_page = "What to give as `page` for the next page: opaque, valid for this list and page size only. Null on \
                         the last page; a page without objects is always the last.";
        let text_or_null = SchemaType::from_iter([Type::String, Type::Null]);
        let next_page =
            property(text_or_null, next_page, Value::Null).pattern(Some("^[A-Za-z0-9_-]+$"));
        let page = "The page that was asked for, `1` for the first.";
        let count =
            property(Type::Integer, "How many objects are on this page.", 1).minimum(Some(0));
        let whole = Ref::from_schema_name(T::name());
        let items: RefOr<Schema> = if T::name() == "Ticket" {
            let sparse = Ref::from_schema_name("SparseTicket");
            AnyOfBuilder::new().item(whole).item(sparse).into()
        } else {
            whole.into()
        };
        let objects = ArrayBuilder::new()
            .items(items)
            .description(Some("The objects."));
        let object = ObjectBuilder::new();
        let object = if T::name() == "Ticket" {
            last_page_of_tickets(object)
        } else {
            object
        }
        .property(
            "api",
            property(
                Type::String,
                "`helpdesk`, or `core` for accounts.",
                "helpdesk",
            ),
        )
        .property("type", constant("Always `object_list`.", "object_list"))
        .property("count", count)
        .property("page", property(Type::String, page, "1"))
        .property("next_page", next_page)
        .property("objects", objects);
        ["api", "type", "count", "page", "next_page", "objects"]
            .into_iter()
            .fold(object, ObjectBuilder::required)
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Coverage::name().into_owned(), Coverage::schema()));
        schemas.push((T::name().into_owned(), T::schema()));
        if let (true, RefOr::T(Schema::Object(mut sparse))) = (T::name() == "Ticket", T::schema()) {
            sparse.required.clear();
            sparse.description =
                Some("A ticket with the attributes that `fields` names.".to_owned());
            schemas.push(("SparseTicket".to_owned(), RefOr::T(Schema::Object(sparse))));
        }
        T::schemas(schemas);
    }
}

/// The properties that only the last page of the tickets has.
fn last_page_of_tickets(page: ObjectBuilder) -> ObjectBuilder {
    let coverage = Ref::builder()
        .ref_location_from_schema_name(Coverage::name())
        .description(Some(
            "On the last page only: what the list held, and what it could not.",
        ))
        .build();
    let sync_token = "On the last page only: give it as `page` later, for the changes since. Null or absent where the \
                      order of the list allows none.";
    page.property("coverage", coverage)
        .property("sync_token", property(Type::String, sync_token, "AgEAZA"))
}
