//! The paging law, for a walk in the default order over any interleaving of changes:
//!
//! 1. a ticket that does not change from the first page's call to the last one's appears exactly once;
//! 2. one that changes appears at least once, its last appearance not older than the change;
//! 3. the walk ends;
//! 4. no empty page has a successor.
//!
//! Some hundred random schedules run with `cargo test`; `DESKGATE_LAW_CASES=10000 cargo test --release
//! --test it law` runs more. A failing schedule is shrunk and printed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use deskgate::clock::Clock;
use deskgate::model::id::TicketId;
use deskgate::providers::freshdesk::sim::switches::TieOrder;
use deskgate::providers::freshdesk::sim::world::World;
use deskgate::providers::freshdesk::sim::{Options, Plan, Simulator, Switches};
use http::Request;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::support::upstream::in_process;
use crate::support::{TestApp, UPSTREAM_KEY, clock};

/// Something that people do in the help desk.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// A new ticket comes in.
    Create,
    /// A ticket is edited; several tickets in a row with `many`.
    Edit { which: usize, many: usize },
    /// A ticket goes to the trash, or comes back.
    Trash { which: usize, back: bool },
    /// A ticket is held for spam, or released.
    Spam { which: usize, back: bool },
    /// Time passes.
    Wait { milliseconds: u64 },
}

/// A schedule: how the desk begins, how it is walked, and what happens after how many upstream calls.
#[derive(Debug, Clone)]
struct Schedule {
    /// The second, counted back from the beginning, of each ticket's last change.
    tickets: Vec<u8>,
    /// The order among equal times.
    ties: TieOrder,
    /// Objects on a page.
    page_size: u16,
    /// Whether the trash and spam are walked too.
    everything: bool,
    /// What happens, each after this many upstream calls, or pages with `everything`.
    acts: Vec<(u8, Act)>,
}

/// Random schedules.
fn schedules() -> impl Strategy<Value = Schedule> {
    let which = 0..40_usize;
    let act = prop_oneof![
        2 => Just(Act::Create),
        5 => (which.clone(), 1..25_usize).prop_map(|(which, many)| Act::Edit { which, many: if many > 12 { 1 } else { many } }),
        2 => (which.clone(), any::<bool>()).prop_map(|(which, back)| Act::Trash { which, back }),
        1 => (which, any::<bool>()).prop_map(|(which, back)| Act::Spam { which, back }),
        3 => (50..2500_u64).prop_map(|milliseconds| Act::Wait { milliseconds }),
    ];
    let ties = prop_oneof![Just(TieOrder::IdAscending), Just(TieOrder::IdDescending)];
    // Few distinct seconds: ties are where walks break.
    let tickets = prop::collection::vec(prop_oneof![3 => 0..4_u8, 1 => 0..60_u8], 0..40);
    let acts = prop::collection::vec((0..4_u8, act), 0..30);
    let page_size = prop_oneof![Just(1_u16), Just(2), Just(3), Just(7), Just(20), Just(100)];
    (tickets, ties, page_size, any::<bool>(), acts).prop_map(
        |(tickets, ties, page_size, everything, acts)| Schedule {
            tickets,
            ties,
            page_size,
            everything,
            acts,
        },
    )
}

/// The help desk of one schedule, and what is known of it.
struct Desk {
    /// It.
    simulator: Simulator,
    /// What is still to happen.
    acts: VecDeque<(u8, Act)>,
    /// The version of each ticket: its subject.
    versions: BTreeMap<u64, u64>,
    /// The tickets that have changed since the walk began.
    changed: BTreeSet<u64>,
    /// Versions given so far.
    next_version: u64,
    /// Whether acts happen between pages only.
    between_pages: bool,
}

