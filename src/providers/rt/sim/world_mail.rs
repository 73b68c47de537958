//! Mail from outside: what customers send reaches tickets without REST.

use super::message::{Kind, Part};
use super::world::World;
use super::world_tickets::NewTicket;

/// An e-mail of a customer.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// The address it is from; one that is not known becomes a user.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The text in its plain form.
    pub plain: String,
    /// The text in its marked-up form; without one the mail has no `multipart/alternative`.
    pub html: Option<String>,
    /// Files: media type, name, bytes. With some the mail is a `multipart/mixed`.
    pub files: Vec<(String, String, Vec<u8>)>,
}

impl Mail {
    /// The parts as mail programs send them.
    fn part(&self) -> Part {
        let plain = Part::body("text/plain", &self.plain);
        let body = match &self.html {
            Some(html) => {
                let parts = vec![plain, Part::body("text/html", html)];
                Part::multipart("multipart/alternative", parts)
            }
            None => plain,
        };
        let files = self.files.iter();
        let files = files.map(|(kind, name, content)| Part::file(kind, name, content));
        Part::mixed(body, files.collect())
    }
}

impl World {
    /// Takes a mail that is about nothing known: a new ticket. Gives its number.
    pub fn mail_ticket(&mut self, queue: u64, mail: &Mail) -> u64 {
        let from = self.user_of_address(&mail.from, "");
        let new = NewTicket {
            queue,
            subject: mail.subject.clone(),
            requestors: vec![from],
            message: Some(mail.part()),
            ..NewTicket::default()
        };
        self.create_ticket(from, new)
    }

    /// Takes a mail that answers a ticket. Gives its transaction.
    pub fn mail_reply(&mut self, ticket_id: u64, mail: &Mail) -> u64 {
        let from = self.user_of_address(&mail.from, "");
        self.write_message(
            from,
            ticket_id,
            Kind::Correspond,
            &mail.subject,
            mail.part(),
            0,
        )
    }

    /// The user with an address, who is made if there is none: unprivileged, and named by the address.
    pub(super) fn user_of_address(&mut self, email: &str, real_name: &str) -> u64 {
        if let Some(user) = self.user_by_email(email) {
            return user.id;
        }
        self.add_user(self.me, email, email, real_name)
    }
}
