//! One run: many clients, much trouble, some kills, and the judgement.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use deskgate::simulator::locked;
use futures_util::future::{join, join_all};
use tokio::time::sleep;

use super::cases::{self, Case};
use super::clients::{Client, End, Manners, Settled, Tally};
use super::dice::Dice;
use super::faults::Shares;
use super::gateway::Gateway;
use super::inside::Inside;
use super::judgement::Judgement;
use super::stage::Stage;

/// Clients that make tickets, and as many that reply.
const CLIENTS: usize = 16;
/// Finished cases that are sent once more at the end, after a last kill.
const LAST_REPEATS: usize = 20;

/// What a run is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storm {
    /// Where all chance comes from.
    pub(crate) seed: u64,
    /// How many tickets, and as many replies.
    pub(crate) cases: usize,
    /// How often the gateway is killed.
    pub(crate) kills: usize,
    /// After how many seconds the gateway takes an absence for a proof; 0 for never looking.
    pub(crate) settle_after: u64,
    /// How much goes wrong on the way to the help desk.
    pub(crate) shares: Shares,
    /// How the clients behave.
    pub(crate) manners: Manners,
}

/// What came of a run.
pub(crate) struct Report {
    /// The help desk.
    service: &'static str,
    /// What the run was made of.
    storm: Storm,
    /// Cases of both kinds.
    pub(crate) cases: usize,
    /// What the clients have seen.
    pub(crate) tally: Tally,
    /// How often what went wrong.
    faults: BTreeMap<String, usize>,
    /// What is wrong.
    pub(crate) judgement: Judgement,
    /// What the help desk did for the cases that went wrong.
    history: Vec<String>,
    /// Errors that the gateway has logged.
    errors: Vec<String>,
    /// Times to the final answer, shortest first.
    took: Vec<Duration>,
    /// How long the run took.
    lasted: Duration,
    /// The gateway's slowest start.
    slowest_start: Duration,
}

impl Storm {
    /// Runs.
    pub(crate) async fn run<D: Inside>(self) -> Report {
        let Self { seed, cases, .. } = self;
        let begun = Instant::now();
        let mut stage = Stage::<D>::set(seed, self.shares, self.settle_after).await;
        let creates = cases::creates(seed, cases, &stage.requester);
        let replies = cases::replies(seed, cases, &stage.tickets);
        let hands = deal(creates).into_iter().chain(deal(replies));
        let tally = Tally::default();
        let work = hands.map(|hand| {
            let client = Client::of(&stage.gateway);
            let tally = &tally;
            async move { client.work(seed, hand, self.manners, tally).await }
        });
        let work = join_all(work.collect::<Vec<_>>());
        let (settled, ()) = join(work, self.kill(&mut stage.gateway, &tally)).await;
        let settled: Vec<Settled> = settled.into_iter().flatten().collect();
        stage.calm_down().await;
        stage.gateway.kill().await;
        stage.gateway.restart().await;
        if self.manners.repeats > 0 {
            self.repeat_some(&stage.gateway, &settled, &tally).await;
        }
        let judgement = Judgement::of(&settled, &stage.written());
        let mut took: Vec<_> = settled.iter().map(|one| one.took).collect();
        took.sort();
        Report {
            service: D::SERVICE,
            storm: self,
            cases: settled.len(),
            tally,
            faults: stage.vendor.faults(),
            history: history(&judgement, &stage),
            judgement,
            errors: stage.gateway.errors(),
            took,
            lasted: begun.elapsed(),
            slowest_start: stage.gateway.slowest_start,
        }
    }

    /// Kills the gateway while the clients work, and starts it again.
    async fn kill(&self, gateway: &mut Gateway, tally: &Tally) {
        let mut dice = Dice::of(self.seed, "kills");
        // The last fifth is left out: there is little load by then.
        let span = 2 * self.cases * 4 / 5 / self.kills.max(1);
        for number in 0..self.kills {
            let chosen = dice.below(span.max(1) as u64);
            let place = number * span + usize::try_from(chosen).unwrap();
            while tally.settled.load(Ordering::Relaxed) < place {
                sleep(Duration::from_millis(2)).await;
            }
            sleep(dice.millis(0..=150)).await;
            gateway.kill().await;
            sleep(dice.millis(0..=200)).await;
            gateway.restart().await;
        }
    }

