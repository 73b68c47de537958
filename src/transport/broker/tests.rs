//! The promises of the queue, on a model of a vendor that shares no code with it.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::unchecked_time_subtraction,
    reason = "the numbers of the tests are small"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::sleep;

use super::*;
use crate::transport::budget::{Key, WindowRule};

const MINUTE: Duration = Duration::from_mins(1);
const PATIENCE: Duration = Duration::from_secs(10);

const fn rule(name: &'static str, length: Duration, assumed: u32) -> WindowRule {
    WindowRule {
        name,
        length,
        assumed,
    }
}

static ACCOUNT: WindowRule = rule("account", MINUTE, 50);
static LIST: WindowRule = rule("list", MINUTE, 20);
static CREATE: WindowRule = rule("create", MINUTE, 80);
static UPDATE: WindowRule = rule("update", MINUTE, 80);
static CONTACTS: WindowRule = rule("contacts", MINUTE, 20);
static TICKET: WindowRule = rule("ticket", Duration::from_mins(10), 30);
static INCREMENTAL: WindowRule = rule("incremental", MINUTE, 10);

/// A vendor's true limits, and how it shows them.
#[derive(Clone, Default)]
struct Plan {
    name: &'static str,
    account: u32,
    list: Option<u32>,
    create: Option<u32>,
    update: Option<u32>,
    contacts: Option<u32>,
    ticket: Option<u32>,
    incremental: Option<u32>,
    tells_all: bool,
    tells_reset: bool,
    is_sliding: bool,
}

impl Plan {
    fn freshdesk(name: &'static str, account: u32, subs: Option<[u32; 4]>) -> Self {
        Self {
            name,
            account,
            create: subs.map(|subs| subs[0]),
            update: subs.map(|subs| subs[1]),
            list: subs.map(|subs| subs[2]),
            contacts: subs.map(|subs| subs[3]),
            ..Self::default()
        }
    }

    fn zendesk(name: &'static str, account: u32) -> Self {
        Self {
            name,
            account,
            list: Some(100),
            update: Some(100),
            ticket: Some(30),
            incremental: Some(10),
            tells_all: true,
            tells_reset: true,
            ..Self::default()
        }
    }

    fn limit(&self, rule: &WindowRule) -> Option<u32> {
        match rule.name {
            "account" => Some(self.account),
            "list" => self.list,
            "create" => self.create,
            "update" => self.update,
            "contacts" => self.contacts,
            "ticket" => self.ticket,
            "incremental" => self.incremental,
            name => panic!("{name}"),
        }
    }