impl Desk {
    /// A help desk with these tickets.
    fn new(schedule: &Schedule, clock: &Clock) -> Self {
        let shown = clock.clone();
        let options = Options {
            api_key: UPSTREAM_KEY.into(),
            tickets: 0,
            seed: 1,
            plan: Plan::Unlimited,
            latency: Duration::ZERO,
            switches: Switches {
                tie_order: schedule.ties,
                ..Switches::default()
            },
        };
        let simulator = Simulator::new(options, Arc::new(move || shown.now()));
        simulator.change(|world| {
            let seeded: Vec<_> = world.tickets.keys().copied().collect();
            for id in seeded {
                world.destroy_ticket(id);
            }
        });
        let mut desk = Self {
            simulator: simulator.clone(),
            acts: schedule.acts.iter().copied().collect(),
            versions: BTreeMap::new(),
            changed: BTreeSet::new(),
            next_version: 0,
            between_pages: schedule.everything,
        };
        for ago in &schedule.tickets {
            let id = desk.create();
            let then = clock.now() - Duration::from_secs(u64::from(*ago));
            let then = jiff::Timestamp::from_second(then.as_second()).unwrap();
            simulator.change(|world| world.tickets.get_mut(&id).unwrap().updated_at = then);
        }
        desk.changed.clear();
        desk
    }

    /// Makes a ticket.
    fn create(&mut self) -> u64 {
        let version = self.version();
        let id = self.simulator.change(|world: &mut World| {
            let requester = *world.contacts.keys().next().unwrap();
            let mut ticket = world.blank_ticket(requester);
            ticket.subject = Some(version.to_string());
            let id = ticket.id;
            world.insert_ticket(ticket);
            id
        });
        self.note(id, version);
        id
    }

    /// A version that was never given.
    fn version(&mut self) -> u64 {
        self.next_version += 1;
        self.next_version
    }

    /// Notes a change.
    fn note(&mut self, id: u64, version: u64) {
        self.versions.insert(id, version);
        self.changed.insert(id);
    }

    /// Changes a ticket.
    fn edit(
        &mut self,
        which: usize,
        edit: impl FnOnce(&mut deskgate::providers::freshdesk::sim::records::Ticket),
    ) {
        let Some(id) = self
            .versions
            .keys()
            .nth(which % self.versions.len().max(1))
            .copied()
        else {
            return;
        };
        let version = self.version();
        self.simulator.change(|world| {
            world.edit_ticket(id, |ticket| {
                ticket.subject = Some(version.to_string());
                edit(ticket);
            })
        });
        self.note(id, version);
    }

    /// Lets one call, or page, go by: what is due happens.
    fn tick(&mut self, clock: &Clock) {
        if let Some((wait, _)) = self.acts.front_mut()
            && *wait > 0
        {
            *wait -= 1;
            return;
        }
        while let Some((_, act)) = self.acts.pop_front_if(|(wait, _)| *wait == 0) {
            match act {
                Act::Create => drop(self.create()),
                Act::Edit { which, many } => {
                    (0..many).for_each(|offset| self.edit(which + offset, |_| {}));
                }
                Act::Trash { which, back } => self.edit(which, |ticket| ticket.deleted = !back),
                Act::Spam { which, back } => self.edit(which, |ticket| ticket.spam = !back),
                Act::Wait { milliseconds } => clock.advance(Duration::from_millis(milliseconds)),
            }
        }
    }
}

/// A gateway whose help desk is exchanged for each schedule. Each upstream call takes 70 ms of the
/// vendor's time, and what is due happens just before it.
struct Lab {
    /// The gateway.
    app: TestApp,
    /// What time it is.
    clock: Clock,
    /// The help desk of the running schedule.
    desk: Arc<Mutex<Option<Desk>>>,
}

