//! How many calls to one host may be sent again.
//!
//! Each first attempt earns a fifth of a retry, so that retries add at most a fifth to the load of a
//! help desk that fails completely; what has been saved up adds at most [`MOST`] more.

/// Parts of a retry that one first attempt earns: a fifth of one.
const EARNED: u32 = 1;
/// Parts that one retry costs.
const COST: u32 = 5;
/// Retries that a host begins with, so that one with few requests can have some too; also the most
/// that are saved up.
pub const MOST: u32 = 10;

/// Whether a call may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Allowance {
    /// It may; the retry is paid for.
    Granted,
    /// It may not: nothing is left.
    Exhausted,
}

/// The retries that are left to one host. Counted in whole parts, so that nothing is lost by rounding.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    /// What is left, in parts of a retry.
    parts: u32,
}

impl Default for RetryBudget {
    /// A full one.
    fn default() -> Self {
        Self { parts: MOST * COST }
    }
}

impl RetryBudget {
    /// Counts a first attempt. A retry earns nothing.
    pub fn earn(&mut self) {
        self.parts = (self.parts + EARNED).min(MOST * COST);
    }

    /// Pays for a retry, if there is enough.
    pub fn spend(&mut self) -> Allowance {
        match self.parts.checked_sub(COST) {
            Some(rest) => {
                self.parts = rest;
                Allowance::Granted
            }
            None => Allowance::Exhausted,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;
    use crate::transport::breaker::{Breaker, FAILURES_IN_A_ROW, Outcome};

    /// First attempts of a minute at 100 a second.
    const FIRST_ATTEMPTS: u32 = 6_000;
    /// Attempts that a call has at most.
    const MAX_ATTEMPTS: u32 = 3;

    /// How many retries are granted in a row.
    fn granted(budget: &mut RetryBudget) -> u32 {
        let mut count = 0;
        while budget.spend() == Allowance::Granted {
            count += 1;
        }
        count
    }

    #[test]
    fn a_new_host_has_its_floor_and_no_more() {
        assert_eq!(granted(&mut RetryBudget::default()), MOST);
    }

    #[test]
    fn five_first_attempts_earn_one_retry() {
        let mut budget = RetryBudget::default();
        granted(&mut budget);

        for attempts in [4, 1, 4, 1, 23, 2] {
            let before = budget.parts;
            (0..attempts).for_each(|_| budget.earn());
            assert_eq!(granted(&mut budget), (before + attempts) / 5);
        }
        assert_eq!(budget.parts, 0);
    }

    #[test]
    fn no_more_than_the_floor_is_saved_up() {
        let mut budget = RetryBudget::default();

        (0..1_000_000).for_each(|_| budget.earn());

        assert_eq!(granted(&mut budget), MOST);
    }

    #[test]
    fn retries_add_a_fifth_at_most_while_everything_fails() {
        let mut budget = RetryBudget::default();
        let mut calls = 0;

        for _ in 0..FIRST_ATTEMPTS {
            budget.earn();
            calls += 1;
            for _ in 1..MAX_ATTEMPTS {
                if budget.spend() == Allowance::Granted {
                    calls += 1;
                }
            }
        }

        // What the first of them earns is lost: the budget is full.
        assert_eq!(calls, FIRST_ATTEMPTS + (FIRST_ATTEMPTS - 1) / 5 + MOST);
        assert!(calls * 100 <= FIRST_ATTEMPTS * 125);
    }

    #[test]
    fn with_the_breaker_a_dead_host_is_hardly_called_at_all() {
        let mut budget = RetryBudget::default();
        let begun = Instant::now();
        let mut breaker = Breaker::new(begun);
        let mut calls = 0;

        for number in 0..FIRST_ATTEMPTS {
            let now = begun + Duration::from_millis(10) * number;
            for attempt in 0..MAX_ATTEMPTS {
                if attempt == 0 {
                    budget.earn();
                } else if budget.spend() == Allowance::Exhausted {
                    break;
                }
                let Ok(permit) = breaker.admit(now) else {
                    break;
                };
                calls += 1;
                breaker.record(permit, Outcome::Failure, now);
            }
        }

        // So many open it; it probes 5, 15 and 35 s later.
        assert_eq!(calls, FAILURES_IN_A_ROW + 3);
    }
}
