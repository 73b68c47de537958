//! The breaker against a naive model of it: a list of all that has happened, searched again each time.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::time::Instant;

use crate::transport::breaker::Outcome::{Failure, Success};
use crate::transport::breaker::{Breaker, Outcome, Permit};

/// Random sequences that are tried.
const SEQUENCES: u32 = 10_000;

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Time passes.
    Wait(u64),
    /// As much time passes as a refusal tells to wait, and this much more less one millisecond.
    WaitOut(u64),
    /// A call begins.
    Begin,
    /// One of the calls that have begun ends.
    End(usize, Outcome),
    /// One of the calls that have begun is dropped.
    Drop(usize),
    /// A call begins and ends at once.
    Call(Outcome),
}

/// Random sequences: hosts of different health, calls that overlap, waits around the limits.
fn sequences() -> impl Strategy<Value = Vec<Act>> {
    // One number stands for one act: many small strategies take most of the time otherwise.
    let acts = prop::collection::vec(any::<u32>(), 0..100);
    (1..10_u32, acts).prop_map(|(health, acts)| {
        let act = |number| act(number, health);
        acts.into_iter().map(act).collect()
    })
}

/// The act that a random number stands for, with a host of which so many of ten calls succeed.
fn act(number: u32, health: u32) -> Act {
    let (kind, rest) = (number % 64, u64::from(number / 64));
    let outcome = if rest % 10 < u64::from(health) {
        Success
    } else {
        Failure
    };
    let which = usize::try_from(rest / 10).unwrap_or_default();
    match kind {
        0..8 => Act::Wait(rest % 400),
        8..10 => Act::Wait(900 + rest % 200),
        10..12 => Act::Wait(rest % 70_000),
        12..16 => Act::WaitOut(rest % 3),
        16..26 => Act::Begin,
        26..34 => Act::End(which, outcome),
        34..37 => Act::Drop(which),
        _ => Act::Call(outcome),
    }
}

/// Something that the model remembers, at its millisecond.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Event {
    /// A call ended while it was closed.
    Ended(Outcome),
    /// It opened.
    Opened,
    /// This call began as a probe.
    Probed(usize),
    /// A probe was dropped.
    Dropped,
    /// A probe succeeded.
    Closed,
}

/// All that has happened. What the breaker does follows from it.
#[derive(Debug, Default)]
struct Model {
    /// The events, each at its time.
    events: Vec<(u64, Event)>,
    /// For each call that has begun, how many events that matter to it had been then.
    begun: Vec<usize>,
}

impl Model {
    /// The last event that was no end of a call, and when it was.
    fn last(&self) -> Option<(u64, Event)> {
        let mut back = self.events.iter().rev();
        back.find(|(_, event)| !matches!(event, Event::Ended(_)))
            .copied()
    }

    /// How many times it has opened, probed, closed.
    fn changes(&self) -> usize {
        let changes = self.events.iter();
        changes
            .filter(|(_, event)| !matches!(event, Event::Ended(_)))
            .count()
    }

    /// How long it stays open after its last opening.
    fn open_for(&self) -> u64 {
        let since_closed = self.events.rsplit(|(_, event)| *event == Event::Closed);
        let openings = since_closed
            .take(1)
            .flatten()
            .filter(|(_, event)| *event == Event::Opened)
            .count();
        [5_000, 10_000, 20_000, 40_000, 60_000][openings.min(5) - 1]
    }

    /// Begins a call, or says for how long not.
    fn admit(&mut self, now: u64) -> Result<usize, u64> {
        let number = self.begun.len();
        let wait = match self.last() {
            None | Some((_, Event::Closed)) => {
                self.begun.push(self.changes());
                return Ok(number);
            }
            Some((then, Event::Opened)) => (then + self.open_for()).saturating_sub(now),
            Some((then, Event::Probed(_))) => (then + 30_000).saturating_sub(now).min(1_000),
            Some((_, Event::Dropped)) => 0,
            Some((_, Event::Ended(_))) => unreachable!("ends are passed over"),
        };
        if wait > 0 {
            return Err(wait);
        }
        self.events.push((now, Event::Probed(number)));
        self.begun.push(self.changes());
        Ok(number)
    }

    /// Ends a call.
    fn record(&mut self, call: usize, outcome: Outcome, now: u64) {
        match self.last() {
            Some((_, Event::Probed(probe))) if probe == call => {
                let event = match outcome {
                    Success => Event::Closed,
                    Failure => Event::Opened,
                };
                self.events.push((now, event));
            }
            None | Some((_, Event::Closed)) if self.begun[call] == self.changes() => {
                self.events.push((now, Event::Ended(outcome)));
                if self.has_seen_enough(now) {
                    self.events.push((now, Event::Opened));
                }
            }
            _ => {}
        }
    }

    /// Drops a call.
    fn abandon(&mut self, call: usize, now: u64) {
        if matches!(self.last(), Some((_, Event::Probed(probe))) if probe == call) {
            self.events.push((now, Event::Dropped));
        }
    }