impl Lab {
    /// Puts it together.
    async fn new() -> Self {
        let clock = clock();
        let desk: Arc<Mutex<Option<Desk>>> = Arc::default();
        let (shown, current) = (clock.clone(), Arc::clone(&desk));
        let transport =
            BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
                shown.advance(Duration::from_millis(70));
                let mut desk = current.lock().unwrap();
                let desk = desk.as_mut().unwrap();
                if !desk.between_pages {
                    desk.tick(&shown);
                }
                in_process(desk.simulator.router()).oneshot(request)
            }));
        let app = TestApp::at(transport, clock.clone()).await.in_still_time();
        Self { app, clock, desk }
    }

    /// Walks a schedule in an order; says which part of the law was broken.
    async fn walk(&self, schedule: &Schedule, order: &str) -> Result<(), String> {
        // Far from the schedule before, whose seconds may still be remembered.
        self.clock.advance(Duration::from_hours(24));
        *self.desk.lock().unwrap() = Some(Desk::new(schedule, &self.clock));
        let all = if schedule.everything {
            "&include_deleted=true&include_spam=true"
        } else {
            ""
        };
        let base = format!(
            "/tickets?page_size={}&order_by={order}{all}",
            schedule.page_size
        );
        let mut seen: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
        let mut page = String::new();
        let mut pages = 0;
        loop {
            let list = self.app.get(&format!("{base}{page}")).await;
            if !list.status.is_success() {
                return Err(format!("a page failed: {list}"));
            }
            let list = list.body;
            let objects = list["objects"].as_array().unwrap();
            for ticket in objects {
                let id: TicketId = ticket["id"].as_str().unwrap().parse().unwrap();
                seen.entry(id.upstream().parse().unwrap())
                    .or_default()
                    .push(ticket.clone());
            }
            if let Some(next) = list["next_page"].as_str() {
                if objects.is_empty() {
                    return Err("an empty page has a successor".into());
                }
                page = format!("&page={next}");
            } else {
                break;
            }
            pages += 1;
            if pages > 2000 {
                return Err("the walk does not end".into());
            }
            let mut desk = self.desk.lock().unwrap();
            let desk = desk.as_mut().unwrap();
            if desk.between_pages {
                desk.tick(&self.clock);
            }
        }
        self.judge(schedule, &seen)
    }

    /// Compares what was seen with what there is.
    fn judge(&self, schedule: &Schedule, seen: &BTreeMap<u64, Vec<Value>>) -> Result<(), String> {
        let desk = self.desk.lock().unwrap();
        let desk = desk.as_ref().unwrap();
        let is_listed = |id: u64| {
            desk.simulator.inspect(|world| {
                let ticket = &world.tickets[&id];
                schedule.everything || (!ticket.deleted && !ticket.spam)
            })
        };
        for (id, version) in &desk.versions {
            if !is_listed(*id) {
                continue;
            }
            let appearances = seen.get(id).map(Vec::as_slice).unwrap_or_default();
            let last = appearances
                .last()
                .map(|ticket| ticket["subject"].as_str().unwrap().to_owned());
            if last.as_deref() != Some(&version.to_string()) {
                return Err(format!(
                    "ticket {id} is at version {version}, and was last seen at {last:?}"
                ));
            }
            if !desk.changed.contains(id) && appearances.len() != 1 {
                return Err(format!(
                    "ticket {id} did not change and was seen {} times",
                    appearances.len()
                ));
            }
        }
        Ok(())
    }
}

/// Runs random schedules.
fn run(cases: u32, order: &str) -> Result<(), String> {
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let lab = runtime.block_on(Lab::new());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&schedules(), |schedule| {
        // Only the walk in the default order lists trash and spam.
        let schedule = Schedule {
            everything: schedule.everything && order == "modified_at",
            ..schedule
        };
        runtime
            .block_on(lab.walk(&schedule, order))
            .map_err(TestCaseError::fail)
    });
    outcome.map_err(|error| error.to_string())
}

/// How many schedules are run.
pub(crate) fn cases() -> u32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the long run is asked for by whoever starts the tests"
    )]
    let asked = std::env::var("DESKGATE_LAW_CASES");
    asked.map_or(300, |cases| cases.parse().unwrap())
}

#[test]
fn the_paging_law_holds() {
    run(cases(), "modified_at").unwrap();
}

#[test]
fn page_numbers_break_the_law_so_the_test_can_fail() {
    let broken = run(300, "-modified_at").unwrap_err();
    assert!(
        broken.contains("was seen") || broken.contains("last seen"),
        "{broken}"
    );
}
