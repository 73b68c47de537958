//! How objects look on the wire: the model's attributes, and around them what every object of the
//! API has.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{
    ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::desk::Listed;
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
}

impl<T> List<T> {
    /// A page of the Help Desk API.
    pub fn new<M>(
        page: Option<String>,
        listed: Listed<M>,
        object: impl FnMut(Found<M>) -> T,
    ) -> Self {
        let Listed { objects, next_page } = listed;
        let objects: Vec<T> = objects.into_iter().map(object).collect();
        Self::of("helpdesk", page, objects, next_page)
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
        let objects = ArrayBuilder::new()
            .items(Ref::from_schema_name(T::name()))
            .description(Some("The objects."));
        let object = ObjectBuilder::new()
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
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
