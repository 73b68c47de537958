//! Changes of one ticket, one after another.
//!
//! No help desk compares and changes in one step for everybody: Zendesk does where it is asked to, Request Tracker's check races
//! with itself, Freshdesk has none. Within this process a ticket is changed by one request at a time. What other
//! gateways and people do meanwhile is not covered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Result};
use crate::model::id::{AccountId, TicketId};

/// Which ticket.
type Key = (AccountId, TicketId);

/// Who changes what.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>);

/// The right to change a ticket, until it is dropped.
pub(super) struct Turn {
    /// Where it was taken.
    turns: Arc<Turns>,
    /// Which ticket.
    key: Key,
    /// Held until the end.
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the turn to change a ticket.
    pub(super) async fn take(
        self: &Arc<Self>,
        account: AccountId,
        ticket: &TicketId,
        deadline: Instant,
    ) -> Result<Turn> {
        let key = (account, ticket.clone());
        let lock = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(key.clone()).or_default())
        };
        let mut turn = Turn {
            turns: Arc::clone(self),
            key,
            held: None,
        };
        let held = timeout_at(deadline, lock.lock_owned()).await;
        turn.held = Some(held.map_err(|_| Error::TimedOut)?);
        Ok(turn)
    }
}

impl Drop for Turn {
    /// Forgets the ticket if nobody else waits for it.
    fn drop(&mut self) {
        self.held = None;
        let mut all = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all
            .get(&self.key)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Turns;
    use crate::model::id::{AccountId, TicketId};

    #[tokio::test(start_paused = true)]
    async fn one_ticket_is_changed_by_one_at_a_time() {
        let turns = Arc::new(Turns::default());
        let account: AccountId = "1000000000000000".parse().unwrap();
        let (one, other) = (TicketId::from_upstream("1"), TicketId::from_upstream("2"));
        let soon = || Instant::now() + Duration::from_secs(1);

        let first = turns.take(account, &one, soon()).await.unwrap();
        assert!(turns.take(account, &one, soon()).await.is_err());
        let second = turns.take(account, &other, soon()).await.unwrap();
        drop(first);
        let third = turns.take(account, &one, soon()).await.unwrap();
        drop((second, third));

        assert!(turns.0.lock().unwrap().is_empty());
    }
}
