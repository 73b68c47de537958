//! A comment in a body, and what becomes of it (Zendesk reference, section 6).

use jiff::Timestamp;
use serde_json::Value;

use super::body::{Body, Given};
use super::html;
use super::records::{Attachment, Comment, Ticket, Via};
use super::reply::{Problems, Reply};
use super::switches::UnknownReferences;
use super::ticket_write::Actor;
use super::world::World;

/// The most comments of a ticket (section 4).
const MOST_COMMENTS: usize = 5000;

/// What a body says of a comment. `plain_body` is ignored (section 6).
#[derive(Debug, Clone, Default)]
pub(super) struct CommentDraft {
    /// Text.
    body: Option<String>,
    /// HTML, which wins over the text.
    html_body: Option<String>,
    /// For the requester too.
    public: Option<bool>,
    /// Who wrote it.
    author_id: Option<u64>,
    /// Tokens of files.
    uploads: Vec<String>,
    /// Only of an import.
    pub(super) created_at: Option<Timestamp>,
}

impl CommentDraft {
    /// A text with nothing else said about it.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            body: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// Reads an object, or a bare text.
    pub(super) fn read(value: &Value, body: &Body<'_>, name: &str) -> Result<Self, Reply> {
        let object = match value {
            Value::String(text) => return Ok(Self::of_text(text)),
            Value::Object(object) => Body::new(object, body.place),
            _ => return Err(body.wrong(name, "an object")),
        };
        let text = match object.text("body")? {
            Given::Is(text) => Some(text),
            Given::Absent | Given::Null => object.text("value")?.value().cloned(),
        };
        let uploads = match object.any("uploads") {
            // One token alone is recorded too (section 6).
            Given::Is(Value::String(token)) => vec![token.clone()],
            _ => object
                .texts("uploads")?
                .value()
                .cloned()
                .unwrap_or_default(),
        };
        Ok(Self {
            body: text,
            html_body: object.text("html_body")?.value().cloned(),
            public: object.boolean("public")?.value().copied(),
            author_id: object.id("author_id")?.value().copied(),
            uploads,
            created_at: object.moment("created_at")?.value().copied(),
        })
    }

    /// Whether there is nothing to read in it. Files alone make no comment.
    pub(super) fn is_blank(&self) -> bool {
        let is_blank =
            |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        is_blank(&self.body) && is_blank(&self.html_body)
    }

    /// Says what is wrong with it on this ticket.
    pub(super) fn check(&self, world: &World, ticket: &Ticket, problems: &mut Problems) {
        if ticket.comments.len() >= MOST_COMMENTS {
            let text = "Comment: the ticket has too many comments";
            problems.add("comment", text, Some("InvalidValue"));
        }
        if world.switches.unknown_references == UnknownReferences::Ignored {
            return;
        }
        if self
            .author_id
            .is_some_and(|id| world.active_user(id).is_none())
        {
            let text = "Comment: Author is invalid";
            problems.add("comment", text, Some("InvalidValue"));
        }
        let now = world.now();
        for token in &self.uploads {
            let upload = world.uploads.get(token);
            if upload.is_none_or(|upload| upload.expires_at <= now) {
                let text = "Attachment: upload token is invalid";
                problems.add("attachments", text, Some("InvalidValue"));
            }
        }
    }

    /// Makes the comment, with its files; it hangs on nothing yet. The default author is given.
    pub(super) fn make(
        &self,
        world: &mut World,
        ticket: &Ticket,
        actor: &Actor,
        author: u64,
        at: Timestamp,
    ) -> Comment {
        // The first comment's visibility goes on, unless something is said (section 6).
        let inherited = ticket.comments.first().is_none_or(|first| first.public);
        let may_be_public = world
            .active_user(actor.caller)
            .is_none_or(|caller| !caller.only_private_comments);
        let public = self.public.unwrap_or(inherited) && may_be_public;
        let author = self
            .author_id
            .filter(|id| world.active_user(*id).is_some())
            .unwrap_or(author);
        let fill_in = |text: &str| html::fill_in(world, ticket, actor.caller, &html::cut(text));
        let (html_body, body) = match (&self.html_body, &self.body) {
            (Some(markup), _) if !markup.trim().is_empty() => {
                let markup = html::wrapped(&fill_in(markup));
                let text = html::to_text(&markup);
                (markup, text)
            }
            (_, text) => {
                let text = fill_in(text.as_deref().unwrap_or_default());
                (html::of_text(&text), text)
            }
        };

        let attachments = take(world, &self.uploads);
        let mut comment = world.new_comment(Some(author), &body, public, at);
        comment.html_body = html_body;
        comment.attachments = attachments;
        comment.via = Via::api();
        comment
    }
}

/// Takes uploads, each of which can be used once (section 6).
fn take(world: &mut World, tokens: &[String]) -> Vec<Attachment> {
    let now = world.now();
    world.uploads.retain(|_, upload| upload.expires_at > now);
    let mut files = Vec::new();
    for token in tokens {
        if let Some(upload) = world.uploads.remove(token) {
            files.extend(upload.attachments);
        }
    }
    files
}
