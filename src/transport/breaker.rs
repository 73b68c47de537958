//! Stops calling one host that fails, and tries with a single call whether it is well again.
//!
//! Whoever owns a [`Breaker`] keeps it behind a lock, asks it before each attempt, and tells it how
//! the attempt ended. It opens after [`FAILURES_IN_A_ROW`] failures in a row, or when at least half
//! of at least [`FEWEST_OUTCOMES`] calls of the last [`WINDOW`] have failed.

use std::time::Duration;

use tokio::time::Instant;

/// So many failures without a success between them open it: more than the attempts of one request, which may read two
/// things at once and each three times.
pub const FAILURES_IN_A_ROW: u32 = 10;
/// Below so many outcomes their share of failures says nothing.
pub const FEWEST_OUTCOMES: u32 = 20;
/// Outcomes that are older than this do not count. It is kept by the second: an outcome is forgotten
/// when the tenth second after its own begins, which is between nine and ten seconds later.
pub const WINDOW: Duration = Duration::from_secs(SECONDS as u64);
/// The first time that it stays open; each probe that fails doubles it.
pub const FIRST_OPEN: Duration = Duration::from_secs(5);
/// The longest time that it stays open.
pub const LONGEST_OPEN: Duration = Duration::from_mins(1);
/// A probe of which nothing was heard for so long is given up. Longer than any attempt may take.
pub const PROBE_LIMIT: Duration = Duration::from_secs(30);
/// How long to wait while a probe is on its way: it may be back at any moment.
pub const WHILE_PROBING: Duration = Duration::from_secs(1);

/// Whole seconds of the window.
const SECONDS: usize = 10;

/// How a call ended, as far as it tells whether the host is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It answered with anything below 500, a refusal or a 429 included.
    Success,
    /// No connection, no answer in time, a broken one, or a 5xx.
    Failure,
}

/// The right to make one call. Is to be given back with [`Breaker::record`] or [`Breaker::abandon`];
/// if it never is, a probe is given up after [`PROBE_LIMIT`], and any other call just does not count.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Permit {
    /// The stretch in which the call began.
    stretch: u64,
}

/// A call is not made: the host has just failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// How long to wait before it may be asked for again.
    pub retry_after: Duration,
}

/// The breaker of one host.
#[derive(Debug, Clone)]
pub struct Breaker {
    /// Counts the changes of state. An outcome counts only in the stretch in which its call began: what
    /// was sent before it opened neither closes it nor is counted once more.
    stretch: u64,
    /// What it does with calls.
    state: State,
    /// How long it stays open the next time.
    next_open: Duration,
    /// When its first second began.
    origin: Instant,
}

/// What a breaker does with calls.
#[derive(Debug, Clone)]
enum State {
    /// Lets all pass.
    Closed {
        /// Failures since the last success.
        in_a_row: u32,
        /// The outcomes of the last seconds.
        recent: Recent,
    },
    /// Refuses all until then; the next one is a probe.
    Open {
        /// When it ends.
        until: Instant,
    },
    /// Refuses all but the one call that is on its way.
    Probing {
        /// When that call is given up.
        until: Instant,
    },
}

impl Breaker {
    /// One that lets all pass.
    pub fn new(now: Instant) -> Self {
        Self {
            stretch: 0,
            state: State::closed(),
            next_open: FIRST_OPEN,
            origin: now,
        }
    }

    /// Asks whether a call may be made.
    pub fn admit(&mut self, now: Instant) -> Result<Permit, Refused> {
        let refused = |retry_after| Err(Refused { retry_after });
        match self.state {
            State::Closed { .. } => {}
            State::Open { until } if now < until => return refused(until - now),
            State::Probing { until } if now < until => {
                return refused(WHILE_PROBING.min(until - now));
            }
            // A probe that was given up is replaced: it says nothing about the host.
            State::Open { .. } | State::Probing { .. } => self.enter(State::Probing {
                until: now + PROBE_LIMIT,
            }),
        }
        Ok(Permit {
            stretch: self.stretch,
        })
    }

    /// Tells how a call ended.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a permit is used up: one call counts once"
    )]
    pub fn record(&mut self, permit: Permit, outcome: Outcome, now: Instant) {
        if permit.stretch != self.stretch {
            return;
        }
        let second = now.saturating_duration_since(self.origin).as_secs();
        match (&mut self.state, outcome) {
            (State::Closed { in_a_row, recent }, outcome) => {
                *in_a_row = match outcome {
                    Outcome::Success => 0,
                    Outcome::Failure => *in_a_row + 1,
                };
                recent.count(second, outcome);
                if *in_a_row >= FAILURES_IN_A_ROW || recent.are_mostly_failures() {
                    self.open(now);
                }
            }
            (State::Probing { .. }, Outcome::Success) => {
                self.next_open = FIRST_OPEN;
                self.enter(State::closed());
            }
            (State::Probing { .. }, Outcome::Failure) => self.open(now),
            // Opening begins a stretch in which no call begins.
            (State::Open { .. }, _) => {}
        }
    }

    /// Tells that nobody will know how a call ended: its future was dropped. If it was the probe, the
    /// next call is one.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a permit is used up: one call counts once"
    )]
    pub fn abandon(&mut self, permit: Permit, now: Instant) {
        if permit.stretch == self.stretch && matches!(self.state, State::Probing { .. }) {
            self.enter(State::Open { until: now });
        }
    }

    /// Opens it, the next time for twice as long.
    fn open(&mut self, now: Instant) {
        let until = now + self.next_open;
        self.next_open = LONGEST_OPEN.min(self.next_open * 2);
        self.enter(State::Open { until });
    }

    /// Begins a stretch.
    fn enter(&mut self, state: State) {
        self.stretch += 1;
        self.state = state;
    }
}