    /// What an operation charges: those windows that the plan has.
    fn charges(&self, operation: &str, random: &mut Random) -> Vec<Charge> {
        let (rules, cost): (&[&'static WindowRule], u32) = match operation {
            "list" => (&[&ACCOUNT, &LIST], 5),
            "get" => (&[&ACCOUNT], 2),
            "create" => (&[&ACCOUNT, &CREATE], 1),
            "update" => (&[&ACCOUNT, &UPDATE, &TICKET], 1),
            "contacts" => (&[&ACCOUNT, &CONTACTS], 1),
            "incremental" => (&[&ACCOUNT, &INCREMENTAL], 1),
            name => panic!("{name}"),
        };
        let ticket = random.below(40).to_string();
        let rules = rules.iter().filter(|rule| self.limit(rule).is_some());
        rules
            .map(|rule| Charge {
                rule,
                of: (rule.name == "ticket").then(|| ticket.clone()),
                cost,
            })
            .collect()
    }
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// The calls that the vendor counted in one window.
type Counted = Vec<(Instant, u32)>;

/// The vendor's side, written without a look at `Budget`.
struct Vendor {
    plan: Plan,
    random: Random,
    start: Instant,
    phases: HashMap<Key, Duration>,
    counted: HashMap<Key, Counted>,
    throttled: Vec<Instant>,
    asked: Vec<Instant>,
}

impl Vendor {
    fn new(plan: &Plan, seed: u64) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            plan: plan.clone(),
            random: Random(seed),
            start: Instant::now(),
            phases: HashMap::new(),
            counted: HashMap::new(),
            throttled: Vec::new(),
            asked: Vec::new(),
        }))
    }

    /// Credits used in the window now, and the time until the oldest or all of them are free.
    fn used(&mut self, charge: &Charge, now: Instant) -> (u32, Duration) {
        let length = charge.rule.length;
        let key = (charge.rule.name, charge.of.clone());
        let random = &mut self.random;
        let phase = *self
            .phases
            .entry(key.clone())
            .or_insert_with(|| random.millis(0, 60_000));
        let age = now - self.start + phase;
        let into = Duration::from_nanos((age.as_nanos() % length.as_nanos()) as u64);
        let log = self.counted.entry(key).or_default();
        let in_window = |at: Instant| {
            if self.plan.is_sliding {
                now - at < length
            } else {
                now - at <= into
            }
        };
        let recent = log.iter().rev().take_while(|(at, _)| in_window(*at));
        (recent.map(|(_, cost)| cost).sum(), length - into)
    }

    /// Counts a call; told windows, or when to come back.
    fn count(&mut self, charges: &[Charge]) -> Result<Vec<Told>, Duration> {
        let now = Instant::now();
        self.asked.push(now);
        for charge in charges {
            let limit = self.plan.limit(charge.rule).unwrap();
            let (used, reset) = self.used(charge, now);
            if used + charge.cost > limit {
                self.throttled.push(now);
                return Err(Duration::from_secs(reset.as_secs() + 1));
            }
        }
        for charge in charges {
            let key = (charge.rule.name, charge.of.clone());
            let log = self.counted.entry(key).or_default();
            log.push((now, charge.cost));
        }
        let told = if self.plan.tells_all {
            charges
        } else {
            &charges[charges.len() - 1..]
        };
        let told = told.iter().map(|charge| {
            let limit = self.plan.limit(charge.rule).unwrap();
            let (used, reset) = self.used(charge, now);
            Told {
                rule: charge.rule,
                of: charge.of.clone(),
                or: None,
                limit: Some(limit),
                remaining: Some(limit - used),
                reset: self
                    .plan
                    .tells_reset
                    .then(|| Duration::from_secs(reset.as_secs())),
            }
        });
        Ok(told.collect())
    }

    /// Part of a window's allowance that was used from the second minute on.
    fn use_of(&self, rule: &WindowRule, minutes: u32) -> f64 {
        let Some(limit) = self.plan.limit(rule) else {
            return 0.0;
        };
        let from = self.start + MINUTE;
        let to = self.start + MINUTE * minutes;
        let logs = self
            .counted
            .iter()
            .filter(|((name, _), _)| *name == rule.name);
        let spent: u32 = logs
            .flat_map(|(_, log)| log)
            .filter(|(at, _)| (from..to).contains(at))
            .map(|(_, cost)| cost)
            .sum();
        f64::from(spent) / f64::from(limit * (minutes - 1))
    }
}

async fn send(vendor: &RefCell<Vendor>, charges: &[Charge]) -> Result<Vec<Told>, Duration> {
    let (there, back) = {
        let random = &mut vendor.borrow_mut().random;
        (random.millis(20, 400), random.millis(20, 400))
    };
    sleep(there).await;
    let answer = vendor.borrow_mut().count(charges);
    sleep(back).await;
    answer
}

fn settle(admission: Admission, answer: Result<Vec<Told>, Duration>) {
    match answer {
        Ok(told) => admission.answered(&told, None),
        Err(retry_after) => admission.throttled(Some(retry_after)),
    }
}

fn broker() -> Arc<Broker> {
    let bounds = Bounds {
        in_flight: 64,
        waiting: 1_000,
    };
    Broker::new(bounds, TaskTracker::new())
}

/// What a caller has had.
#[derive(Debug, Default, Clone)]
struct Had {
    credits: HashMap<&'static str, u32>,
    waits: Vec<Duration>,
    returns: u32,
    failed_returns: u32,
    longest_wait: Duration,
    further_refused: u32,
}

type Diary = Rc<RefCell<Had>>;

/// Asks for one call until it is let through, obeying each refusal, and sends it.
async fn call(
    broker: &Arc<Broker>,
    vendor: &RefCell<Vendor>,
    (caller, class): (&Arc<str>, Class),
    (charges, place): (Vec<Charge>, Place),
    diary: &Diary,
) {
    let mut is_return = false;
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        let ask = Ask {
            caller: Arc::clone(caller),
            class,
            charges: charges.clone(),
            until: asked + PATIENCE,
            place,
        };
        let result = broker.admit(ask).await;
        {
            let mut had = diary.borrow_mut();
            had.longest_wait = had.longest_wait.max(asked.elapsed());
            had.returns += u32::from(is_return);
            had.failed_returns += u32::from(is_return && result.is_err());
        }
        match result {
            Ok(admission) => {
                diary.borrow_mut().waits.push(began.elapsed());
                let answer = send(vendor, &charges).await;
                if answer.is_ok() {
                    let mut had = diary.borrow_mut();
                    for charge in &charges {
                        *had.credits.entry(charge.rule.name).or_default() += charge.cost;
                    }
                }
                settle(admission, answer);
                return;
            }
            Err(refused) => {
                if place == Place::Further {
                    diary.borrow_mut().further_refused += 1;
                    return;
                }
                is_return = true;
                sleep(Duration::from_secs(
                    refused.retry_after.as_millis().div_ceil(1_000) as u64,
                ))
                .await;
            }
        }
    }
}

