//! Slows down whoever guesses credentials, and says so in the log.
//!
//! Guessing is hopeless: what is secret in an API key has 256 random bits. It is slowed so that it costs the guesser more than
//! the gateway, and so that somebody notices.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// How many wrong credentials in a second are answered at once.
pub const USUAL: u32 = 20;
/// How long the others wait for their answer.
const WAIT: Duration = Duration::from_secs(1);
/// How many wait at once at most: they take the room of requests.
const WAITING: usize = 64;

/// Counts wrong credentials.
#[derive(Debug)]
pub struct Guesses {
    /// How many in a second are answered at once.
    usual: u32,
    /// The second, and how many there were in it.
    second: Mutex<(Instant, u32)>,
    /// Room for those that wait.
    waiting: Semaphore,
}

impl Guesses {
    /// So many in a second are answered at once.
    pub fn new(usual: u32) -> Self {
        Self {
            usual,
            second: Mutex::new((Instant::now(), 0)),
            waiting: Semaphore::new(WAITING),
        }
    }

    /// Notes a wrong credential, and waits if there are too many of them.
    pub async fn slow_down(&self) {
        metrics::counter!("deskgate_credentials_refused_total").increment(1);
        let count = self.count();
        if count <= self.usual {
            return;
        }
        if count == self.usual + 1 {
            tracing::warn!("many wrong credentials are presented: somebody may be guessing");
        }
        if let Ok(_room) = self.waiting.try_acquire() {
            sleep(WAIT).await;
        }
    }

    /// How many there were in this second, with this one.
    fn count(&self) -> u32 {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, count) = &mut *second;
        if begun.elapsed() >= Duration::from_secs(1) {
            (*begun, *count) = (Instant::now(), 0);
        }
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_guesses_fast_waits() {
        let guesses = Guesses::new(20);
        let begun = Instant::now();

        for _ in 0..20 {
            guesses.slow_down().await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        guesses.slow_down().await;
        assert!(begun.elapsed() >= WAIT);

        let again = Instant::now();
        guesses.slow_down().await;
        assert_eq!(again.elapsed(), Duration::ZERO);
    }
}
