//! What a file is, by its first bytes (Zendesk reference, section 6: the server finds out by itself).

/// The longest side of a thumbnail.
const THUMBNAIL: u64 = 80;

/// The media type: by the bytes, else by the name's end, else as declared.
pub(super) fn media_type(name: &str, content: &[u8], declared: &str) -> String {
    let beginnings: [(&[u8], &str); 6] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF8", "image/gif"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b", "application/gzip"),
    ];
    if let Some((_, found)) = beginnings
        .iter()
        .find(|(first, _)| content.starts_with(first))
    {
        return (*found).to_owned();
    }
    let end = name.rsplit_once('.').map(|(_, end)| end.to_lowercase());
    let by_end = match end.as_deref() {
        Some("txt" | "log") => "text/plain",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        // This was recorded.
        Some("md") => "application/x-genesis-rom",
        _ => declared.split(';').next().unwrap_or_default().trim(),
    };
    // What clients send when they do not know either.
    match by_end {
        "" | "application/binary" => "application/octet-stream".to_owned(),
        known => known.to_owned(),
    }
}

/// Width and height of an image.
pub(super) fn pixels(content: &[u8]) -> Option<(u64, u64)> {
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum * 256 + u64::from(*byte))
    };
    if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((number(content.get(16..20)?), number(content.get(20..24)?)));
    }
    if content.starts_with(b"GIF8") {
        let sides: [u8; 4] = content.get(6..10)?.try_into().ok()?;
        let [low_width, high_width, low_height, high_height] = sides;
        let side = |low: u8, high: u8| u64::from(high) * 256 + u64::from(low);
        return Some((side(low_width, high_width), side(low_height, high_height)));
    }
    if !content.starts_with(b"\xff\xd8") {
        return None;
    }
    // JPEG: the segment that begins the frame has them.
    let mut at = 2;
    loop {
        let (marker, length) = (content.get(at + 1)?, number(content.get(at + 2..at + 4)?));
        if matches!(marker, 0xc0..=0xc3) {
            let (height, width) = (content.get(at + 5..at + 7)?, content.get(at + 7..at + 9)?);
            return Some((number(width), number(height)));
        }
        at += 2 + usize::try_from(length).ok()?;
    }
}

/// The size of a thumbnail.
pub(super) fn fitted(width: u64, height: u64) -> (u64, u64) {
    let longest = width.max(height).max(1);
    if longest <= THUMBNAIL {
        return (width, height);
    }
    let scale = |side: u64| (side * THUMBNAIL / longest).max(1);
    (scale(width), scale(height))
}