/// Does one operation after another.
fn client(
    broker: &Arc<Broker>,
    vendor: &Rc<RefCell<Vendor>>,
    (caller, class): (Arc<str>, Class),
    operations: &'static [&'static str],
    (seed, diary): (u64, Diary),
) -> JoinHandle<()> {
    let (broker, vendor) = (Arc::clone(broker), Rc::clone(vendor));
    spawn_local(async move {
        let mut random = Random(seed);
        let plan = vendor.borrow().plan.clone();
        loop {
            let operation = operations[random.below(operations.len() as u64) as usize];
            let charges = plan.charges(operation, &mut random);
            let who = (&caller, class);
            call(&broker, &vendor, who, (charges, Place::First), &diary).await;
            if operation == "update" {
                let charges = plan.charges("get", &mut random);
                call(&broker, &vendor, who, (charges, Place::Further), &diary).await;
            }
        }
    })
}

const MIXED: &[&str] = &["list", "get", "get", "create", "update", "contacts"];
const ZENDESK_MIXED: &[&str] = &["list", "get", "get", "create", "update", "incremental"];

/// What came of a run.
struct Outcome {
    vendor: Rc<RefCell<Vendor>>,
    diaries: Vec<Diary>,
}

impl Outcome {
    fn sum(&self, of: fn(&Had) -> u32) -> u32 {
        self.diaries.iter().map(|diary| of(&diary.borrow())).sum()
    }

    fn credits(&self, window: &str) -> Vec<u32> {
        let diaries = self.diaries.iter();
        diaries
            .map(|diary| diary.borrow().credits.get(window).copied().unwrap_or(0))
            .collect()
    }

    fn mean_wait(&self, index: usize) -> f64 {
        let had = self.diaries[index].borrow();
        let sum: Duration = had.waits.iter().sum();
        sum.as_secs_f64() / had.waits.len() as f64
    }
}

/// Lets callers loose on a vendor; each with its class and how many requests it has at once.
async fn day(
    plan: &Plan,
    minutes: u32,
    operations: &'static [&'static str],
    callers: &[(Class, u64)],
) -> Outcome {
    let broker = broker();
    let vendor = Vendor::new(plan, 7);
    let mut diaries = Vec::new();
    let mut clients = Vec::new();
    for (index, (class, requests)) in callers.iter().enumerate() {
        let diary = Diary::default();
        diaries.push(Rc::clone(&diary));
        for request in 0..*requests {
            let who = (format!("caller-{index}").into(), *class);
            let seed = index as u64 * 1_000 + request;
            let diary = (seed, Rc::clone(&diary));
            clients.push(client(&broker, &vendor, who, operations, diary));
        }
    }
    sleep(MINUTE * minutes).await;
    for client in &clients {
        client.abort();
    }
    for client in clients {
        assert!(client.await.unwrap_err().is_cancelled());
    }
    Outcome { vendor, diaries }
}

fn run<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async { test().await });
}

fn plans() -> Vec<Plan> {
    vec![
        Plan::freshdesk("trial", 50, None),
        Plan::freshdesk("growth", 200, Some([80, 80, 20, 20])),
        Plan::freshdesk("pro", 400, Some([160, 160, 100, 100])),
        Plan::freshdesk("enterprise", 700, Some([280, 280, 200, 200])),
        Plan::zendesk("team", 200),
        Plan::zendesk("growth", 400),
        Plan::zendesk("enterprise", 700),
    ]
}

/// A run of each plan, by fixed and by sliding windows.
fn each_plan(check: impl Fn(&Plan, &Outcome)) {
    for is_sliding in [false, true] {
        for plan in plans() {
            let plan = Plan { is_sliding, ..plan };
            let operations = if plan.incremental.is_some() {
                ZENDESK_MIXED
            } else {
                MIXED
            };
            run(|| async {
                let outcome = day(&plan, 10, operations, &[(Class::Interactive, 1); 50]).await;
                check(&plan, &outcome);
            });
        }
    }
}

