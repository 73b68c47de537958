//! Others who spend on the same account: clients that do not come through us, and other gateways.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use deskgate::providers::freshdesk::sim::Plan;
use deskgate::providers::freshdesk::sim::switches::Window;
use deskgate::providers::zendesk::sim::Plan as ZendeskPlan;
use deskgate::simulator::scrambled;
use deskgate::transport::http::Transport;
use http::Request;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::calm::crowd::{Act, Client, MINUTE, day};
use crate::calm::stage::{Vendor, before, far, gateway, running, stand_still};
use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::support::clock;

/// All that callers do.
const MIXED: &[Act] = &[Act::Ticket, Act::Comments, Act::Ticket, Act::List];

/// What takes only from the account's window where lists have one of their own.
const NO_LISTS: &[Act] = &[Act::Ticket, Act::Comments, Act::Ticket];

/// Calls that one client of a help desk has sent.
#[derive(Clone, Default)]
struct Tally {
    /// All.
    calls: Arc<AtomicUsize>,
    /// Those that were answered with 429.
    throttled: Arc<AtomicUsize>,
}

impl Tally {
    /// Counts what goes over a line.
    fn on(&self, line: Transport) -> Transport {
        let tally = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
            let (line, tally) = (line.clone(), tally.clone());
            async move {
                let answer = line.oneshot(request).await?;
                tally.calls.fetch_add(1, Relaxed);
                let is_throttled = usize::from(answer.status() == 429);
                tally.throttled.fetch_add(is_throttled, Relaxed);
                Ok(answer)
            }
        }))
    }
}

/// Reads a Freshdesk's tickets without asking us, now and then, until then.
async fn spend(line: Transport, between: Duration, end: Instant) {
    let key = Freshdesk::credentials()["api_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{key}:X"));
    let mut turn = 0_u64;
    while Instant::now() < end {
        turn += 1;
        sleep(between.mul_f64(f64::from(u32::try_from(scrambled(turn) % 200).unwrap()) / 100.0))
            .await;
        let request = Request::get(format!("{}/api/v2/agents/me", Freshdesk::ORIGIN))
            .header("authorization", format!("Basic {basic}"))
            .body(Bytes::new())
            .unwrap();
        line.clone().oneshot(request).await.unwrap();
    }
}

#[tokio::test]
async fn with_others_on_the_account_it_backs_off_and_recovers() {
    for (plan, limit) in [(Plan::Trial, 50), (Plan::Growth, 200)] {
        let clock = clock();
        let vendor = Vendor::freshdesk(plan, Window::Fixed, running(&clock));
        let ours = Tally::default();
        let line = far(ours.on(vendor.transport()));
        let app = gateway::<Freshdesk>(line, clock).await;
        stand_still(&app).await;
        let theirs = Tally::default();
        let line = far(theirs.on(vendor.transport()));
        let mut others = JoinSet::new();
        // A third of what there is, or half of it.
        others.spawn(spend(line, MINUTE * 2 / limit, Instant::now() + MINUTE * 6));
        let crowd = |acts| {
            let clients = Client::crowd(&app, &vendor, acts, 20).into_iter();
            clients.map(|client| (Arc::clone(&app), client)).collect()
        };

        let shared = day(&vendor, limit, 6, crowd(NO_LISTS)).await;
        let throttled = ours.throttled.load(Relaxed);
        eprintln!(
            "{plan} with others: ours {} calls, {throttled} 429s; theirs {} calls, {} 429s; {shared}",
            ours.calls.load(Relaxed),
            theirs.calls.load(Relaxed),
            theirs.throttled.load(Relaxed),
        );
        others.join_all().await;

        shared.assert_plain();
        // One a window at most.
        assert!(throttled <= 6, "{throttled}");
        assert!(shared.used >= 0.85, "{shared}");
        // What is left free for others is taken up again when they have not been seen for five windows.
        sleep(MINUTE * 5).await;
        let alone = day(&vendor, limit, 3, crowd(NO_LISTS)).await;
        eprintln!("{plan} alone again: {alone}");
        assert_eq!(alone.throttled, 0);
        assert!(alone.used >= 0.95, "{alone}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn three_gateways_together_stay_inside_within_their_margin() {
    for (name, limit) in [("trial", 50), ("growth", 200), ("team", 200)] {
        let clock = clock();
        let vendor = match name {
            "trial" => Vendor::freshdesk(Plan::Trial, Window::Fixed, running(&clock)),
            "growth" => Vendor::freshdesk(Plan::Growth, Window::Sliding, running(&clock)),
            _ => Vendor::zendesk(ZendeskPlan::Team, running(&clock)),
        };
        let mut clients = Vec::new();
        for _ in 0..3 {
            let app = before(&vendor, clock.clone()).await;
            stand_still(&app).await;
            let acts = if limit == 50 { MIXED } else { NO_LISTS };
            let crowd = Client::crowd(&app, &vendor, acts, 20).into_iter();
            clients.extend(crowd.map(|client| (Arc::clone(&app), client)));
            tokio::time::resume();
        }
        tokio::time::pause();

        let day = day(&vendor, limit, 5, clients).await;

        eprintln!("three gateways, {name}: {day}");
        day.assert_plain();
        // Without a word between them, and the first burst counted: 10 calls of 100 at most.
        assert!(day.throttled * 10 <= day.calls, "{day}");
        assert!(day.used >= 0.6, "{day}");
        tokio::time::resume();
    }
}
