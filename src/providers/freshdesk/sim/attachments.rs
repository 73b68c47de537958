//! Files: their JSON, their uploads, and downloads without credentials
//! (Freshdesk reference, section 7).

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::form::Form;
use super::query::Query;
use super::records::Attachment;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// The most that all files of a ticket may weigh together.
const LARGEST_TOTAL: usize = 20 * 1024 * 1024;

/// How long an address of a file is good, in seconds: recorded.
const URL_LIFE: i64 = 300;

/// How the moment of signing is written.
const SIGNED_AT: &str = "%Y%m%dT%H%M%SZ";

/// An attachment as tickets and conversations show it.
pub(super) fn json(attachment: &Attachment, base: &str, now: Timestamp) -> Value {
    let url = url(attachment, base, now);
    let mut json = json!({
        "id": attachment.id,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size": attachment.content.len(),
        "created_at": attachment.created_at,
        "updated_at": attachment.created_at,
        "attachment_url": url,
    });
    if attachment.content_type.starts_with("image/") {
        json["thumb_url"] = Value::String(url);
    }
    json
}

/// The answer to a download.
pub(super) struct Download {
    /// The status.
    pub(super) status: StatusCode,
    /// The media type.
    pub(super) content_type: String,
    /// The file, or an error as S3 words it.
    pub(super) content: Bytes,
}

/// Answers a download: no credentials but the signature in the address, which ends after five
/// minutes. An `Authorization` header besides is a 400, as S3 has it.
pub(super) fn download(world: &World, parts: &Parts, now: Timestamp) -> Download {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return refused(
            StatusCode::BAD_REQUEST,
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature \
             query string parameter or the Authorization header should be specified",
        );
    }
    let id = parts
        .uri
        .path()
        .strip_prefix("/attachments/")
        .and_then(|rest| rest.split('/').next())
        .and_then(|id| id.parse::<u64>().ok());
    let Some(attachment) = id.and_then(|id| world.attachment(id)) else {
        return refused(
            StatusCode::NOT_FOUND,
            "NoSuchKey",
            "The specified key does not exist.",
        );
    };
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let signed_at = query.get("X-Amz-Date").unwrap_or_default();
    if query.get("X-Amz-Signature") != Some(signature(attachment.id, signed_at).as_str()) {
        let message =
            "The request signature we calculated does not match the signature you provided.";
        return refused(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", message);
    }
    let signed = DateTime::strptime(SIGNED_AT, signed_at)
        .ok()
        .and_then(|moment| TimeZone::UTC.to_timestamp(moment).ok());
    if signed.is_none_or(|signed| signed + SignedDuration::from_secs(URL_LIFE) < now) {
        return refused(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired");
    }
    Download {
        status: StatusCode::OK,
        content_type: attachment.content_type.clone(),
        content: attachment.content.clone(),
    }
}

/// `DELETE /attachments/{id}`
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    if world.delete_attachment(ask.id()?) {
        return Ok(Reply::no_content());
    }
    Err(Reply::not_found())
}

/// Takes the files of a body, of which a ticket may hold 20 MB in all; `held` is what it has.
/// In JSON there are no files.
pub(super) fn take(world: &mut World, form: &mut Form, held: usize) -> Vec<Attachment> {
    if form.has("attachments") {
        let message = "It should be a/an valid file format";
        form.refuse("attachments", "datatype_mismatch", message);
    }
    let (files, others): (Vec<_>, Vec<_>) = std::mem::take(&mut form.uploads)
        .into_iter()
        .partition(|one| one.field == "attachments");
    form.uploads = others;
    let weight: usize = files.iter().map(|file| file.content.len()).sum();
    if held + weight > LARGEST_TOTAL {
        let message = "The total size of the attachments should be less than 20 MB";
        form.refuse("attachments", "invalid_value", message);
        return Vec::new();
    }
    files
        .into_iter()
        .map(|file| world.new_attachment(&file.name, &file.content_type, file.content))
        .collect()
}

/// A presigned address, good from now on.
fn url(attachment: &Attachment, base: &str, now: Timestamp) -> String {
    let signed_at = now.strftime(SIGNED_AT).to_string();
    let signature = signature(attachment.id, &signed_at);
    let name = utf8_percent_encode(&attachment.name, NON_ALPHANUMERIC);
    format!(
        "{base}/attachments/{id}/{name}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={signed_at}\
         &X-Amz-Expires={URL_LIFE}&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}",
        id = attachment.id,
    )
}

/// What makes an address good. It stands for a signature and protects nothing.
fn signature(id: u64, signed_at: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (id, signed_at).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// An error as S3 words it.
fn refused(status: StatusCode, code: &str, message: &str) -> Download {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Download {
        status,
        content_type: "application/xml".to_owned(),
        content: Bytes::from(body),
    }
}
