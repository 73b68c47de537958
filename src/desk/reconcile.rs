//! Finds out what became of a write whose answer was lost, by looking at what is there.
//!
//! What it rests on: a help desk's list of changes shows what was made by the time the row settles (`settles_at`), and
//! what was made is known again by who asked, when, and what it says. What another intent made is not taken for it, so
//! that two requests for the same under two keys both happen. Where it cannot be decided the answer is that nobody
//! knows, never a guess that could make a second one.

use jiff::{SignedDuration, Timestamp};

use crate::desk::Desk;
use crate::desk::intents::Intent;
use crate::error::Result;
use crate::model::comment::{Comment, NewComment};
use crate::model::filter::{Filter, Order, Requester};
use crate::model::id::TicketId;
use crate::model::page::{Found, Page, PageRequest, Then, TicketQuery};
use crate::model::person::PersonRef;
use crate::model::text::Text;
use crate::model::ticket::{NewTicket, Ticket};
use crate::provider::capability::Operation;
use crate::store::intents::Doubt;

/// How far the clocks of the gateway and of a help desk may be apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);
/// Objects on the pages that are looked through.
const PAGE: u16 = 100;

/// What became of a write.
pub(super) enum Became<T> {
    /// It was carried out, and made this.
    Happened(Box<Found<T>>),
    /// Certainly nothing.
    Nothing,
    /// That cannot be told (yet). The reason, as the beginning of a sentence.
    Unknown(String),
}

/// Looks for the ticket that a write may have made.
pub(super) async fn ticket(
    desk: &Desk,
    intent: &Intent,
    doubt: Doubt,
    new: &NewTicket,
) -> Result<Became<Ticket>> {
    let mut half_alike = None;
    let mut at = None;
    loop {
        let Page { objects, then } = desk
            .provider_list(tickets_since(desk, doubt, new, at))
            .await?;
        let mut likely = Vec::new();
        for found in objects {
            let ticket = &found.object;
            if !is_about_then(ticket.created_at, doubt)
                || !is_theirs(ticket, new.requester.as_ref())
            {
                continue;
            }
            let same_subject = is_alike(ticket.subject.as_ref(), &new.subject);
            let same_text = is_alike(ticket.description.as_ref(), &new.description);
            let object = ticket.id.to_string();
            match (same_subject, same_text) {
                (true, true) => likely.push((object, found)),
                (true, false) => half_alike = Some(object),
                (false, _) => {}
            }
        }
        if let Some(became) = choose(intent, likely).await? {
            return Ok(became);
        }
        match then {
            Then::More(next) => at = Some(next),
            Then::End(_) => break,
        }
    }
    match half_alike {
        Some(object) if !intent.store().is_claimed(intent.held(), &object).await? => {
            let reason = format!("{object} has the same subject and another text: ");
            Ok(Became::Unknown(reason))
        }
        Some(_) | None => Ok(absent(intent, doubt)),
    }
}

/// Looks for the comment that a write may have made.
pub(super) async fn comment(
    desk: &Desk,
    intent: &Intent,
    doubt: Doubt,
    ticket: &TicketId,
    new: &NewComment,
) -> Result<Became<Comment>> {
    let up = desk.upstream(Operation::ListComments)?;
    let mut at = None;
    loop {
        let request = PageRequest { at, size: PAGE };
        let listed = desk.opened.provider().list_comments(&up, ticket, request);
        let Page { objects, then } = listed.await?;
        let is_likely = |comment: &Comment| {
            let same_author = new.author.is_none() || comment.author == new.author;
            is_about_then(comment.created_at, doubt)
                && comment.public == new.public
                && same_author
                && is_alike(comment.content.as_ref(), &new.content)
        };
        let likely = objects.into_iter().filter(|found| is_likely(&found.object));
        let likely = likely.map(|found| (format!("{ticket}/{}", found.object.id), found));
        if let Some(became) = choose(intent, likely.collect()).await? {
            return Ok(became);
        }
        match then {
            Then::More(next) => at = Some(next),
            Then::End(_) => return Ok(absent(intent, doubt)),
        }
    }
}

/// The tickets that may have been made by a write: those that changed since, in the order in which a walk misses none,
/// wherever they lie by now.
fn tickets_since(
    desk: &Desk,
    doubt: Doubt,
    new: &NewTicket,
    at: Option<crate::model::page::Cursor>,
) -> TicketQuery {
    let list = &desk.opened.provider().capabilities().list;
    let person = new.requester.as_ref().filter(|_| list.finds_people);
    let requester = person.and_then(|person| match (&person.user_id, &person.email) {
        (Some(id), _) => Some(Requester::UserId(id.clone())),
        (None, Some(email)) => Some(Requester::Email(email.clone())),
        (None, None) => None,
    });
    TicketQuery {
        at,
        size: PAGE,
        order: Order::ModifiedAt,
        filter: Filter {
            modified_since: Some(doubt.sent_at - CLOCKS_APART),
            // For help desks that find by it: a doubt of long ago is settled in few calls there too.
            created_since: Some(doubt.sent_at - CLOCKS_APART),
            created_before: Some(doubt.settles_at + CLOCKS_APART + CLOCKS_APART),
            requester,
            ..Filter::default()
        },
        include_deleted: true,
        include_spam: true,
        include_archived: false,
        with_description: true,
        with_requester: true,
    }
}

