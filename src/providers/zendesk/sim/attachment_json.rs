//! Files as the API shows them (Zendesk reference, section 6).

use serde_json::{Value, json};
use url::form_urlencoded;

use super::records::Attachment;

/// A file with its thumbnails, which have none of their own.
pub(super) fn attachment(base: &str, file: &Attachment) -> Value {
    let thumbnails: Vec<Value> = file.thumbnails.iter().map(|one| plain(base, one)).collect();
    let mut json = plain(base, file);
    if let Some(object) = json.as_object_mut() {
        object.insert("thumbnails".to_owned(), json!(thumbnails));
    }
    json
}

/// A file alone.
fn plain(base: &str, file: &Attachment) -> Value {
    let name: String = form_urlencoded::byte_serialize(file.file_name.as_bytes()).collect();
    let content_url = format!("{base}/attachments/token/{}/?name={name}", file.token);
    json!({
        "url": format!("{base}/api/v2/attachments/{}.json", file.id),
        "id": file.id,
        "file_name": file.file_name,
        "content_url": content_url,
        "mapped_content_url": content_url,
        "content_type": file.content_type,
        "size": file.content.len(),
        "width": file.pixels.map(|(width, _)| width),
        "height": file.pixels.map(|(_, height)| height),
        "inline": file.inline,
        "deleted": file.deleted,
        "malware_access_override": false,
        "malware_scan_result": "malware_not_found",
    })
}
