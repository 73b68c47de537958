//! Wall clock as a value: what the time is, passed in instead of asked for.
//!
//! This is the only file that may read the system's time. Everything else is given a [`Clock`], so
//! a test decides what the time is and moves it. Durations (timeouts, back-off) are not its matter:
//! those come from tokio, whose clock tests pause.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// Tells the time of day. A clone shows the same time as its origin, also after [`Clock::advance`].
#[derive(Clone)]
pub struct Clock(Source);

/// Where a clock gets its time from.
#[derive(Clone)]
enum Source {
    /// The operating system.
    System,
    /// A time that stands still until it is moved.
    Standing(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// Returns a clock that shows the system's time.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// Returns a clock that stands still at `timestamp`, for tests and reproducible worlds.
    pub fn at(timestamp: Timestamp) -> Self {
        Self(Source::Standing(Arc::new(Mutex::new(timestamp))))
    }

    /// Tells what time it is.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            // A poisoned lock still holds a whole timestamp: it is replaced in one assignment.
            Source::Standing(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a standing clock, and all of its clones, forward.
    ///
    /// Panics on the system's clock, which nobody can move, and past the year 9999: both are
    /// mistakes of the test that does it.
    pub fn advance(&self, duration: Duration) {
        match &self.0 {
            Source::System => panic!("the system's clock cannot be moved; use Clock::at"),
            Source::Standing(time) => {
                let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
                *time += duration;
            }
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => formatter.write_str("Clock::system()"),
            Source::Standing(_) => write!(formatter, "Clock::at({})", self.now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_told_and_its_clones_with_it() {
        let start = Timestamp::constant(1_700_000_000, 0);
        let clock = Clock::at(start);
        let clone = clock.clone();

        clock.advance(Duration::from_millis(1500));

        assert_eq!(clone.now(), Timestamp::constant(1_700_000_001, 500_000_000));
        assert_eq!(clock.now(), clone.now());
    }
}
