//! The paging law for the comments of a ticket: see [`super::law`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deskgate::clock::Clock;
use http::Request;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::sync::Mutex;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::lab::{public, runtime, upstream_comment};
use crate::contract::law::cases;
use crate::desks::{HelpDesk, Setup};
use crate::support::{TestApp, clock};

/// Something that people do with the comments of a ticket.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// A comment is added.
    Add { is_public: bool },
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
        2 => any::<bool>().prop_map(|is_public| Act::Add { is_public }),
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
struct Thread<D> {
    /// The help desk.
    desk: D,
    /// The ticket.
    ticket: String,
    /// What is still to happen.
    acts: VecDeque<(u8, Act)>,
    /// The version of each comment: its text.
    versions: BTreeMap<String, String>,
    /// What has changed since the walk began.
    changed: BTreeSet<String>,
    /// Versions given so far.
    next_version: u64,
    /// Whether acts happen between pages only: several answers of the help desk are no snapshot, and what
    /// changes behind the last request's back is for the next walk.
    between_pages: bool,
}

impl<D: HelpDesk> Thread<D> {
    /// A text that was never given.
    fn version(&mut self) -> String {
        self.next_version += 1;
        format!("version {}.", self.next_version)
    }

    /// Adds a comment.
    async fn add(&mut self, is_public: bool) {
        let text = self.version();
        let id = self.desk.add_comment(&self.ticket, &text, is_public).await;
        self.versions.insert(id.clone(), text);
        self.changed.insert(id);
    }

    /// The comment that an act means.
    fn pick(&self, which: usize) -> Option<String> {
        let count = self.versions.len().max(1);
        self.versions.keys().nth(which % count).cloned()
    }

    /// Lets one call go by: what is due happens.
    async fn tick(&mut self, clock: &Clock) {
        if let Some((wait, _)) = self.acts.front_mut()
            && *wait > 0
        {
            *wait -= 1;
            return;
        }
        while let Some((_, act)) = self.acts.pop_front_if(|(wait, _)| *wait == 0) {
            match act {
                Act::Add { is_public } => self.add(is_public).await,
                Act::Edit(which) => {
                    let Some(id) = self.pick(which) else { continue };
                    let text = self.version();
                    if self.desk.edit_comment(&self.ticket, &id, &text).await {
                        self.versions.insert(id.clone(), text);
                        self.changed.insert(id);
                    }
                }
                Act::Delete(which) => {
                    let Some(id) = self.pick(which) else { continue };
                    if self.desk.delete_comment(&self.ticket, &id).await {
                        self.versions.remove(&id);
                    }
                }
                Act::Wait(milliseconds) => clock.advance(Duration::from_millis(milliseconds)),
            }
        }
    }
}

/// Walks the comments of a schedule; says which part of the law was broken.
async fn walk<D: HelpDesk>(
    app: &TestApp,
    thread: &Mutex<Option<Thread<D>>>,
    schedule: Schedule,
) -> Result<(), String> {
    let (count, page_size, acts) = schedule;
    let setup = Setup {
        tickets: 0,
        seed: 1,
        habit: 0,
    };
    let desk = D::start(setup, app.clock.clone()).await;
    let ticket = desk.create("with comments", 0).await;
    let mut new = Thread {
        desk,
        ticket: ticket.clone(),
        acts: VecDeque::new(),
        versions: BTreeMap::new(),
        changed: BTreeSet::new(),
        next_version: 0,
        between_pages: count > 60,
    };
    for number in 0..count {
        new.add(number % 3 == 0).await;
    }
    new.changed.clear();
    new.acts = acts.into();
    app.clock.advance(Duration::from_secs(3));
    *thread.lock().await = Some(new);

    let base = format!(
        "/tickets/{}/comments?page_size={page_size}",
        public(&ticket)
    );
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut page = String::new();
    for pages in 0.. {
        let list = app.get(&format!("{base}{page}")).await;
        if !list.status.is_success() || pages > 500 {
            return Err(format!("page {pages}: {list}"));
        }
        let objects = list.body["objects"].as_array().unwrap();
        for comment in objects {
            let of_this = seen.entry(upstream_comment(comment)).or_default();
            of_this.push(comment["content"].as_str().unwrap().to_owned());
        }
        let Some(next) = list.body["next_page"].as_str() else {
            break;
        };
        if objects.is_empty() {
            return Err("an empty page has a successor".into());
        }
        page = format!("&page={next}");
        let mut thread = thread.lock().await;
        let thread = thread.as_mut().unwrap();
        if thread.between_pages {
            thread.tick(&app.clock).await;
        }
    }
    let thread = thread.lock().await;
    let thread = thread.as_ref().unwrap();
    for (id, version) in &thread.versions {
        let appearances = seen.get(id).map(Vec::as_slice).unwrap_or_default();
        if !appearances
            .last()
            .is_some_and(|last| last.contains(version))
        {
            return Err(format!(
                "comment {id} is at {version}, and was last seen at {appearances:?}"
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

/// The law holds.
pub(crate) fn the_paging_law_holds_for_comments<D: HelpDesk>() {
    let runtime = runtime();
    let clock = clock();
    let thread: Arc<Mutex<Option<Thread<D>>>> = Arc::default();
    let (shown, current) = (clock.clone(), Arc::clone(&thread));
    let transport = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let (clock, thread) = (shown.clone(), Arc::clone(&current));
        async move {
            clock.advance(Duration::from_millis(70));
            let mut thread = thread.lock().await;
            let thread = thread.as_mut().unwrap();
            if !thread.between_pages && D::is_look(request.uri()) {
                thread.tick(&clock).await;
            }
            thread.desk.transport().oneshot(request).await
        }
    }));
    let app = runtime
        .block_on(TestApp::of::<D>(transport, clock))
        .in_still_time();
    let mut runner = TestRunner::new(Config {
        // Tickets with hundreds of comments are slow to walk.
        cases: cases::<D>(40),
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&schedules(), |schedule| {
        runtime
            .block_on(walk::<D>(&app, &thread, schedule))
            .map_err(TestCaseError::fail)
    });
    outcome.unwrap();
}