    /// Whether what has ended since it closed is reason to open it.
    fn has_seen_enough(&self, now: u64) -> bool {
        let back = self.events.iter().rev();
        let ended: Vec<(u64, Outcome)> = back
            .map_while(|(then, event)| match event {
                Event::Ended(outcome) => Some((*then, *outcome)),
                _ => None,
            })
            .collect();
        let in_a_row = ended.iter().take_while(|(_, outcome)| *outcome == Failure);
        let is_recent = |then: &u64| then / 1_000 + 10 > now / 1_000;
        let recent: Vec<Outcome> = ended
            .iter()
            .filter(|(then, _)| is_recent(then))
            .map(|(_, outcome)| *outcome)
            .collect();
        let failed = recent.iter().filter(|outcome| **outcome == Failure).count();
        in_a_row.count() >= 10 || (recent.len() >= 20 && failed >= recent.len() - failed)
    }
}

/// How often the sequences reached what they are to try.
#[derive(Debug, Default)]
struct Reached {
    /// Refusals.
    refused: Cell<u32>,
    /// Openings by the share of failures alone.
    opened_by_share: Cell<u32>,
    /// Openings that last the longest.
    opened_longest: Cell<u32>,
    /// Good probes.
    closed: Cell<u32>,
    /// Dropped probes.
    dropped: Cell<u32>,
    /// Probes that were given up.
    given_up: Cell<u32>,
}

impl Reached {
    /// Counts what a sequence has reached.
    fn note(&self, model: &Model) {
        let add = |cell: &Cell<u32>, more: usize| cell.set(cell.get() + u32::from(more > 0));
        let count = |is: fn(&[(u64, Event)]) -> bool, length: usize| {
            model
                .events
                .windows(length)
                .filter(|events| is(events))
                .count()
        };
        add(
            &self.closed,
            count(|events| events[0].1 == Event::Closed, 1),
        );
        add(
            &self.dropped,
            count(|events| events[0].1 == Event::Dropped, 1),
        );
        let gives_up = |events: &[(u64, Event)]| {
            matches!(
                (events[0].1, events[1].1),
                (Event::Probed(_), Event::Probed(_))
            )
        };
        add(&self.given_up, count(gives_up, 2));
        let by_share = |events: &[(u64, Event)]| {
            events[5].1 == Event::Opened
                && events[4].1 == Event::Ended(Failure)
                && events[..4]
                    .iter()
                    .any(|(_, event)| *event == Event::Ended(Success))
        };
        add(&self.opened_by_share, count(by_share, 6));
        let closed = model
            .events
            .split(|(_, event)| *event == Event::Closed)
            .filter(|events| {
                let opened = events.iter().filter(|(_, event)| *event == Event::Opened);
                opened.count() >= 5
            });
        add(&self.opened_longest, closed.count());
    }
}

/// Plays a sequence on both, and compares every answer.
fn play(acts: &[Act], reached: &Reached) -> Result<(), TestCaseError> {
    let origin = Instant::now();
    let mut breaker = Breaker::new(origin);
    let mut model = Model::default();
    let mut now = 0;
    let mut on_their_way: Vec<(Permit, usize)> = Vec::new();
    for act in acts {
        let at = |now: u64| origin + Duration::from_millis(now);
        match *act {
            Act::Wait(milliseconds) => now += milliseconds,
            Act::WaitOut(more) => {
                let refused = breaker.clone().admit(at(now)).err();
                let wait = refused.map_or(1, |refused| refused.retry_after.as_millis());
                now += u64::try_from(wait).unwrap() + more - 1;
            }
            Act::Begin | Act::Call(_) => {
                let expected = model.admit(now);
                match (breaker.admit(at(now)), expected) {
                    (Ok(permit), Ok(call)) => match *act {
                        Act::Call(outcome) => {
                            breaker.record(permit, outcome, at(now));
                            model.record(call, outcome, now);
                        }
                        _ => on_their_way.push((permit, call)),
                    },
                    (Err(refused), Err(wait)) => {
                        prop_assert_eq!(refused.retry_after, Duration::from_millis(wait));
                        reached.refused.set(reached.refused.get() + 1);
                    }
                    (said, expected) => {
                        prop_assert!(false, "{:?} instead of {:?} at {}", said, expected, now);
                    }
                }
            }
            Act::End(which, outcome) if !on_their_way.is_empty() => {
                let (permit, call) = on_their_way.swap_remove(which % on_their_way.len());
                breaker.record(permit, outcome, at(now));
                model.record(call, outcome, now);
            }
            Act::Drop(which) if !on_their_way.is_empty() => {
                let (permit, call) = on_their_way.swap_remove(which % on_their_way.len());
                breaker.abandon(permit, at(now));
                model.abandon(call, now);
            }
            Act::End(..) | Act::Drop(_) => {}
        }
    }
    reached.note(&model);
    Ok(())
}

#[test]
fn it_does_what_a_naive_model_does() {
    let mut runner = TestRunner::new(Config {
        cases: SEQUENCES,
        failure_persistence: None,
        ..Config::default()
    });
    let reached = Reached::default();

    runner
        .run(&sequences(), |acts| play(&acts, &reached))
        .unwrap();

    // Equal answers to questions that were never asked would prove nothing.
    let Reached {
        refused,
        opened_by_share,
        opened_longest,
        closed,
        dropped,
        given_up,
    } = &reached;
    for cell in [
        refused,
        opened_by_share,
        opened_longest,
        closed,
        dropped,
        given_up,
    ] {
        assert!(cell.get() >= 50, "{reached:?}");
    }
}
