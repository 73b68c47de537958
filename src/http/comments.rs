//! `/v1/accounts/{account_id}/helpdesk/tickets/{ticket_id}/comments`.

use axum::response::IntoResponse;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, Result};
use crate::http::dry_run::DryRunObject;
use crate::http::errors::Errors;
use crate::http::extract::{Body, CommentAt, Json, Listing, OpenDesk, TicketAt};
use crate::http::resource::{CommentList, CommentObject, List};
use crate::http::tickets::{
    AccountPath, DryRunParams, PageParams, RawDataHeader, TicketPath, WriteHeaders, required,
};
use crate::model::comment::{CommentPatch, NewComment};
use crate::model::patch::Patch;

/// The comment of an address, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct CommentPath {
    /// Id of the comment.
    #[param(example = "comment_MzExOTg2MTQ2Mw")]
    comment_id: String,
}

/// List ticket comments
///
/// The replies to a ticket and the notes on it, oldest first. The ticket's first message is its
/// description, not a comment.
#[utoipa::path(
    get, path = "/tickets/{ticket_id}/comments", operation_id = "listComments", tag = "Comments",
    params(AccountPath, TicketPath, PageParams, RawDataHeader),
    responses((status = 200, description = "A page of comments.", body = CommentList), Errors),
)]
pub async fn list_comments(
    open: OpenDesk,
    TicketAt(ticket): TicketAt,
    Listing { request, .. }: Listing,
) -> Result<impl IntoResponse> {
    let OpenDesk { desk, links } = open;
    let listed = desk.list_comments(&ticket, &request).await?;
    Ok(Json(
        StatusCode::OK,
        List::new(request.page, listed, |found| {
            links.comment_object(&ticket, found)
        }),
    ))
}

/// Retrieve a comment
#[utoipa::path(
    get, path = "/tickets/{ticket_id}/comments/{comment_id}", operation_id = "getComment", tag = "Comments",
    params(AccountPath, TicketPath, CommentPath, RawDataHeader),
    responses((status = 200, description = "The comment.", body = CommentObject), Errors),
)]
pub async fn get_comment(
    open: OpenDesk,
    TicketAt(ticket): TicketAt,
    CommentAt(id): CommentAt,
) -> Result<impl IntoResponse> {
    let OpenDesk { desk, links } = open;
    let found = desk.get_comment(&ticket, &id).await?;
    Ok(Json(StatusCode::OK, links.comment_object(&ticket, found)))
}

/// What a new comment is made of.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewComment)]
pub struct CreateComment {
    /// Content; may be HTML.
    #[schema(required, nullable = false, example = "<div>It is on its way.</div>")]
    content: Option<String>,
    /// Id of the author, the owner of the account's credential unless given. On Freshdesk an agent.
    author: Option<String>,
    /// Whether the requester can see the comment, true unless given. On Freshdesk a public comment is
    /// a reply, which goes out by e-mail, and a private one a note. Null is refused: it could mean
    /// either.
    #[serde(default)]
    #[schema(value_type = bool, required = false, default = true)]
    public: Patch<bool>,
    /// What other APIs call it: refused, for ignored it would make the comment public.
    #[schema(ignore)]
    #[serde(default)]
    private: Patch<serde::de::IgnoredAny>,
}

/// Create a comment
///
/// The answer's `public` is what the help desk has stored. If that is not what was asked for, the
/// answer is an error that says so.
#[utoipa::path(
    post, path = "/tickets/{ticket_id}/comments", operation_id = "createComment", tag = "Comments",
    params(AccountPath, TicketPath, RawDataHeader, WriteHeaders, DryRunParams), request_body = CreateComment,
    responses(
        (status = 202, description = "With `dry_run=true`: what would be done.", body = DryRunObject),(status = 201, description = "The new comment.", body = CommentObject), Errors),
)]
pub async fn create_comment(
    open: OpenDesk,
    TicketAt(ticket): TicketAt,
    Body(body): Body<CreateComment>,
) -> Result<impl IntoResponse> {
    let OpenDesk { desk, links } = open;
    let CreateComment {
        content,
        author,
        public,
        private,
    } = body;
    if !private.is_keep() {
        return Err(Error::BadRequest(
            "private is no attribute of a comment: say public, true or false".into(),
        ));
    }
    let public = match public {
        Patch::Keep => true,
        Patch::Set(public) => public,
        Patch::Clear => {
            return Err(Error::BadRequest(
                "public must be true or false, not null".into(),
            ));
        }
    };
    let new = NewComment {
        content: required("content", content)?,
        author,
        public,
    };
    let found = desk.create_comment(&ticket, new).await?;
    Ok(Json(
        StatusCode::CREATED,
        links.comment_object(&ticket, found),
    ))
}

/// What to change about a comment. On Freshdesk only the content of notes can be changed.
#[derive(Deserialize, ToSchema)]
#[schema(as = CommentPatch)]
pub struct UpdateComment {
    /// Content; may be HTML.
    #[serde(default)]
    #[schema(value_type = String)]
    content: Patch<String>,
    /// Id of the author. Freshdesk cannot change it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    author: Patch<String>,
    /// Whether the requester can see the comment. Freshdesk cannot change it.
    #[serde(default)]
    #[schema(value_type = bool)]
    public: Patch<bool>,
}

/// Update a comment
#[utoipa::path(
    patch, path = "/tickets/{ticket_id}/comments/{comment_id}", operation_id = "updateComment", tag = "Comments",
    params(AccountPath, TicketPath, CommentPath, RawDataHeader, WriteHeaders, DryRunParams), request_body = UpdateComment,
    responses(
        (status = 202, description = "With `dry_run=true`: what would be done.", body = DryRunObject),(status = 200, description = "The comment after the change.", body = CommentObject), Errors),
)]
pub async fn update_comment(
    open: OpenDesk,
    TicketAt(ticket): TicketAt,
    CommentAt(id): CommentAt,
    Body(body): Body<UpdateComment>,
) -> Result<impl IntoResponse> {
    let OpenDesk { desk, links } = open;
    let UpdateComment {
        content,
        author,
        public,
    } = body;
    if content.value().is_some_and(|text| text.trim().is_empty()) {
        return Err(Error::BadRequest("content cannot be blank".into()));
    }
    let found = desk
        .update_comment(
            &ticket,
            &id,
            CommentPatch {
                content,
                author,
                public,
            },
        )
        .await?;
    Ok(Json(StatusCode::OK, links.comment_object(&ticket, found)))
}

/// Delete a comment
#[utoipa::path(
    delete, path = "/tickets/{ticket_id}/comments/{comment_id}", operation_id = "deleteComment", tag = "Comments",
    params(AccountPath, TicketPath, CommentPath, WriteHeaders, DryRunParams),
    responses(
        (status = 202, description = "With `dry_run=true`: what would be done.", body = DryRunObject),(status = 204, description = "The comment is gone."), Errors),
)]
pub async fn delete_comment(
    open: OpenDesk,
    TicketAt(ticket): TicketAt,
    CommentAt(id): CommentAt,
) -> Result<impl IntoResponse> {
    open.desk.delete_comment(&ticket, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
