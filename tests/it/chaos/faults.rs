//! What goes wrong between the gateway and the help desk, and when.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use deskgate::simulator::locked;
use http::{Method, Request};

use super::dice::Dice;

/// What happens to one request. The help desk acts at most once for each that it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// Nothing.
    Pass,
    /// The connection breaks and the help desk never acts.
    ResetBefore,
    /// The help desk acts, and the connection breaks before the first byte of its answer.
    ResetAfter,
    /// The help desk acts, and the connection breaks within the body of its answer.
    Truncate,
    /// The help desk acts after a moment.
    SlowBefore,
    /// The help desk acts, and answers after a moment.
    SlowAfter,
    /// The help desk acts after longer than the gateway waits, or soon after it has hung up.
    StallBefore,
    /// The help desk acts, and answers after longer than the gateway waits.
    StallAfter,
    /// The help desk never acts, and says nothing for longer than the gateway waits.
    Silence,
    /// The connection breaks at once, and the help desk acts all the same, later.
    LateApply,
    /// The help desk has had too many requests, and does not act.
    TooMany,
    /// The help desk fails, and does not act.
    ErrorBefore,
    /// The help desk acts, and says that it failed.
    ErrorAfter,
    /// The help desk acts, and its answer comes byte by byte.
    Trickle,
}

/// How often each comes, compared with the others.
const WEIGHTS: [(Fault, u64); 13] = [
    (Fault::ResetBefore, 12),
    (Fault::ResetAfter, 14),
    (Fault::Truncate, 12),
    (Fault::SlowBefore, 6),
    (Fault::SlowAfter, 6),
    (Fault::StallBefore, 4),
    (Fault::StallAfter, 4),
    (Fault::Silence, 2),
    (Fault::LateApply, 14),
    (Fault::TooMany, 6),
    (Fault::ErrorBefore, 8),
    (Fault::ErrorAfter, 8),
    (Fault::Trickle, 6),
];

impl Fault {
    /// One of them.
    fn any(dice: &mut Dice) -> Self {
        let sum = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        let mut place = dice.below(sum);
        for (fault, weight) in WEIGHTS {
            if place < weight {
                return fault;
            }
            place -= weight;
        }
        Self::Pass
    }
}

/// How much goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    /// Writes, of a hundred.
    pub(crate) writes: u64,
    /// Reads, of a hundred.
    pub(crate) reads: u64,
    /// Connections that are closed at once or, half as many, met by nobody, of a hundred; and answers after which the
    /// connection is closed without a word.
    pub(crate) connections: u64,
}

impl Shares {
    /// As much as the promises are held against.
    pub(crate) const STORM: Self = Self {
        writes: 50,
        reads: 10,
        connections: 4,
    };
    /// Nothing but what a test asks for.
    pub(crate) const CALM: Self = Self {
        writes: 0,
        reads: 0,
        connections: 0,
    };
}

/// When what goes wrong. It hangs on the seed, on what a request says and on how often the same was said before,
/// and so not on which of two clients comes first.
pub(crate) struct Schedule {
    /// Where all chance comes from.
    pub(crate) seed: u64,
    /// How much goes wrong.
    shares: Shares,
    /// Whether anything does.
    is_on: AtomicBool,
    /// What happens to the next writes, whatever the shares say.
    ordered: Mutex<VecDeque<Fault>>,
    /// How often each request came.
    turns: Mutex<HashMap<u64, u64>>,
}

impl Schedule {
    /// One that begins now.
    pub(crate) fn new(seed: u64, shares: Shares) -> Self {
        Self {
            seed,
            shares,
            is_on: AtomicBool::new(true),
            ordered: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    /// Orders what happens to the next writes, one each.
    pub(crate) fn order(&self, faults: impl IntoIterator<Item = Fault>) {
        locked(&self.ordered).extend(faults);
    }

    /// Ends all trouble.
    pub(crate) fn calm_down(&self) {
        self.is_on.store(false, Ordering::Relaxed);
    }

    /// Whether something goes wrong with connections now and then, of a hundred.
    pub(crate) fn connections(&self) -> u64 {
        if self.is_on.load(Ordering::Relaxed) {
            self.shares.connections
        } else {
            0
        }
    }

    /// What happens to a request, and the dice for how.
    pub(crate) fn draw(&self, call: &Request<Bytes>) -> (Fault, Dice) {
        let is_read = call.method() == Method::GET;
        let said = (call.method(), call.uri().to_string(), call.body());
        let name = Dice::of(self.seed, said).roll();
        let turn = {
            let mut turns = locked(&self.turns);
            let turn = turns.entry(name).or_default();
            *turn += 1;
            *turn
        };
        let mut dice = Dice::of(self.seed, (name, turn));
        if !is_read && let Some(ordered) = locked(&self.ordered).pop_front() {
            return (ordered, dice);
        }
        let share = if is_read {
            self.shares.reads
        } else {
            self.shares.writes
        };
        let fault = if self.is_on.load(Ordering::Relaxed) && dice.hits(share) {
            Fault::any(&mut dice)
        } else {
            Fault::Pass
        };
        (fault, dice)
    }
}