#[test]
fn nobody_is_told_to_slow_down_while_alone() {
    let all = std::cell::Cell::new((0, 0));
    each_plan(|plan, outcome| {
        let vendor = outcome.vendor.borrow();
        assert_eq!(vendor.throttled.len(), 0, "{}", plan.name);

        let rules = [&ACCOUNT, &LIST, &CREATE, &UPDATE, &CONTACTS, &INCREMENTAL];
        let uses = rules.map(|rule| vendor.use_of(rule, 10));
        let most = uses.into_iter().max_by(f64::total_cmp).unwrap();
        assert!(most >= 0.95, "{}: {uses:?}", plan.name);

        for diary in &outcome.diaries {
            assert!(diary.borrow().longest_wait <= PATIENCE);
        }
        let (returns, failed) = (
            outcome.sum(|had| had.returns),
            outcome.sum(|had| had.failed_returns),
        );
        assert!(
            failed * 15 <= returns + 15,
            "{}: {failed} of {returns}",
            plan.name
        );
        all.set((all.get().0 + returns, all.get().1 + failed));
    });
    let (returns, failed) = all.get();
    assert!(failed * 20 <= returns, "{failed} of {returns}");
}

#[test]
fn callers_with_the_same_demand_get_the_same() {
    run(|| async {
        let plan = Plan::freshdesk("trial", 50, None);

        let outcome = day(&plan, 60, MIXED, &[(Class::Interactive, 1); 50]).await;

        let credits = outcome.credits("account");
        let fair = f64::from(credits.iter().sum::<u32>()) / 50.0;
        let least = f64::from(*credits.iter().min().unwrap());
        // The last operation may not have been paid yet.
        assert!(least + 5.0 >= 0.8 * fair, "{credits:?}");
    });
}

#[test]
fn a_hundred_times_the_demand_takes_nothing_from_others() {
    run(|| async {
        let plan = Plan::freshdesk("growth", 200, None);
        let callers = [1, 10, 100].map(|requests| (Class::Interactive, requests));

        let outcome = day(&plan, 20, &["get", "create"], &callers).await;

        let credits = outcome.credits("account");
        let spare = (4_000 - credits[0].min(1_333)) / 2;
        for had in &credits[1..] {
            // The second can only ask again when it was answered, so its demand is met in bursts.
            assert!(f64::from(*had) >= 0.65 * f64::from(spare), "{credits:?}");
        }
        assert!(outcome.mean_wait(0) < outcome.mean_wait(1));
    });
}

#[test]
fn an_interactive_call_waits_less_than_a_batch_one() {
    run(|| async {
        let plan = Plan::freshdesk("growth", 200, None);
        let callers = [(Class::Interactive, 20), (Class::Batch, 20)];

        let outcome = day(&plan, 10, &["get", "create"], &callers).await;

        let waits = [0, 1].map(|index| outcome.mean_wait(index));
        assert!(waits[0] < waits[1], "{waits:?}");
    });
}

/// Spends on the same account without asking us.
fn foreign_client(vendor: &Rc<RefCell<Vendor>>, part: u64) -> JoinHandle<()> {
    let vendor = Rc::clone(vendor);
    spawn_local(async move {
        let mut random = Random(99);
        let limit = u64::from(vendor.borrow().plan.account);
        loop {
            // Up to so many parts of a hundred, evenly with noise.
            let between = 60_000 * 100 / (limit * part);
            sleep(random.millis(0, between * 2)).await;
            let charge = Charge {
                rule: &ACCOUNT,
                of: None,
                cost: 1,
            };
            let throttled = vendor.borrow().throttled.len();
            drop(vendor.borrow_mut().count(&[charge]));
            // Its own troubles are not ours.
            vendor.borrow_mut().throttled.truncate(throttled);
            vendor.borrow_mut().asked.pop();
        }
    })
}

async fn shared_day(plan: &Plan, part: u64, brokers: usize) -> (Rc<RefCell<Vendor>>, f64) {
    let vendor = Vendor::new(plan, 7);
    let mut tasks = Vec::new();
    if part > 0 {
        tasks.push(foreign_client(&vendor, part));
    }
    let diary = Diary::default();
    for broker_index in 0..brokers {
        let broker = broker();
        for index in 0..20 {
            let who = (format!("caller-{index}").into(), Class::Interactive);
            let seed = (broker_index * 100 + index) as u64;
            let diary = (seed, Rc::clone(&diary));
            tasks.push(client(&broker, &vendor, who, MIXED, diary));
        }
    }
    sleep(MINUTE * 10).await;
    tasks.iter().for_each(JoinHandle::abort);
    let used = vendor.borrow().use_of(&ACCOUNT, 10);
    (vendor, used)
}

