//! The people that tickets name, from sideloads instead of a call for each.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::person::Person;
use crate::model::text::Text;
use crate::provider::Result;
use crate::provider::json::{List, Number, text};
use crate::provider::upstream::{Upstream, read};
use crate::providers::zendesk::{translate, wire};

/// People by id.
#[derive(Debug, Default)]
pub(super) struct People(BTreeMap<u64, (Option<Text>, Option<Text>)>);

impl People {
    /// Those of a sideload.
    pub(super) fn of(users: List<wire::User<'_>>) -> Self {
        let mut people = Self::default();
        people.add(users);
        people
    }

    /// Whether nobody is known.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds those of a further answer.
    fn add(&mut self, users: List<wire::User<'_>>) {
        let known = users.0.into_iter().filter_map(|user| {
            let wire::User { id, name, email } = user;
            Some((id.0?, (text(name), text(email))))
        });
        self.0.extend(known);
    }

    /// A person, by what is known of them: at least the id.
    pub(super) fn person(&self, id: Number) -> Option<Person> {
        let (name, email) = self.0.get(&id.0?).cloned().unwrap_or_default();
        Some(Person {
            user_id: id.id(),
            email,
            name,
        })
    }

    /// Reads those of some tickets whom the sideload has left out: nobody says that it has everybody in
    /// copy (section 5).
    pub(super) async fn complete(
        &mut self,
        up: &Upstream,
        tickets: &[wire::Ticket<'_>],
    ) -> Result<()> {
        let named = |ticket: &wire::Ticket<'_>| {
            let others = ticket.email_cc_ids.0.iter().chain(&ticket.follower_ids.0);
            let all = others.chain([&ticket.requester_id]).filter_map(|id| id.0);
            all.collect::<Vec<_>>()
        };
        let ids = tickets.iter().flat_map(named);
        let missing: BTreeSet<_> = ids.filter(|id| !self.0.contains_key(id)).collect();
        let missing: Vec<_> = missing.into_iter().collect();
        for some in missing.chunks(usize::from(translate::MAX_PAGE)) {
            let reply = up.send(translate::get_users(some)).await?;
            let wire::Users { users } = read(&reply)?;
            self.add(users);
        }
        Ok(())
    }
}