    /// Sends some finished cases once more.
    async fn repeat_some(&self, gateway: &Gateway, settled: &[Settled], tally: &Tally) {
        let client = Client::of(gateway);
        let mut dice = Dice::of(self.seed, "repeats");
        for _ in 0..LAST_REPEATS {
            let Settled { case, end, .. } = &settled[index(&mut dice, settled.len())];
            if let End::Done(first) = end {
                client.repeat(case, first, tally).await;
            }
        }
    }
}

/// A place in a list of this length.
fn index(dice: &mut Dice, length: usize) -> usize {
    usize::try_from(dice.below(length as u64)).unwrap()
}

/// Deals cases out to clients. Twins, which follow each other, go to different ones.
fn deal(cases: Vec<Case>) -> Vec<Vec<Case>> {
    let mut hands = vec![Vec::new(); CLIENTS];
    for (place, case) in cases.into_iter().enumerate() {
        hands[place % CLIENTS].push(case);
    }
    hands
}

/// What the help desk did for the cases that went wrong.
fn history<D>(judgement: &Judgement, stage: &Stage<D>) -> Vec<String> {
    let Judgement {
        doubled,
        lost,
        wrong_ids,
        ..
    } = judgement;
    let markers = doubled.keys().chain(lost).chain(wrong_ids);
    let lines = markers.map(|marker| {
        let carried = stage.vendor.carried(marker).into_iter();
        let steps = carried.map(|one| {
            let line = one.said.split(' ').take(2).collect::<Vec<_>>().join(" ");
            format!("{line} {} {:?}", one.status.as_u16(), one.fault)
        });
        format!("{marker}: {}", steps.collect::<Vec<_>>().join("; "))
    });
    lines.take(20).collect()
}

impl Report {
    /// How many were written too often.
    pub(crate) fn duplicates(&self) -> usize {
        self.judgement.doubled.values().sum()
    }

    /// Fails unless all was well.
    pub(crate) fn demand_perfection(&self) {
        let false_replays = locked(&self.tally.false_replays).clone();
        let is_good = self.judgement.is_good(self.cases) && false_replays.is_empty();
        assert!(
            is_good && self.errors.is_empty(),
            "{self}\n{:#?}\nfalse replays: {false_replays:#?}\nwhat the help desk did: {:#?}\nlogged: {:#?}",
            self.judgement,
            self.history,
            self.errors,
        );
    }

    /// The time within which so many of a hundred cases had their final answer.
    fn within(&self, percent: usize) -> Duration {
        let place = (self.took.len() * percent / 100).min(self.took.len() - 1);
        self.took[place]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Storm { seed, kills, .. } = self.storm;
        let answers = locked(&self.tally.answers);
        let unknown: usize = ["504 outcome_unknown", "409 outcome_unknown"]
            .iter()
            .filter_map(|name| answers.get(*name))
            .sum();
        let unresolved = self.judgement.unresolved;
        let refused = self.judgement.refused.len();
        writeln!(f, "{}: DESKGATE_CHAOS_SEED={seed}", self.service)?;
        writeln!(
            f,
            "  cases {}, tries {}, kills {kills}, slowest start {:.1?}, all in {:.1?}",
            self.cases,
            self.tally.tries.load(Ordering::Relaxed),
            self.slowest_start,
            self.lasted,
        )?;
        writeln!(
            f,
            "  answers of unknown outcome {unknown}, resolved {}, unresolved {unresolved}, refused {refused}",
            self.cases - unresolved - refused,
        )?;
        writeln!(
            f,
            "  duplicates {}, lost {}, wrong ids {}, wrong visibility {}, false replays {} of {}",
            self.duplicates(),
            self.judgement.lost.len(),
            self.judgement.wrong_ids.len(),
            self.judgement.wrong_visibility.len(),
            locked(&self.tally.false_replays).len(),
            self.tally.repeats.load(Ordering::Relaxed),
        )?;
        writeln!(
            f,
            "  time to the final answer: p50 {:.1?}, p99 {:.1?}",
            self.within(50),
            self.within(99),
        )?;
        writeln!(f, "  answers: {answers:?}")?;
        write!(f, "  faults: {:?}", self.faults)
    }
}