#[test]
fn others_on_the_account_cost_at_most_one_refusal_a_window() {
    for plan in [
        Plan::freshdesk("trial", 50, None),
        Plan::freshdesk("growth", 200, None),
        Plan::zendesk("team", 200),
    ] {
        run(|| async {
            let (vendor, used) = shared_day(&plan, 50, 1).await;

            let vendor = vendor.borrow();
            // Fewer than one a window, the first burst before anything was told aside.
            assert!(vendor.throttled.len() <= 10, "{:?}", vendor.throttled);
            assert!(used >= 0.9, "{used}");
        });
    }
}

#[test]
fn three_replicas_stay_inside_together() {
    for plan in plans() {
        run(|| async {
            let (vendor, used) = shared_day(&plan, 0, 3).await;

            let vendor = vendor.borrow();
            // The margin: without a word between the replicas, 5 calls of 100 at most.
            let (throttled, asked) = (vendor.throttled.len(), vendor.asked.len());
            assert!(throttled * 20 <= asked, "{throttled} of {asked}, {used}");
        });
    }
}

fn ask(charges: Vec<Charge>, wait: Duration) -> Ask {
    Ask {
        caller: "caller".into(),
        class: Class::Interactive,
        charges,
        until: Instant::now() + wait,
        place: Place::First,
    }
}

fn charge(cost: u32) -> Vec<Charge> {
    vec![Charge {
        rule: &ACCOUNT,
        of: None,
        cost,
    }]
}

#[test]
fn nobody_who_leaves_leaves_something_behind() {
    run(|| async {
        let broker = broker();
        let first = broker.admit(ask(charge(1), MINUTE)).await.unwrap();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let broker = Arc::clone(&broker);
                spawn_local(async move { broker.admit(ask(charge(1), MINUTE)).await })
            })
            .collect();
        sleep(Duration::from_millis(500)).await;
        assert_eq!(broker.standing().interactive, 20);

        for task in &tasks {
            task.abort();
        }
        first.answered(&[], None);
        for task in tasks {
            drop(task.await);
        }

        let standing = broker.standing();
        assert_eq!((standing.interactive, standing.in_flight), (0, 0));
        assert_eq!(standing.windows[0].remaining, 49);
    });
}

#[test]
fn a_429_stops_everything_and_then_one_call_goes_first() {
    run(|| async {
        let broker = broker();
        let first = broker.admit(ask(charge(1), MINUTE)).await.unwrap();
        let pause = Duration::from_secs(30);
        first.throttled(Some(pause));
        let begin = Instant::now();
        let waiting = |()| broker.admit(ask(charge(1), MINUTE));

        let probe = waiting(()).await.unwrap();
        let second = timeout_at(Instant::now() + GLANCE, waiting(())).await;

        assert!(begin.elapsed() >= pause);
        assert!(second.is_err());
        probe.answered(&[], None);
        waiting(()).await.unwrap().answered(&[], None);
    });
}

#[test]
fn nobody_waits_for_a_pause_that_outlasts_their_patience() {
    run(|| async {
        let broker = broker();
        let first = broker.admit(ask(charge(1), PATIENCE)).await.unwrap();
        first.throttled(Some(PATIENCE * 3));
        let begun = Instant::now();
        for place in [Place::First, Place::Further] {
            let ask = Ask {
                place,
                ..ask(charge(1), PATIENCE)
            };
            let refused = broker.admit(ask).await.unwrap_err();
            assert!(refused.retry_after >= PATIENCE * 2, "{place:?}");
            assert_eq!(begun.elapsed(), Duration::ZERO, "{place:?}");
        }
    });
}

#[test]
fn a_vendor_without_limits_is_not_waited_for() {
    run(|| async {
        let broker = broker();
        let mut admissions = Vec::new();
        for _ in 0..64 {
            admissions.push(broker.admit(ask(Vec::new(), Duration::ZERO)).await.unwrap());
        }

        let refused = broker.admit(ask(Vec::new(), GLANCE)).await;

        assert!(refused.is_err());
        drop(admissions);
        assert_eq!(broker.standing().in_flight, 0);
    });
}
