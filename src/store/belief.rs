//! How long what was read of the store is believed: for some seconds without asking, and for longer while it does not
//! answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long what was read of the store is used while it does not answer.
const BEARABLE: Duration = Duration::from_mins(10);
/// How long nobody else asks what is being asked: a store that does not answer must not hold up all requests.
const ASKED_WITHIN: Duration = Duration::from_secs(1);

/// Something that the store has said.
#[derive(Debug)]
pub struct Belief {
    /// How long the store is not asked again.
    lasts: Duration,
    /// What changes.
    standing: Mutex<Standing>,
}

/// When the store is asked, and when it has answered.
#[derive(Debug)]
struct Standing {
    /// When it is to be asked again.
    ask_at: Instant,
    /// When it said so last.
    confirmed_at: Instant,
}

impl Belief {
    /// Just read.
    pub fn new(lasts: Duration) -> Self {
        let now = Instant::now();
        Self {
            lasts,
            standing: Mutex::new(Standing {
                ask_at: now + lasts,
                confirmed_at: now,
            }),
        }
    }

    /// Whether whoever wants to know has to ask the store. Once told so, they ask for all who come meanwhile.
    pub fn must_ask(&self) -> bool {
        let now = Instant::now();
        let mut standing = self.standing();
        let is_due = standing.ask_at <= now;
        if is_due {
            standing.ask_at = now + ASKED_WITHIN;
        }
        is_due
    }

    /// Notes that the store says so still.
    pub fn confirm(&self) {
        let now = Instant::now();
        *self.standing() = Standing {
            ask_at: now + self.lasts,
            confirmed_at: now,
        };
    }

    /// Notes that the store does not answer; whether what it said last is good enough.
    pub fn bear(&self) -> bool {
        let now = Instant::now();
        let mut standing = self.standing();
        standing.ask_at = now + self.lasts;
        now < standing.confirmed_at + BEARABLE
    }

    /// What changes.
    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_asks_for_all_who_come_meanwhile() {
        let belief = Belief::new(Duration::from_secs(5));
        assert!(!belief.must_ask());

        advance(Duration::from_secs(5)).await;

        assert!(belief.must_ask());
        assert!(!belief.must_ask());
        advance(ASKED_WITHIN).await;
        assert!(belief.must_ask());
        belief.confirm();
        advance(Duration::from_secs(4)).await;
        assert!(!belief.must_ask());
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_borne_for_ten_minutes() {
        let belief = Belief::new(Duration::from_secs(5));

        advance(Duration::from_mins(9)).await;
        assert!(belief.bear());
        assert!(!belief.must_ask());
        advance(Duration::from_mins(1)).await;

        assert!(!belief.bear());
        belief.confirm();
        assert!(belief.bear());
    }
}
