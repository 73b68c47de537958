//! The paging law for the comments of a ticket: see [`super::law`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use deskgate::clock::Clock;
use deskgate::model::id::{CommentId, TicketId};
use deskgate::providers::freshdesk::sim::{Options, Plan, Simulator, Switches};
use http::Request;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::law::cases;
use crate::support::upstream::in_process;
use crate::support::{TestApp, UPSTREAM_KEY, clock};

/// Something that people do with the comments of a ticket.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// A note is added.
    Add,
    /// A comment is edited.
    Edit(usize),
    /// A comment is deleted.
    Delete(usize),
    /// Time passes.
    Wait(u64),
}

/// How many comments there are, how they are walked, and what happens after how many upstream calls.
type Schedule = (usize, u16, Vec<(u8, Act)>);

/// Random schedules; some with more comments than one page of Freshdesk's has.
fn schedules() -> impl Strategy<Value = Schedule> {
    let act = prop_oneof![
        2 => Just(Act::Add),
        3 => (0..240_usize).prop_map(Act::Edit),
        3 => (0..240_usize).prop_map(Act::Delete),
        2 => (50..2500_u64).prop_map(Act::Wait),
    ];
    let count = prop_oneof![3 => 0..30_usize, 1 => 90..240_usize];
    let page_size = prop_oneof![Just(3_u16), Just(10), Just(40), Just(100)];
    (
        count,
        page_size,
        prop::collection::vec((0..4_u8, act), 0..20),
    )
}

/// The ticket of one schedule, and what is known of its comments.
struct Thread {
    /// The help desk.
    simulator: Simulator,
    /// The ticket.
    ticket: u64,
    /// What is still to happen.
    acts: VecDeque<(u8, Act)>,
    /// The version of each comment: its body.
    versions: BTreeMap<u64, u64>,
    /// What has changed since the walk began.
    changed: BTreeSet<u64>,
    /// Versions given so far.
    next_version: u64,
    /// Whether acts happen between pages only: several answers of the help desk are no snapshot, and what
    /// changes behind the last request's back is for the next walk.
    between_pages: bool,
}

impl Thread {
    /// Adds a comment.
    fn add(&mut self) {
        self.next_version += 1;
        let body = self.next_version.to_string();
        let id = self.simulator.change(|world| {
            let me = world.me;
            world.add_note(self.ticket, me, &body, true)
        });
        self.versions.insert(id, self.next_version);
        self.changed.insert(id);
    }

    /// The comment that an act means.
    fn pick(&self, which: usize) -> Option<u64> {
        self.versions
            .keys()
            .nth(which % self.versions.len().max(1))
            .copied()
    }

    /// Lets one call go by: what is due happens.
    fn tick(&mut self, clock: &Clock) {
        if let Some((wait, _)) = self.acts.front_mut()
            && *wait > 0
        {
            *wait -= 1;
            return;
        }
        while let Some((_, act)) = self.acts.pop_front_if(|(wait, _)| *wait == 0) {
            match act {
                Act::Add => self.add(),
                Act::Edit(which) => {
                    let Some(id) = self.pick(which) else { continue };
                    self.next_version += 1;
                    let body = self.next_version.to_string();
                    self.simulator.change(|world| {
                        world.edit_conversation(id, |conversation| conversation.body = body)
                    });
                    self.versions.insert(id, self.next_version);
                    self.changed.insert(id);
                }
                Act::Delete(which) => {
                    let Some(id) = self.pick(which) else { continue };
                    self.simulator.change(|world| world.delete_conversation(id));
                    self.versions.remove(&id);
                }
                Act::Wait(milliseconds) => clock.advance(Duration::from_millis(milliseconds)),
            }
        }
    }
}

/// Walks the comments of a schedule; says which part of the law was broken.
async fn walk(
    app: &TestApp,
    clock: &Clock,
    thread: &Mutex<Option<Thread>>,
    schedule: Schedule,
) -> Result<(), String> {
    let (count, page_size, acts) = schedule;
    let shown = clock.clone();
    let options = Options {
        api_key: UPSTREAM_KEY.into(),
        tickets: 1,
        seed: 1,
        plan: Plan::Unlimited,
        latency: Duration::ZERO,
        switches: Switches::default(),
    };
    let simulator = Simulator::new(options, Arc::new(move || shown.now()));
    let ticket = simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        let ticket = world.blank_ticket(requester);
        let id = ticket.id;
        world.insert_ticket(ticket);
        id
    });
    let mut new = Thread {
        simulator,
        ticket,
        acts: VecDeque::new(),
        versions: BTreeMap::new(),
        changed: BTreeSet::new(),
        next_version: 0,
        between_pages: count > 60,
    };
    (0..count).for_each(|_| new.add());
    new.changed.clear();
    new.acts = acts.into();
    clock.advance(Duration::from_secs(3));
    *thread.lock().unwrap() = Some(new);

    let base = format!(
        "/tickets/{}/comments?page_size={page_size}",
        TicketId::from_upstream(ticket.to_string())
    );
    let mut seen: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut page = String::new();
    for pages in 0.. {
        let list = app.get(&format!("{base}{page}")).await;
        if !list.status.is_success() || pages > 500 {
            return Err(format!("page {pages}: {list}"));
        }
        let objects = list.body["objects"].as_array().unwrap();
        for comment in objects {
            let id: CommentId = comment["id"].as_str().unwrap().parse().unwrap();
            let content = comment["content"]
                .as_str()
                .unwrap()
                .replace("<div>", "")
                .replace("</div>", "");
            seen.entry(id.upstream().parse().unwrap())
                .or_default()
                .push(content);
        }
        let Some(next) = list.body["next_page"].as_str() else {
            break;
        };
        if objects.is_empty() {
            return Err("an empty page has a successor".into());
        }
        page = format!("&page={next}");
        let mut thread = thread.lock().unwrap();
        let thread = thread.as_mut().unwrap();
        if thread.between_pages {
            thread.tick(clock);
        }
    }
    let thread = thread.lock().unwrap();
    let thread = thread.as_ref().unwrap();
    for (id, version) in &thread.versions {
        let appearances = seen.get(id).map(Vec::as_slice).unwrap_or_default();
        if appearances.last() != Some(&version.to_string()) {
            return Err(format!(
                "comment {id} is at version {version}, and was last seen at {appearances:?}"
            ));
        }
        if !thread.changed.contains(id) && appearances.len() != 1 {
            return Err(format!(
                "comment {id} did not change and was seen {} times",
                appearances.len()
            ));
        }
    }
    Ok(())
}

#[test]
fn the_paging_law_holds_for_comments() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let clock = clock();
    let thread: Arc<Mutex<Option<Thread>>> = Arc::default();
    let (shown, current) = (clock.clone(), Arc::clone(&thread));
    let transport = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        shown.advance(Duration::from_millis(70));
        let mut thread = current.lock().unwrap();
        let thread = thread.as_mut().unwrap();
        if !thread.between_pages {
            thread.tick(&shown);
        }
        in_process(thread.simulator.router()).oneshot(request)
    }));
    let app = runtime
        .block_on(TestApp::at(transport, clock.clone()))
        .in_still_time();
    let mut runner = TestRunner::new(Config {
        // Tickets with hundreds of comments are slow to walk.
        cases: cases() / 8,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&schedules(), |schedule| {
        runtime
            .block_on(walk(&app, &clock, &thread, schedule))
            .map_err(TestCaseError::fail)
    });
    outcome.unwrap();
}
