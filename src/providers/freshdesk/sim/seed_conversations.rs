//! What is said on the tickets of a seeded world (Freshdesk reference, section 6).

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::html::html_and_text;
use super::records::{Conversation, Ticket};
use super::seed_texts::{CUSTOMER_MESSAGES, NOTES, REPLIES};
use super::seed_tickets::pick;
use super::world::World;

/// A picture of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// Replies, notes and messages, each some hours after the one before, none in the future.
pub(super) fn converse(
    world: &mut World,
    rng: &mut ChaCha8Rng,
    agents: &[u64],
    ticket: &mut Ticket,
    now: Timestamp,
) {
    // The first two tickets are like the samples of a new account (section 6).
    let count = match ticket.id {
        1 => 2,
        2 => 34,
        _ => pick(&[0, 0, 1, 1, 2, 3, 4, 6], rng),
    };
    for place in 0..count {
        let at = ticket.updated_at + SignedDuration::from_mins(rng.random_range(1..600));
        if at >= now {
            break;
        }
        let agent = ticket.responder_id.unwrap_or_else(|| pick(agents, rng));
        let mut one = world.blank_conversation(ticket.id, Some(agent));
        one.created_at = at;
        one.updated_at = at;
        let requester = world
            .person(ticket.requester_id)
            .and_then(|person| person.email)
            .map(str::to_owned);
        let mailbox = world.email_configs.values().next().cloned();
        match if ticket.id == 1 {
            9 + place
        } else {
            rng.random_range(0..9)
        } {
            0..=2 => incoming(
                &mut one,
                ticket,
                pick(&CUSTOMER_MESSAGES, rng),
                requester,
                mailbox,
            ),
            3..=5 => {
                (one.body, one.body_text) = html_and_text(pick(&REPLIES, rng));
                one.to_emails = Some(requester.into_iter().collect());
                one.from_email.clone_from(&mailbox);
                one.support_email = mailbox;
                ticket.stats.agent_responded_at = Some(at);
                ticket.stats.first_responded_at.get_or_insert(at);
            }
            8 => {
                (one.body, one.body_text) = html_and_text("<div>FYI, please have a look.</div>");
                one.source = 8;
                one.private = true;
                one.to_emails = Some(vec!["vendor@partner.example".to_owned()]);
                ticket
                    .fwd_emails
                    .get_or_insert_default()
                    .push("vendor@partner.example".to_owned());
            }
            kind => {
                (one.body, one.body_text) = html_and_text(pick(&NOTES, rng));
                one.is_note = true;
                one.source = 2;
                one.private = kind != 7;
                if kind == 9 {
                    // Recorded among the samples: a private note that says it is a reply.
                    one.source = 0;
                } else if kind == 10 {
                    // And a customer's message that does not say it is one.
                    incoming(
                        &mut one,
                        ticket,
                        pick(&CUSTOMER_MESSAGES, rng),
                        requester,
                        mailbox,
                    );
                    one.incoming = false;
                    one.is_note = false;
                    one.private = false;
                    one.source = 0;
                }
            }
        }
        one.category = match (one.user_id == Some(ticket.requester_id), one.private) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        if one.id.is_multiple_of(12) {
            let mut picture =
                world.new_attachment("screen ✓.gif", "image/gif", Bytes::from_static(PIXEL));
            picture.created_at = at;
            one.attachments.push(picture);
        }
        ticket.updated_at = at;
        ticket.conversations.push(one);
    }
}

/// Makes a conversation the requester's.
fn incoming(
    one: &mut Conversation,
    ticket: &mut Ticket,
    body: &str,
    requester: Option<String>,
    mailbox: Option<String>,
) {
    (one.body, one.body_text) = html_and_text(body);
    one.user_id = Some(ticket.requester_id);
    one.incoming = true;
    one.from_email = requester;
    one.to_emails = Some(mailbox.clone().into_iter().collect());
    one.support_email = mailbox;
    ticket.stats.requester_responded_at = Some(one.created_at);
}
