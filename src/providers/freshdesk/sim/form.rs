//! Bodies: strict in JSON, lenient in multipart (Freshdesk reference, sections 3 and 7).

use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use serde_json::{Map, Value};

use super::reply::{FieldError, Reply};

/// A body's fields while they are read; errors gather until [`Form::checked`].
#[derive(Debug, Default)]
pub(super) struct Form {
    /// The fields, as JSON. Of multipart every leaf is a string.
    pub(super) fields: Map<String, Value>,
    /// The files.
    pub(super) uploads: Vec<Upload>,
    /// Strings stand for numbers and booleans, as in multipart.
    pub(super) is_lenient: bool,
    /// What is wrong so far.
    pub(super) errors: Vec<FieldError>,
}

/// A file in a multipart body.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    /// The field, without brackets.
    pub(super) field: String,
    /// The file's name.
    pub(super) name: String,
    /// What the sender says it is.
    pub(super) content_type: String,
    /// Its bytes.
    pub(super) content: Bytes,
}

impl Form {
    /// Reads a body by its content type.
    pub(super) async fn read(
        content_type: Option<&HeaderValue>,
        body: Bytes,
    ) -> Result<Self, Reply> {
        let kind = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match essence.as_str() {
            // Clients send this type on bodies that are empty, too.
            _ if body.is_empty() => Ok(Self::default()),
            "application/json" => Self::from_json(&body),
            "multipart/form-data" => Self::from_multipart(kind, body).await,
            _ => Err(Reply::coded(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "invalid_content_type",
                "Content-Type header should be application/json or multipart/form-data",
            )),
        }
    }

    /// Reads a JSON object.
    fn from_json(body: &[u8]) -> Result<Self, Reply> {
        let Ok(fields) = serde_json::from_slice(body) else {
            return Err(Reply::coded(
                StatusCode::BAD_REQUEST,
                "invalid_json",
                "Request parameter is not a valid JSON",
            ));
        };
        Ok(Self {
            fields,
            ..Self::default()
        })
    }

    /// Reads multipart: `tags[]` repeats, `custom_fields[cf_x]` nests, files are files.
    async fn from_multipart(content_type: &str, body: Bytes) -> Result<Self, Reply> {
        let broken = || {
            let message = "Request parameter is not a valid multipart body";
            Reply::coded(StatusCode::BAD_REQUEST, "invalid_multipart", message)
        };
        let request = Request::builder()
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .map_err(|_| broken())?;
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|_| broken())?;

        let mut form = Self {
            is_lenient: true,
            ..Self::default()
        };
        while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file) = part.file_name().map(str::to_owned) {
                let field = name.trim_end_matches("[]").to_owned();
                let content_type = part
                    .content_type()
                    .unwrap_or("application/octet-stream")
                    .to_owned();
                let content = part.bytes().await.map_err(|_| broken())?;
                form.uploads.push(Upload {
                    field,
                    name: file,
                    content_type,
                    content,
                });
                continue;
            }
            let text = Value::String(part.text().await.map_err(|_| broken())?);
            form.put(&name, text);
        }
        Ok(form)
    }

    /// Puts a text part where its name says.
    fn put(&mut self, name: &str, text: Value) {
        let nested = name.strip_suffix(']').and_then(|name| name.split_once('['));
        match nested {
            None => {
                self.fields.insert(name.to_owned(), text);
            }
            Some((list, "")) => {
                let place = self
                    .fields
                    .entry(list)
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(texts) = place {
                    texts.push(text);
                }
            }
            Some((object, key)) => {
                let place = self
                    .fields
                    .entry(object)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(fields) = place {
                    fields.insert(key.to_owned(), text);
                }
            }
        }
    }

    /// Refuses fields that are not named, before anything else is looked at.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), Reply> {
        let uploads = self.uploads.iter().map(|upload| &upload.field);
        let unknown = |name: &&String| !names.contains(&name.as_str());
        let mut errors: Vec<FieldError> = Vec::new();
        for name in self.fields.keys().chain(uploads).filter(unknown) {
            if errors.iter().all(|error| error.field != *name) {
                errors.push(FieldError::unexpected(name));
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(Reply::invalid(errors))
    }
}