impl State {
    /// Closed, and nothing is remembered.
    fn closed() -> Self {
        Self::Closed {
            in_a_row: 0,
            recent: Recent::default(),
        }
    }
}

/// Outcomes by the second. Takes the same room however many there are.
#[derive(Debug, Clone, Default)]
struct Recent {
    /// The newest second that has an outcome.
    newest: u64,
    /// The outcomes of each second, at its number modulo the window's length.
    seconds: [Tally; SECONDS],
}

/// The outcomes of one second.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// All.
    all: u32,
    /// Failures among them.
    failures: u32,
}

impl Recent {
    /// Counts an outcome of this second. One that comes late counts in the newest.
    fn count(&mut self, second: u64, outcome: Outcome) {
        let window = SECONDS as u64;
        let passed = second.saturating_sub(self.newest).min(window);
        self.newest = self.newest.max(second);
        for back in 0..passed {
            *self.at(self.newest - back) = Tally::default();
        }
        let tally = self.at(self.newest);
        tally.all = tally.all.saturating_add(1);
        match outcome {
            Outcome::Success => {}
            Outcome::Failure => tally.failures = tally.failures.saturating_add(1),
        }
    }

    /// The place of a second.
    fn at(&mut self, second: u64) -> &mut Tally {
        let place = usize::try_from(second % SECONDS as u64).unwrap_or_default();
        &mut self.seconds[place]
    }

    /// Whether there are enough outcomes, and half of them or more are failures.
    fn are_mostly_failures(&self) -> bool {
        let sum = |count: fn(&Tally) -> u32| -> u64 {
            self.seconds
                .iter()
                .map(|tally| u64::from(count(tally)))
                .sum()
        };
        let (all, failures) = (sum(|tally| tally.all), sum(|tally| tally.failures));
        all >= u64::from(FEWEST_OUTCOMES) && failures * 2 >= all
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Failure, Success};
    use super::*;

    /// A breaker and what time it is.
    struct Bench {
        /// It.
        breaker: Breaker,
        /// The time.
        now: Instant,
    }

    impl Bench {
        /// A new one.
        fn new() -> Self {
            let now = Instant::now();
            Self {
                breaker: Breaker::new(now),
                now,
            }
        }

        /// Lets time pass.
        fn wait(&mut self, milliseconds: u64) {
            self.now += Duration::from_millis(milliseconds);
        }

        /// Asks.
        fn admit(&mut self) -> Result<Permit, Refused> {
            self.breaker.admit(self.now)
        }

        /// Tells.
        fn record(&mut self, permit: Permit, outcome: Outcome) {
            self.breaker.record(permit, outcome, self.now);
        }

        /// Makes a call that ends at once.
        fn call(&mut self, outcome: Outcome) {
            let permit = self.admit().unwrap();
            self.record(permit, outcome);
        }

        /// Opens it.
        fn open(&mut self) {
            (0..FAILURES_IN_A_ROW).for_each(|_| self.call(Failure));
        }

        /// For how long it refuses, in milliseconds; none if it lets a call pass, which is forgotten.
        fn refuses(&self) -> Option<u128> {
            let refused = self.breaker.clone().admit(self.now).err()?;
            Some(refused.retry_after.as_millis())
        }
    }

    #[test]
    fn ten_failures_in_a_row_open_it_and_nine_do_not() {
        let mut bench = Bench::new();
        (1..FAILURES_IN_A_ROW).for_each(|_| bench.call(Failure));
        bench.call(Success);
        (1..FAILURES_IN_A_ROW).for_each(|_| bench.call(Failure));
        assert_eq!(bench.refuses(), None);

        bench.call(Failure);

        assert_eq!(bench.refuses(), Some(5_000));
    }

    #[test]
    fn failures_in_a_row_count_however_far_apart_they_are() {
        let mut bench = Bench::new();

        for _ in 0..FAILURES_IN_A_ROW {
            assert_eq!(bench.refuses(), None);
            bench.call(Failure);
            bench.wait(60_000);
        }

        bench.now -= Duration::from_mins(1);
        assert_eq!(bench.refuses(), Some(5_000));
    }

