//! Texts of comments: HTML to text and back, and placeholders (Zendesk reference, section 6).

use super::records::Ticket;
use super::world::World;

/// The longest text of a comment; the rest is silently cut off (section 6).
const LONGEST: usize = 64 * 1024;

/// Opens every `html_body` (section 6).
const OPENING: &str = "<div class=\"zd-comment\" dir=\"auto\">";

/// Plain text as a comment's HTML. Runs of blanks become one (section 6).
pub(super) fn of_text(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|part| {
            let lines: Vec<String> = part
                .split('\n')
                .map(|line| {
                    let words: Vec<&str> =
                        line.split(' ').filter(|word| !word.is_empty()).collect();
                    escaped(&words.join(" "))
                })
                .collect();
            format!("<p dir=\"auto\">{}</p>", lines.join("<br>"))
        })
        .collect();
    format!("{OPENING}{}</div>", paragraphs.join(""))
}

/// Somebody's HTML as a comment's HTML: without scripts, wrapped.
pub(super) fn wrapped(html: &str) -> String {
    let mut safe = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("<script") {
        safe.push_str(before);
        rest = after.split_once("</script>").map_or("", |(_, after)| after);
    }
    safe.push_str(rest);
    format!("{OPENING}{safe}</div>")
}

/// The text in HTML: lines at breaks and blocks, no tags, characters instead of entities.
pub(super) fn to_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let tag = tag.trim_end_matches('/').trim().to_lowercase();
        if matches!(tag.as_str(), "br" | "/p" | "/div" | "/li" | "/tr") {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest);
    let plain = text
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    numbered(&plain).replace("&amp;", "&").trim().to_owned()
}

/// A text with its characters instead of their numbers: `&#123;` is a brace.
fn numbered(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        decoded.push_str(before);
        let letter = after.split_once(';').and_then(|(number, after)| {
            let letter = char::from_u32(number.parse().ok()?)?;
            Some((letter, after))
        });
        rest = if let Some((letter, after)) = letter {
            decoded.push(letter);
            after
        } else {
            decoded.push_str("&#");
            after
        };
    }
    decoded + rest
}

/// Cuts a text to what fits.
pub(super) fn cut(text: &str) -> String {
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        if at + letter.len_utf8() > LONGEST {
            break;
        }
        end = at + letter.len_utf8();
    }
    text.get(..end).unwrap_or(text).to_owned()
}

/// Fills in placeholders, as the real service does with every comment: what it does not know vanishes
/// (section 6).
pub(super) fn fill_in(world: &World, ticket: &Ticket, caller: u64, text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    loop {
        let output = rest.find("{{").map(|at| (at, "}}"));
        let tag = rest.find("{%").map(|at| (at, "%}"));
        let first = [output, tag].into_iter().flatten().min();
        let Some((at, closing)) = first else {
            break;
        };
        let (before, inside) = rest.split_at(at);
        let Some((inside, after)) = inside.split_once(closing) else {
            break;
        };
        filled.push_str(before);
        if closing == "}}" {
            let name = inside.trim_start_matches('{').trim();
            filled.push_str(&value_of(world, ticket, caller, name));
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// What a placeholder stands for; nothing, if nobody knows it.
fn value_of(world: &World, ticket: &Ticket, caller: u64, name: &str) -> String {
    let user = |id: u64| world.users.get(&id);
    let name_of = |id: u64| user(id).map(|user| user.name.clone());
    let value = match name {
        "ticket.id" => Some(ticket.id.to_string()),
        "ticket.title" => ticket.subject.clone(),
        "ticket.description" => Some(ticket.description.clone()),
        "ticket.status" => Some(ticket.status.clone()),
        "ticket.priority" => ticket.priority.clone(),
        "ticket.tags" => Some(ticket.tags.join(" ")),
        "ticket.requester.name" => name_of(ticket.requester_id),
        "ticket.requester.email" => user(ticket.requester_id).and_then(|user| user.email.clone()),
        "ticket.assignee.name" => ticket.assignee_id.and_then(name_of),
        "current_user.name" => name_of(caller),
        _ => None,
    };
    value.unwrap_or_default()
}

/// Text without letters that mean something in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
