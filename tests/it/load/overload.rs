//! What is served of more than can be served.
//!
//! The gateway has a core of its own where `taskset` is there, so that it is what gives in, and not who sends.

use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::interval;

use super::asked;
use super::program::{Replica, Site};
use super::shooting::{Fire, Shot};
use super::upstream::{Memory, Upstreams};
use crate::chaos::port::Port;

/// Help desks, an account at each.
const DESKS: usize = 4;
/// Connections of the clients under load.
const CONNECTIONS: usize = 512;

/// When all is to be served again after an overload.
const NORMAL_AFTER: Duration = Duration::from_secs(2);

/// What came of one load.
#[derive(Debug)]
struct Report {
    /// Requests a second that were sent.
    offered: f64,
    /// Requests a second that were served.
    good: f64,
    /// Of those, the latency that half and 99 of a hundred stay below, in milliseconds.
    accepted: [f64; 2],
    /// The same of those refused, from when they were sent.
    refused: [f64; 2],
    /// How many were refused.
    refusals: usize,
    /// How many of them later than [`NORMAL_AFTER`].
    late_refusals: usize,
    /// Refusals that did not say when to come back.
    without_retry_after: usize,
    /// Answers that were neither a success nor a refusal.
    others: usize,
    /// The most resident memory, in MiB.
    memory: u64,
}

impl Report {
    /// Sums up.
    fn of(shots: &[Shot], lasts: Duration, memory: u64) -> Self {
        let seconds = lasts.as_secs_f64();
        let with = |status: u16| shots.iter().filter(move |shot| shot.status == status);
        // What is served long after its time is not good.
        let good = with(200).filter(|shot| shot.latency < Duration::from_secs(1));
        let refusals = with(503).count();
        Self {
            offered: count(shots.len()) / seconds,
            good: count(good.count()) / seconds,
            accepted: percentiles(with(200).map(|shot| shot.latency)),
            refused: percentiles(with(503).map(|shot| shot.service)),
            refusals,
            late_refusals: with(503).filter(|shot| shot.due > NORMAL_AFTER).count(),
            without_retry_after: with(503).filter(|shot| !shot.has_retry_after).count(),
            others: shots.len() - with(200).count() - refusals,
            memory,
        }
    }
}

/// A number of shots, to be divided.
fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// The latency that half and 99 of a hundred stay below, in milliseconds.
fn percentiles(latencies: impl Iterator<Item = Duration>) -> [f64; 2] {
    let mut sorted: Vec<_> = latencies.collect();
    sorted.sort();
    [50, 99].map(|share| {
        let place = sorted.len() * share / 100;
        sorted
            .get(place)
            .map_or(0.0, |one| one.as_secs_f64() * 1000.0)
    })
}

/// Requests for tickets, and one list in ten, of all accounts.
fn requests(site: &Site, tickets: &[String], replica: &Replica) -> Rc<[Vec<u8>]> {
    let request = |number: usize| {
        let (account, token) = &site.accounts[number % site.accounts.len()];
        let what = match number % 10 {
            9 => "tickets?page_size=10".to_owned(),
            _ => format!("tickets/{}", tickets[number % tickets.len()]),
        };
        let path = format!("/v1/accounts/{account}/helpdesk/{what}");
        let host = replica.address;
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n")
    };
    (0..400)
        .map(|number| request(number).into_bytes())
        .collect()
}

/// Sends and sums up, and prints it.
async fn load(name: &str, fire: Fire, replica: &Replica) -> Report {
    let lasts = fire.lasts;
    let mut ticks = interval(Duration::from_millis(100));
    let mut most = 0;
    let sampling = async {
        loop {
            ticks.tick().await;
            most = most.max(replica.memory().0);
        }
    };
    let shots = tokio::select! {
        shots = fire.shoot() => shots,
        () = sampling => unreachable!(),
    };
    let report = Report::of(&shots, lasts, most);
    let Report {
        offered,
        good,
        accepted: [a50, a99],
        refused: [r50, r99],
        ..
    } = report;
    eprintln!(
        "{name:>12}: {offered:7.0}/s sent, {good:6.0}/s served in {a50:6.2} ms, p99 {a99:7.2} ms; {:7} refused ({} of them after \
         two seconds) in {r50:6.2} ms, p99 {r99:6.2} ms; {} without Retry-After, {} others; {} MiB",
        report.refusals,
        report.late_refusals,
        report.without_retry_after,
        report.others,
        report.memory
    );
    report
}

/// Keeps this process off the gateway's core; whether that is possible.
fn step_aside() -> bool {
    let me = std::process::id().to_string();
    let moved = Command::new("taskset").args(["-apc", "1", &me]).output();
    moved.is_ok_and(|output| output.status.success())
}

/// Has this thread, which sends, give way to the help desks' on the same core: else an overload of the gateway would be one of
/// theirs, too.
fn give_way() {
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    let id = thread.file_name().unwrap();
    let _ = Command::new("renice")
        .args(["-n", "10", "-p"])
        .arg(id)
        .output();
}

#[tokio::test]
async fn what_is_served_stays_near_the_peak_under_overload() {
    let Some(seconds) = asked("DESKGATE_LOAD_SECONDS") else {
        eprintln!("skipped: DESKGATE_LOAD_SECONDS is not set");
        return;
    };
    let core = step_aside().then_some("0");
    let upstreams = Upstreams::start(DESKS, Memory::OfReads).await;
    let site = Site::new(&upstreams.addresses);
    let port = Port::pick();
    let replica = site.start(&port, &[], core).await;
    give_way();
    let requests = requests(&site, &upstreams.tickets, &replica);
    let fire = |connections, rate, seconds| Fire {
        address: replica.address,
        requests: Rc::clone(&requests),
        connections,
        rate,
        lasts: Duration::from_secs(seconds),
    };
    load("warm-up", fire(16, None, 2), &replica).await;

    let mut peak = 0.0_f64;
    for connections in [8, 16, 32, 64] {
        let name = format!("{connections} clients");
        let report = load(
            &name,
            fire(connections, None, (seconds / 2).max(1)),
            &replica,
        )
        .await;
        peak = peak.max(report.good);
    }
    let at = async |times: f64, seconds| {
        let connections = CONNECTIONS;
        load(
            &format!("{times}"),
            fire(connections, Some(peak * times), seconds),
            &replica,
        )
        .await
    };
    let below = at(0.8, seconds).await;
    let double = at(2.0, seconds).await;
    let after_double = at(0.8, seconds).await;
    let fivefold = at(5.0, seconds).await;
    let after = at(0.8, seconds).await;

    eprintln!(
        "peak {peak:.0}/s; of it at twice the load {:.3}, at five times {:.3}; p99 against 0.8 times the load {:.2}, {:.2}; \
         memory at most {} MiB",
        double.good / peak,
        fivefold.good / peak,
        double.accepted[1] / below.accepted[1],
        fivefold.accepted[1] / below.accepted[1],
        replica.memory().1
    );
    for report in [&below, &double, &fivefold, &after_double, &after] {
        assert_eq!((report.without_retry_after, report.others), (0, 0));
    }
    assert!(replica.memory().1 < 128);
    assert!(double.good >= 0.9 * peak, "{}", double.good / peak);
    assert!(fivefold.good >= 0.8 * peak, "{}", fivefold.good / peak);
    assert!(double.accepted[1] < 3.0 * below.accepted[1]);
    assert!(fivefold.accepted[1] < 3.0 * below.accepted[1]);
    assert_eq!((after_double.late_refusals, after.late_refusals), (0, 0));
}
