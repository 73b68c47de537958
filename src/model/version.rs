//! The version of a ticket, for clients that change only what they have seen.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::person::Person;
use crate::model::ticket::{NativeStatus, Ticket};

/// Bytes of a version: enough that two never meet by chance.
const LENGTH: usize = 12;

impl Ticket {
    /// Names this version of the ticket: another one as soon as something of it changes.
    ///
    /// Help desks tell times of change by the second, so what can be changed counts as well. Left out is what changes
    /// by itself without being a change: the due date, which service levels set a second after the ticket is made, and
    /// the names of statuses and people.
    pub fn version(&self) -> String {
        let Self {
            id,
            ticket_type,
            subject,
            description,
            priority,
            status,
            native_status,
            tags,
            public,
            due_at: _,
            custom_properties,
            group,
            company,
            requester,
            submitter,
            assignee,
            email_ccs,
            followers,
            created_at: _,
            modified_at,
            deleted,
            spam,
        } = self;
        let texts = [ticket_type, subject, description]
            .map(|text| text.as_ref().map(|text| text.decode().into_owned()));
        let tags = tags.as_deref().map(|tags| {
            let tags = tags.iter().map(|tag| tag.decode().into_owned());
            tags.collect::<Vec<_>>()
        });
        let native = native_status
            .as_ref()
            .map(|NativeStatus { id, label: _ }| id);
        let people =
            [email_ccs, followers].map(|people| people.iter().map(name).collect::<Vec<_>>());
        let ids = [group, company, submitter, assignee];
        let words = (priority, status, native, public, deleted, spam);
        let requester = requester.as_ref().map(name);
        let all = (
            id,
            modified_at,
            texts,
            words,
            tags,
            custom_properties,
            ids,
            requester,
            people,
        );
        // Writing values into memory as JSON does not fail.
        let text = serde_json::to_vec(&all).unwrap_or_default();
        let hash = digest::digest(&digest::SHA256, &text);
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..LENGTH])
    }
}

/// Who somebody is: by id, or by address where there is none.
fn name(person: &Person) -> Option<String> {
    let by_address = || {
        person
            .email
            .as_ref()
            .map(|email| email.decode().into_owned())
    };
    person.user_id.clone().or_else(by_address)
}