/// Whether something was made when the write was under way, by clocks that need not agree.
fn is_about_then(created_at: Option<Timestamp>, doubt: Doubt) -> bool {
    // Without a time it may be anything.
    created_at.is_none_or(|created_at| {
        created_at >= doubt.sent_at - CLOCKS_APART && created_at <= doubt.settles_at + CLOCKS_APART
    })
}

/// Whether a ticket's requester may be the one of a write.
fn is_theirs(ticket: &Ticket, requester: Option<&PersonRef>) -> bool {
    let (Some(person), Some(named)) = (&ticket.requester, requester) else {
        return true;
    };
    let by_id = named.user_id.as_ref().zip(person.user_id.as_ref());
    let by_email = named.email.as_ref().zip(person.email.as_ref());
    // A person may be known by another address than the one that was given.
    by_id.is_none_or(|(named, id)| named == id)
        || by_email.is_some_and(|(named, email)| email.decode().eq_ignore_ascii_case(named))
}

/// Takes one of these for what the write has made, if none of the others may have made it. Nothing, if all are known
/// to be others'.
///
/// Of several that are free one is as good as another: they are the same.
async fn choose<T>(intent: &Intent, likely: Vec<(String, Found<T>)>) -> Result<Option<Became<T>>> {
    let (store, held) = (intent.store(), intent.held());
    for (object, found) in likely {
        if store.is_claimed(held, &object).await? {
            continue;
        }
        // Asked after the list was read: whoever made something that is in it had sent it by then.
        if store.is_sent_elsewhere(held).await? {
            let reason = "the same is being made under another key just now: ";
            return Ok(Some(Became::Unknown(reason.into())));
        }
        if store.claim(held, &object).await? {
            intent.made(object);
            return Ok(Some(Became::Happened(Box::new(found))));
        }
    }
    Ok(None)
}

/// What it means that the help desk does not show it.
fn absent<T>(intent: &Intent, doubt: Doubt) -> Became<T> {
    if intent.now() >= doubt.settles_at {
        Became::Nothing
    } else {
        Became::Unknown("the help desk does not show it, but it may still arrive: ".into())
    }
}

/// Whether what a help desk shows may be what was sent. Help desks wrap, clean and sign texts: letters and digits
/// count, markup and white space do not, and the one may hold the other.
fn is_alike(shown: Option<&Text>, sent: &str) -> bool {
    let shown = shown.map(Text::decode).unwrap_or_default();
    let shown = [without_markup(&shown), bare(&shown)];
    let sent = [without_markup(sent), bare(sent)];
    let same = |shown: &String, sent: &String| {
        shown == sent
            || (!sent.is_empty() && shown.contains(sent))
            || (shown.len() > 100 && sent.contains(shown))
    };
    shown
        .iter()
        .any(|shown| sent.iter().any(|sent| same(shown, sent)))
}

/// The letters and digits of a text, and whatever else is not plain punctuation.
fn bare(text: &str) -> String {
    let counts = |c: &char| c.is_alphanumeric() || (!c.is_ascii() && !c.is_whitespace());
    text.chars().filter(counts).collect()
}

/// [`bare`], of a text that is HTML: without tags and character references.
fn without_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(['<', '&']) {
        plain.push_str(before);
        let end = if rest.as_bytes().get(before.len()) == Some(&b'<') {
            '>'
        } else {
            ';'
        };
        rest = match after.split_once(end) {
            Some((markup, after)) if end == '>' || markup.len() <= 10 => after,
            _ => after,
        };
    }
    plain.push_str(rest);
    bare(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_again_however_the_help_desk_dresses_it() {
        let dressed = [
            ("It is late.", "<div>It is late.</div>"),
            (
                "<p>Eins</p><p>zwei</p>",
                "<div><p>Eins</p>\n<p>zwei</p></div>",
            ),
            ("a < b & c > d", "<div>a &lt; b &amp; c &gt; d</div>"),
            ("Schöne Grüße 👍", "Schöne\u{a0}Grüße 👍"),
            ("👍", "<div>👍</div>"),
            ("See you", "<div>See you</div><br><p>-- <br>The team</p>"),
            ("AT&T; is fine", "<div>AT&amp;T; is fine</div>"),
        ];

        for (sent, shown) in dressed {
            assert!(
                is_alike(Some(&Text::new(shown)), sent),
                "{sent:?} {shown:?}"
            );
        }
    }

    #[test]
    fn another_text_is_not_taken_for_it() {
        let others = [
            ("It is late.", "<div>It is early.</div>"),
            ("👍", "👎"),
            ("one", ""),
        ];

        for (sent, shown) in others {
            assert!(
                !is_alike(Some(&Text::new(shown)), sent),
                "{sent:?} {shown:?}"
            );
        }
    }
}