    #[test]
    fn half_of_twenty_outcomes_open_it() {
        for (successes, failures, opens) in [(10, 10, true), (11, 9, false), (9, 10, false)] {
            let mut bench = Bench::new();
            // Not that many in a row.
            let mut rest = (successes, failures);
            while rest != (0, 0) {
                assert_eq!(bench.refuses(), None);
                if rest.0 >= rest.1 {
                    rest.0 -= 1;
                    bench.call(Success);
                } else {
                    rest.1 -= 1;
                    bench.call(Failure);
                }
            }
            assert_eq!(bench.refuses().is_some(), opens, "{successes} {failures}");
        }
    }

    #[test]
    fn successes_alone_never_open_it() {
        let mut bench = Bench::new();
        for _ in 0..1_000 {
            bench.call(Success);
            bench.wait(7);
        }
        assert_eq!(bench.refuses(), None);
    }

    #[test]
    fn outcomes_of_more_than_ten_seconds_ago_do_not_count() {
        for (wait, opens) in [(8_999, true), (10_000, false), (3_600_000, false)] {
            let mut bench = Bench::new();
            for _ in 0..9 {
                bench.call(Success);
                bench.call(Failure);
            }
            bench.call(Success);

            bench.wait(wait);
            bench.call(Failure);

            assert_eq!(bench.refuses().is_some(), opens, "{wait}");
        }
    }

    #[test]
    fn it_stays_open_twice_as_long_each_time_up_to_a_minute() {
        let mut bench = Bench::new();
        bench.open();

        for seconds in [5, 10, 20, 40, 60, 60, 60] {
            assert_eq!(bench.refuses(), Some(seconds * 1_000));
            bench.wait(1);
            assert_eq!(bench.refuses(), Some(seconds * 1_000 - 1));
            bench.wait(u64::try_from(seconds).unwrap() * 1_000 - 1);
            bench.call(Failure);
        }
    }

    #[test]
    fn one_probe_passes_and_the_rest_wait() {
        let mut bench = Bench::new();
        bench.open();
        bench.wait(5_000);

        let probe = bench.admit().unwrap();
        assert_eq!(bench.refuses(), Some(1_000));
        bench.wait(29_500);
        assert_eq!(bench.refuses(), Some(500));

        bench.record(probe, Success);
        assert_eq!(bench.refuses(), None);
    }

    #[test]
    fn a_good_probe_forgets_everything() {
        let mut bench = Bench::new();
        bench.open();
        bench.wait(5_000);
        bench.call(Failure);
        bench.wait(10_000);
        bench.call(Success);

        (1..FAILURES_IN_A_ROW).for_each(|_| bench.call(Failure));
        assert_eq!(bench.refuses(), None);
        bench.call(Failure);

        assert_eq!(bench.refuses(), Some(5_000));
    }

    #[test]
    fn calls_from_before_it_opened_change_nothing() {
        let mut bench = Bench::new();
        let mut early: Vec<Permit> = (0..13).map(|_| bench.admit().unwrap()).collect();
        bench.open();

        // While open.
        bench.record(early.pop().unwrap(), Success);
        bench.record(early.pop().unwrap(), Failure);
        assert_eq!(bench.refuses(), Some(5_000));
        // While a probe is on its way.
        bench.wait(5_000);
        let probe = bench.admit().unwrap();
        bench.record(early.pop().unwrap(), Success);
        bench.record(early.pop().unwrap(), Failure);
        bench.breaker.abandon(early.pop().unwrap(), bench.now);
        assert_eq!(bench.refuses(), Some(1_000));
        // After it.
        bench.record(probe, Success);
        (1..FAILURES_IN_A_ROW).for_each(|_| bench.call(Failure));
        for permit in early {
            bench.record(permit, Failure);
        }
        assert_eq!(bench.refuses(), None);
    }

    #[test]
    fn a_probe_that_is_dropped_makes_room_for_the_next() {
        let mut bench = Bench::new();
        bench.open();
        bench.wait(5_000);

        let probe = bench.admit().unwrap();
        bench.breaker.abandon(probe, bench.now);

        bench.call(Failure);
        assert_eq!(bench.refuses(), Some(10_000));
    }

    #[test]
    fn a_probe_that_never_tells_is_given_up() {
        let mut bench = Bench::new();
        bench.open();
        bench.wait(5_000);

        let lost = bench.admit().unwrap();
        bench.wait(29_999);
        assert_eq!(bench.refuses(), Some(1));
        bench.wait(1);
        let probe = bench.admit().unwrap();
        bench.record(lost, Success);
        assert_eq!(bench.refuses(), Some(1_000));

        bench.record(probe, Success);
        assert_eq!(bench.refuses(), None);
    }

    #[test]
    fn a_time_from_before_does_no_harm() {
        let mut bench = Bench::new();
        bench.wait(3_000);
        bench.call(Success);
        bench.now -= Duration::from_secs(3);

        bench.open();

        assert_eq!(bench.refuses(), Some(5_000));
    }
}
