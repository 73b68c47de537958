//! Writes under fire: the real program between clients that do not give up and a help desk that fails, while
//! it is killed again and again.
//!
//! A write with an `Idempotency-Key` that is sent until it has a final answer happens exactly once. Each run
//! sends many, disturbs half of what the gateway sends ([`faults`]), kills the gateway with SIGKILL in the
//! midst of it ([`gateway`]), and then holds what the clients were told ([`clients`]) against what the simulated
//! help desk has ([`judgement`]). A newcomer reads [`storm`] first. [`settling`] has the single steps, without chance.
//!
//! `cargo test` runs some dozens of cases. `DESKGATE_CHAOS_CASES=1000 cargo test --test it chaos -- --nocapture`
//! runs more, with more kills. `DESKGATE_CHAOS_SEED` repeats the schedules of a run: it is printed with each report.

mod cases;
mod clients;
mod dice;
mod faults;
mod gateway;
pub(crate) mod inside;
mod judgement;
pub(crate) mod port;
mod settling;
mod stage;
mod statements;
mod storm;
mod vendor;

use std::sync::LazyLock;

use futures_util::future::join3;

use self::clients::Manners;
use self::faults::Shares;
use self::inside::Inside;
use self::storm::{Report, Storm};
use crate::desks::freshdesk::Freshdesk;
use crate::desks::rt::Rt;
use crate::desks::zendesk::Zendesk;

/// After how many seconds the absence of a write is a proof here: longer than the simulated help desks take to
/// act after the connection is gone, [`vendor::LATE`].
const SETTLE_AFTER: u64 = 2;

/// How many tickets and replies each run makes unless more are asked for.
const FEW: usize = 12;
/// How many it takes to find duplicates in each run where there are any.
const ENOUGH: usize = 24;

/// Where all chance of this process comes from.
static SEED: LazyLock<u64> =
    LazyLock::new(|| asked("DESKGATE_CHAOS_SEED").unwrap_or_else(rand::random));

/// A number that whoever starts the tests may set.
fn asked(name: &str) -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the long run is asked for by whoever starts the tests"
    )]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// All trouble there is, for as many cases as are asked for.
fn hurricane() -> Storm {
    let asked = asked("DESKGATE_CHAOS_CASES").map(usize::try_from);
    let cases = asked.map_or(FEW, Result::unwrap);
    Storm {
        seed: *SEED,
        cases,
        kills: (cases * 3 / 100).max(2),
        settle_after: SETTLE_AFTER,
        shares: Shares::STORM,
        manners: Manners {
            aborts: 5,
            repeats: 10,
        },
    }
}

/// Runs against one kind of help desk and prints what came of it.
async fn report<D: Inside>(storm: Storm) -> Report {
    eprintln!("{}: DESKGATE_CHAOS_SEED={}", D::SERVICE, storm.seed);
    let report = storm.run::<D>().await;
    eprintln!("{report}");
    report
}

#[tokio::test]
async fn every_write_to_freshdesk_happens_exactly_once() {
    let report = report::<Freshdesk>(hurricane()).await;
    report.demand_perfection();
}

#[tokio::test]
async fn every_write_to_zendesk_happens_exactly_once() {
    let report = report::<Zendesk>(hurricane()).await;
    report.demand_perfection();
}

#[tokio::test]
async fn every_write_to_rt_happens_exactly_once() {
    let report = report::<Rt>(hurricane()).await;
    report.demand_perfection();
}

/// The tests above can fail: under the same schedules, whoever sends again without looking doubles some. Nothing
/// but trouble doubles here: no client sends again what it knows to be done, or breaks off what it sent.
#[tokio::test]
async fn without_reconciliation_the_harness_finds_duplicates() {
    let storm = Storm {
        cases: ENOUGH,
        kills: 2,
        settle_after: 0,
        manners: Manners {
            aborts: 0,
            repeats: 0,
        },
        ..hurricane()
    };
    let reports = join3(
        report::<Freshdesk>(storm),
        report::<Zendesk>(storm),
        report::<Rt>(storm),
    );
    let (freshdesk, zendesk, rt) = reports.await;

    for report in [freshdesk, zendesk, rt] {
        assert!(report.duplicates() > 0, "{report}");
    }
}

/// The tests above find nothing where there is nothing to find. Few cases, one help desk after another: a machine
/// that is too busy for the gateway's two seconds would be trouble.
#[tokio::test]
async fn without_trouble_the_harness_finds_nothing() {
    let storm = Storm {
        cases: 10,
        kills: 0,
        shares: Shares::CALM,
        manners: Manners {
            aborts: 0,
            repeats: 0,
        },
        ..hurricane()
    };
    report::<Freshdesk>(storm).await.demand_perfection();
    report::<Zendesk>(storm).await.demand_perfection();
    report::<Rt>(storm).await.demand_perfection();
}
