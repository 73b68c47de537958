//! Which function answers which path, and by which methods.

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::message::Part;
use super::preconditions::Stamp;
use super::query::Query;
use super::reply::{Answer, Reply};
use super::world::World;
use super::{attachments, people, people_write, queues, ticket_write, tickets, transactions};

/// One call, decoded.
#[derive(Debug)]
pub(super) struct Ask {
    /// The verb.
    pub(super) method: Method,
    /// The path, as received.
    pub(super) path: String,
    /// The parameters.
    pub(super) query: Query,
    /// The media type of the body.
    pub(super) content_type: String,
    /// The body; that of a multipart form is its part `JSON`.
    pub(super) body: Bytes,
    /// The files of a multipart form.
    pub(super) files: Vec<Part>,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The origin that the caller used.
    pub(super) base: String,
    /// Who calls.
    pub(super) caller: u64,
    /// The number of the call.
    pub(super) turn: u64,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    /// What is told of RT itself.
    Rt,
    /// Where tickets are created.
    NewTicket,
    /// A ticket.
    Ticket(u64),
    /// A ticket that changes hands: `take`, `untake`, `steal`.
    Hands(u64, String),
    /// Where replies and comments are added.
    Messages(u64, super::message::Kind),
    /// Searches of tickets.
    Tickets,
    /// What happened to an object.
    History(&'static str, String),
    /// Searches of transactions.
    Transactions,
    /// A transaction.
    Transaction(u64),
    /// Searches of attachments.
    Attachments,
    /// The attachments of a ticket.
    TicketAttachments(u64),
    /// The attachments of a transaction.
    TransactionAttachments(u64),
    /// An attachment.
    Attachment(u64),
    /// Searches of users.
    Users,
    /// Where users are created.
    NewUser,
    /// A user, by login or number.
    User(String),
    /// Searches of queues.
    Queues,
    /// All queues.
    AllQueues,
    /// A queue, by name or number.
    Queue(String),
    /// Searches of custom fields.
    CustomFields,
    /// The custom fields of a queue.
    QueueFields(u64),
    /// A custom field.
    CustomField(u64),
    /// The values of a custom field.
    FieldValues(u64),
    /// Searches of groups.
    Groups,
}

/// Finds what a path below the API leads to.
pub(super) fn find(path: &str) -> Option<Resource> {
    use super::message::Kind;
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let decoded = |segment: &str| {
        let text = percent_encoding::percent_decode_str(segment);
        text.decode_utf8_lossy().into_owned()
    };
    let number = |segment: &str| {
        let is_number = segment.bytes().all(|byte| byte.is_ascii_digit());
        segment.parse::<u64>().ok().filter(|_| is_number)
    };
    let segments: Vec<&str> = path.split('/').collect();
    Some(match segments.as_slice() {
        ["rt"] => Resource::Rt,
        ["ticket"] => Resource::NewTicket,
        ["ticket", id] => Resource::Ticket(number(id)?),
        ["ticket", id, action @ ("take" | "untake" | "steal")] => {
            Resource::Hands(number(id)?, (*action).to_owned())
        }
        ["ticket", id, "correspond"] => Resource::Messages(number(id)?, Kind::Correspond),
        ["ticket", id, "comment"] => Resource::Messages(number(id)?, Kind::Comment),
        ["ticket", id, "attachments"] => Resource::TicketAttachments(number(id)?),
        ["ticket", id, "history"] => {
            number(id)?;
            Resource::History("RT::Ticket", (*id).to_owned())
        }
        ["queue", id, "history"] => Resource::History("RT::Queue", decoded(id)),
        ["user", id, "history"] => Resource::History("RT::User", decoded(id)),
        ["tickets"] => Resource::Tickets,
        ["transactions"] => Resource::Transactions,
        ["transaction", id] => Resource::Transaction(number(id)?),
        ["transaction", id, "attachments"] => Resource::TransactionAttachments(number(id)?),
        ["attachments"] => Resource::Attachments,
        ["attachment", id] => Resource::Attachment(number(id)?),
        ["users"] => Resource::Users,
        ["user"] => Resource::NewUser,
        ["user", id] => Resource::User(decoded(id)),
        ["queues"] => Resource::Queues,
        ["queues", "all"] => Resource::AllQueues,
        ["queue", id] => Resource::Queue(decoded(id)),
        // By number only (trap 19).
        ["queue", id, "customfields"] => Resource::QueueFields(number(id)?),
        ["customfields"] => Resource::CustomFields,
        ["customfield", id] => Resource::CustomField(number(id)?),
        ["customfield", id, "values"] => Resource::FieldValues(number(id)?),
        ["groups"] => Resource::Groups,
        _ => return None,
    })
}

impl Resource {
    /// The methods that it has, as they stand in `Allow`.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Rt => "GET",
            Self::NewTicket | Self::Ticket(_) | Self::Hands(..) | Self::NewUser | Self::User(_) => {
                "GET, HEAD, DELETE, PUT, POST"
            }
            Self::Messages(..) => "POST",
            Self::Tickets => "GET, HEAD, POST",
            Self::Transaction(_) | Self::Attachment(_) | Self::Queue(_) | Self::CustomField(_) => {
                "GET, HEAD"
            }
            Self::History(..)
            | Self::Transactions
            | Self::Attachments
            | Self::TicketAttachments(_)
            | Self::TransactionAttachments(_)
            | Self::Users
            | Self::Queues
            | Self::AllQueues
            | Self::CustomFields
            | Self::QueueFields(_)
            | Self::FieldValues(_)
            | Self::Groups => "GET, POST",
        }
    }

    /// Whether the caller is kept out.
    pub(super) fn is_forbidden(&self, world: &World, ask: &Ask) -> bool {
        match self {
            Self::Ticket(id) | Self::Hands(id, _) => {
                let ticket = tickets::find(world, *id);
                ticket.is_some_and(|ticket| !world.sees_ticket(ask.caller, ticket))
            }
            Self::Transaction(id) => {
                let transaction = world.transactions.get(id);
                transaction.is_some_and(|one| !world.sees_transaction(ask.caller, one))
            }
            Self::Attachment(id) => attachments::is_forbidden(world, ask.caller, *id),
            Self::Queue(id) => {
                // What does not exist is not told apart from what may not be seen.
                let queue = world.queue(id);
                let is_seen = queue.is_some_and(|queue| world.sees_queue(ask.caller, queue.id));
                !is_seen && !world.is_super(ask.caller)
            }
            Self::CustomField(_) | Self::FieldValues(_) => !world.is_super(ask.caller),
            Self::Users | Self::User(_) => {
                let user = world.users.get(&ask.caller);
                user.is_none_or(|user| !user.is_privileged)
            }
            _ => false,
        }
    }

    /// What tells versions of it apart, where it is one thing that exists.
    pub(super) fn stamp(&self, world: &World, ask: &Ask) -> Option<Stamp> {
        match self {
            Self::Ticket(id) | Self::Hands(id, _) => {
                let ticket = tickets::find(world, *id)?;
                Some(Stamp::of(world, &ticket.transactions, ticket.last_updated))
            }
            Self::User(id) => people::stamp(world, ask, id),
            Self::Queue(id) => {
                let queue = world.queue(id)?;
                Some(Stamp::of(world, &queue.transactions, queue.created))
            }
            Self::CustomField(id) => {
                let created = world.custom_fields.get(id)?.created;
                Some(Stamp::of(world, &[], created))
            }
            _ => None,
        }
    }

    /// Answers a call that is fit for it.
    pub(super) fn answer(&self, world: &mut World, ask: &Ask) -> Answer {
        let is_put = ask.method == Method::PUT;
        let is_delete = ask.method == Method::DELETE;
        let is_post = ask.method == Method::POST;
        match self {
            Self::Rt => Ok(queues::version(world, ask)),
            Self::NewTicket if is_post => ticket_write::create(world, ask),
            Self::NewTicket | Self::NewUser if is_put => Err(ticket_write::nothing_to_update()),
            Self::NewUser if is_post => people_write::create(world, ask),
            Self::NewTicket | Self::NewUser => Err(Reply::not_found()),
            Self::Ticket(id) if is_post => ticket_write::create_at(world, ask, *id),
            Self::Ticket(id) if is_put => ticket_write::update(world, ask, *id, None),
            Self::Ticket(id) if is_delete => ticket_write::delete(world, ask, *id),
            Self::Hands(id, action) if is_put => {
                ticket_write::update(world, ask, *id, Some(action))
            }
            Self::Ticket(id) | Self::Hands(id, _) => tickets::show(world, ask, *id),
            Self::Messages(id, kind) => ticket_write::add_message(world, ask, *id, *kind),
            Self::Tickets => tickets::list(world, ask),
            Self::History(kind, id) => transactions::history(world, ask, kind, id),
            Self::Transactions => transactions::list(world, ask),
            Self::Transaction(id) => transactions::show(world, ask, *id),
            Self::Attachments => attachments::list(world, ask),
            Self::TicketAttachments(id) => attachments::of_ticket(world, ask, *id),
            Self::TransactionAttachments(id) => attachments::of_transaction(world, ask, *id),
            Self::Attachment(id) => attachments::show(world, ask, *id),
            Self::Users => people::list(world, ask),
            Self::User(id) if is_put => people_write::update(world, ask, id),
            Self::User(id) if is_delete => people_write::delete(world, ask, id),
            Self::User(id) => people::show(world, ask, id),
            Self::Queues => queues::list(world, ask),
            Self::AllQueues => queues::all(world, ask),
            Self::Queue(id) => queues::show(world, ask, id),
            Self::CustomFields => queues::custom_fields(world, ask, None),
            Self::QueueFields(id) => queues::custom_fields(world, ask, Some(*id)),
            Self::CustomField(id) => queues::custom_field(world, ask, *id),
            Self::FieldValues(id) => queues::field_values(world, ask, *id),
            Self::Groups => people::groups(world, ask),
        }
    }
}
