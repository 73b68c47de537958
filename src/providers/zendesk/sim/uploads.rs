//! Files: upload, show, download (Zendesk reference, section 6).

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::attachment_json::attachment;
use super::images;
use super::records::{Attachment, Upload};
use super::reply::{Answer, HTML, Reply, TEXT};
use super::routes::Ask;
use super::world::World;

/// The largest file: 50 MB (section 6).
const LARGEST: usize = 50 * 1024 * 1024;

/// `POST /uploads?filename=[&token=]`: the body is the file; the answer is JSON that calls itself text.
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let name = ask
        .query
        .get("filename")
        .ok_or_else(|| Reply::missing("filename"))?;
    if ask.body.len() > LARGEST {
        return Err(Reply::text(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Request Entity Too Large",
        ));
    }
    if ask.body.is_empty() {
        let text = "Attachment file could not be processed.";
        return Err(Reply::coded(
            StatusCode::UNPROCESSABLE_ENTITY,
            "AttachmentUnprocessable",
            text,
        ));
    }
    let now = world.now();
    let expires_at = now + world.switches.upload_life;
    let token = match ask.query.get("token") {
        Some(token) => {
            let upload = world
                .uploads
                .get(token)
                .filter(|upload| upload.expires_at > now);
            upload.ok_or_else(Reply::not_found)?.token.clone()
        }
        None => world.new_word(),
    };
    let file = received(world, name, &ask.headers, ask.body.clone());
    let upload = world
        .uploads
        .entry(token.clone())
        .or_insert_with(|| Upload {
            token: token.clone(),
            expires_at,
            attachments: Vec::new(),
        });
    let json = attachment(&ask.base, &file);
    let location = ask.url(&format!("attachments/{}", file.id));
    upload.attachments.push(file);
    let all: Vec<Value> = upload
        .attachments
        .iter()
        .map(|one| attachment(&ask.base, one))
        .collect();
    let mut reply = Reply::created(
        &json!({"upload": {
            "token": upload.token,
            "expires_at": upload.expires_at,
            "attachments": all,
            "attachment": json,
        }}),
        location,
    );
    TEXT.clone_into(&mut reply.content_type);
    Ok(reply)
}

/// `DELETE /uploads/{token}`
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    let token = ask.params.first().map(String::as_str).unwrap_or_default();
    world.uploads.remove(token).ok_or_else(Reply::not_found)?;
    Ok(Reply::no_content())
}

/// `GET /attachments/{id}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let file = world.attachment(ask.id()?).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(
        &json!({"attachment": attachment(&ask.base, file)}),
    ))
}

/// `GET /attachments/token/{token}/?name=`, outside of the API.
pub(super) fn download(world: &mut World, ask: &mut Ask) -> Answer {
    if ask.caller == 0 && world.switches.files_need_credentials {
        return Err(Reply::forbidden());
    }
    let file = by_token(world, ask)?;
    if world.switches.files_redirect {
        let mut reply = Reply::text(StatusCode::FOUND, "");
        let location = format!("{}/attachments/stored/{}", ask.base, file.token);
        reply.headers.push(("location", location));
        return Ok(reply);
    }
    Ok(content(file))
}

/// `GET /attachments/stored/{token}`: where downloads may be sent to. Credentials must not come along there.
pub(super) fn stored(world: &mut World, ask: &mut Ask) -> Answer {
    if ask.headers.contains_key(header::AUTHORIZATION) {
        let text = "Only one auth mechanism allowed";
        return Err(Reply::text(StatusCode::BAD_REQUEST, text));
    }
    Ok(content(by_token(world, ask)?))
}

/// A file as it was received: the server finds out by itself what it is.
fn received(world: &mut World, name: &str, headers: &HeaderMap, body: Bytes) -> Attachment {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = images::media_type(name, &body, declared.unwrap_or_default());
    let mut file = world.new_attachment(name, &content_type, body);
    file.pixels = images::pixels(&file.content);
    if let Some((width, height)) = file.pixels {
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, "png"));
        let small = format!("{stem}_thumb.{end}");
        // Nothing here can scale images: only the figures are those of a smaller one.
        let mut thumbnail = world.new_attachment(&small, &content_type, file.content.clone());
        thumbnail.pixels = Some(images::fitted(width, height));
        file.thumbnails.push(thumbnail);
    }
    file
}

/// The file of the path, if its content is still there.
fn by_token<'a>(world: &'a World, ask: &Ask) -> Result<&'a Attachment, Reply> {
    let token = ask.params.first().map(String::as_str).unwrap_or_default();
    let comments = world.tickets.values().flat_map(|ticket| &ticket.comments);
    let uploads = world
        .uploads
        .values()
        .flat_map(|upload| &upload.attachments);
    let files = comments
        .flat_map(|comment| &comment.attachments)
        .chain(uploads);
    let mut files = files.flat_map(|file| std::iter::once(file).chain(&file.thumbnails));
    let found = files.find(|file| file.token == token && !file.deleted);
    found
        .ok_or_else(|| Reply::of_bytes(StatusCode::NOT_FOUND, HTML, b"<h1>Not found</h1>".to_vec()))
}

/// A file's bytes.
fn content(file: &Attachment) -> Reply {
    let mut reply = Reply::of_bytes(StatusCode::OK, &file.content_type, file.content.to_vec());
    let name = file.file_name.replace(['"', '\\', '\r', '\n'], "_");
    let disposition = format!("attachment; filename=\"{name}\"");
    reply.headers.push(("content-disposition", disposition));
    reply
}
