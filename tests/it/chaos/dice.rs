//! Chance that comes from a seed and a name.
//!
//! What is asked first does not change what is answered: each thing that chance decides has dice of its own,
//! so that the schedule of one case stays the same whatever the other cases do at that moment.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::ops::RangeInclusive;
use std::time::Duration;

use deskgate::simulator::scrambled;

/// Some.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of this seed for this thing.
    pub(crate) fn of(seed: u64, what: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, what).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// Any number.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = scrambled(self.0);
        self.0
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    /// Whether something that happens this often, of a hundred times, happens now.
    pub(crate) fn hits(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time of so many milliseconds.
    pub(crate) fn millis(&mut self, range: RangeInclusive<u64>) -> Duration {
        let span = range.end() - range.start() + 1;
        Duration::from_millis(range.start() + self.below(span))
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let chosen = self.below(all.len() as u64);
        all[usize::try_from(chosen).unwrap()]
    }
}
