//! Comments: the replies to a ticket and the notes on it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::id::CommentId;
use crate::model::patch::Patch;
use crate::model::text::Text;

/// A reply to a ticket, or a note on it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Comment {
    /// Id of the comment: `comment_` and the help desk's id in unpadded base64url.
    #[schema(value_type = String, example = "comment_MzExOTg2MTQ2Mw", pattern = "^comment_[A-Za-z0-9_-]+$")]
    pub id: CommentId,
    /// Content; may be HTML.
    #[schema(required, value_type = Option<String>, example = "<div>It is on its way.</div>")]
    pub content: Option<Text>,
    /// Id of the author in the help desk. Null if the help desk does not tell.
    #[schema(required, example = "4206043")]
    pub author: Option<String>,
    /// Whether the requester can see the comment: what the help desk has stored, never a guess.
    pub public: bool,
    /// Files that came with the comment.
    pub attachments: Vec<Attachment>,
    /// When the comment was made, ISO 8601 in UTC.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2020-08-25T07:54:31Z")]
    pub created_at: Option<Timestamp>,
    /// When the comment was last modified, ISO 8601 in UTC.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2020-08-25T07:54:31Z")]
    pub modified_at: Option<Timestamp>,
}

/// A file that came with a comment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Attachment {
    /// Id of the attachment in the help desk.
    #[schema(example = "48004545454")]
    pub id: String,
    /// Name of the file.
    #[schema(required, value_type = Option<String>, example = "receipt.pdf")]
    pub filename: Option<Text>,
    /// Media type.
    #[schema(required, value_type = Option<String>, example = "application/pdf")]
    pub content_type: Option<Text>,
    /// Where to download the file. Fetch it without credentials and soon: help desks sign such
    /// addresses for some minutes. Read the comment again for a fresh one.
    #[schema(required, value_type = Option<String>, format = "uri", example = "https://files.example.com/receipt.pdf?signature=x")]
    pub url: Option<Text>,
    /// Where to download a thumbnail, for images. Null otherwise.
    #[schema(required, value_type = Option<String>, format = "uri", example = json!(null))]
    pub thumb_url: Option<Text>,
    /// Size in bytes. Null if the help desk does not tell.
    #[schema(required, example = 20480)]
    pub size: Option<u64>,
}

/// What a request says about a comment to be made.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// Content, required; may be HTML.
    pub content: String,
    /// Author, the owner of the account's credential unless given.
    pub author: Option<String>,
    /// Visibility, public unless given.
    pub public: bool,
}

/// What a request changes in a comment.
#[derive(Debug, Clone, Default)]
pub struct CommentPatch {
    /// Content.
    pub content: Patch<String>,
    /// Author.
    pub author: Patch<String>,
    /// Visibility.
    pub public: Patch<bool>,
}
