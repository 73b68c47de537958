//! HTML and plain text of one message (Freshdesk reference, section 4.2).

/// What a text becomes: plain text is wrapped, and the plain form has blanks where tags were,
/// which often doubles them (section 4.2).
pub(super) fn html_and_text(given: &str) -> (String, String) {
    let is_markup = given
        .split('<')
        .skip(1)
        .any(|rest| starts_tag(rest) && rest.contains('>'));
    let html = if is_markup {
        given.to_owned()
    } else {
        format!("<div>{given}</div>")
    };
    if !is_markup {
        return (html, given.trim().to_owned());
    }
    let mut text = String::with_capacity(given.len());
    for (place, piece) in given.split('<').enumerate() {
        if place == 0 {
            text.push_str(piece);
        } else if starts_tag(piece) {
            text.push(' ');
            text.push_str(piece.split_once('>').map_or("", |(_, rest)| rest));
        } else {
            text.push('<');
            text.push_str(piece);
        }
    }
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    for (entity, letter) in plain {
        if text.contains(entity) {
            text = text.replace(entity, letter);
        }
    }
    (html, text.trim().to_owned())
}

/// Whether what follows a `<` makes it a tag.
fn starts_tag(rest: &str) -> bool {
    rest.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/' || letter == '!')
}
