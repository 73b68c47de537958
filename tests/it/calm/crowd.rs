//! Clients that ask one thing after another, come back when they were told to, and keep a diary.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deskgate::simulator::scrambled;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::calm::stage::{Vendor, figure, get, token};
use crate::support::TestApp;
use crate::support::request::Request;

/// How long a call waits for room unless its client says otherwise.
pub(crate) const WAIT: Duration = Duration::from_secs(10);
/// A minute.
pub(crate) const MINUTE: Duration = Duration::from_mins(1);

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Reads a ticket.
    Ticket,
    /// Reads the newest of the tickets.
    List,
    /// Reads a ticket's comments.
    Comments,
    /// Adds a comment.
    Reply,
}

/// A client.
#[derive(Clone)]
pub(crate) struct Client {
    /// By whose name it goes: clients with the same token are one caller.
    pub(crate) token: SecretString,
    /// The ticket that it is about.
    pub(crate) ticket: String,
    /// What it chooses from.
    pub(crate) acts: &'static [Act],
    /// What it asks for beside.
    pub(crate) prefer: Option<&'static str>,
    /// What its choices come from; also keeps its lists apart from others'.
    pub(crate) number: u64,
}

/// What a client has seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diary {
    /// Requests that succeeded.
    pub(crate) done: u32,
    /// What they took of the help desk's rate limit.
    pub(crate) credits: u32,
    /// How long each of them took, from the first try on.
    pub(crate) waits: Vec<Duration>,
    /// The longest time that a request was not answered.
    pub(crate) longest: Duration,
    /// Requests that were refused.
    pub(crate) refused: u32,
    /// Requests that were made when the client was told to.
    pub(crate) returns: u32,
    /// Those of them that were refused again.
    pub(crate) failed_returns: u32,
    /// Answers that are neither a success nor a refusal.
    pub(crate) odd: Vec<String>,
}

impl Client {
    /// A caller of its own, about this ticket.
    pub(crate) fn new(app: &TestApp, ticket: &str, acts: &'static [Act], number: u64) -> Self {
        Self {
            token: token(app, app.account),
            ticket: ticket.to_owned(),
            acts,
            prefer: None,
            number,
        }
    }

    /// So many clients, each a caller of its own with a ticket of its own.
    pub(crate) fn crowd(
        app: &TestApp,
        vendor: &Vendor,
        acts: &'static [Act],
        count: usize,
    ) -> Vec<Self> {
        let tickets = vendor.tickets();
        let numbers = 0..u64::try_from(count).unwrap();
        let clients = tickets.iter().zip(numbers);
        let clients: Vec<_> = clients
            .map(|(ticket, number)| Self::new(app, ticket, acts, number))
            .collect();
        assert_eq!(clients.len(), count);
        clients
    }

    /// A request.
    fn request(&self, app: &TestApp, act: Act) -> Request {
        let Self {
            token,
            ticket,
            prefer,
            number,
            ..
        } = self;
        let request = match act {
            Act::Ticket => get(app, token, ticket),
            Act::List => {
                // Each list is another one, so that it cannot be read along with another.
                let since = 1_000 + number;
                let since = format!("1970-01-01T{:02}:{:02}:00Z", since / 60 % 24, since % 60);
                get(
                    app,
                    token,
                    &format!("/tickets?page_size=2&modified_since={since}"),
                )
            }
            Act::Comments => get(app, token, &format!("{ticket}/comments")),
            Act::Reply => {
                let path = format!("/v1/accounts/me/helpdesk{ticket}/comments");
                app.request(http::Method::POST, &path)
                    .header(
                        "authorization",
                        &format!("Bearer {}", token.expose_secret()),
                    )
                    .json(json!({ "content": "a reply", "public": true }))
            }
        };
        // One in so many is held against the document: it is the dearest part of a request here.
        let request = if number % 8 == 0 {
            request
        } else {
            request.unchecked()
        };
        match prefer {
            Some(prefer) => request.header("prefer", prefer),
            None => request,
        }
    }

    /// Does one thing after another until then, each again and again until it succeeds.
    async fn live(self, app: Arc<TestApp>, end: Instant) -> Diary {
        let mut diary = Diary::default();
        let mut turn = 0;
        while Instant::now() < end {
            let random = scrambled(self.number << 32 | turn);
            turn += 1;
            let choice = usize::try_from(random).unwrap() % self.acts.len();
            self.act(&app, self.acts[choice], end, &mut diary).await;
        }
        diary
    }

    /// Does one thing until it succeeds.
    async fn act(&self, app: &TestApp, act: Act, end: Instant, diary: &mut Diary) {
        let first = Instant::now();
        let mut is_return = false;
        while Instant::now() < end {
            let begun = Instant::now();
            let answer = self.request(app, act).await;
            diary.longest = diary.longest.max(begun.elapsed());
            // 503 where too many calls are under way at once; both tell when to come back.
            let is_refused = matches!(answer.status.as_u16(), 429 | 503);
            diary.returns += u32::from(is_return);
            diary.failed_returns += u32::from(is_return && is_refused);
            let credits = figure(&answer, "x-deskgate-upstream-credits");
            let credits = credits.or_else(|| figure(&answer, "x-deskgate-upstream-calls"));
            diary.credits += credits.unwrap();
            if is_refused {
                diary.refused += 1;
                let after = figure(&answer, "retry-after").unwrap();
                assert!(after >= 1);
                sleep(Duration::from_secs(after.into())).await;
                is_return = true;
                continue;
            }
            if answer.status.is_success() {
                diary.done += 1;
                diary.waits.push(first.elapsed());
            } else {
                diary.odd.push(answer.to_string());
            }
            return;
        }
    }
}

/// What came of a day.
pub(crate) struct Day {
    /// Who saw what.
    pub(crate) diaries: Vec<Diary>,
    /// The part of the busiest window's allowance that was spent once there was demand: from the second minute on.
    pub(crate) used: f64,
    /// Calls that the help desk received.
    pub(crate) calls: usize,
    /// Calls among them that it refused with 429.
    pub(crate) throttled: usize,
}

/// Lets clients loose for so long, and looks at what the help desk had of it. `limit` is what the account may
/// spend in a minute.
pub(crate) async fn day(
    vendor: &Vendor,
    limit: u32,
    minutes: u32,
    clients: Vec<(Arc<TestApp>, Client)>,
) -> Day {
    let (begun, received) = (Instant::now(), vendor.calls().len());
    let end = begun + MINUTE * minutes;
    let mut living = JoinSet::new();
    for (app, client) in clients {
        let number = living.len();
        living.spawn(async move { (number, client.live(app, end).await) });
    }
    sleep(MINUTE).await;
    let after_first = spent(vendor);
    tokio::time::sleep_until(end).await;
    let at_end = spent(vendor);
    let mut diaries = living.join_all().await;
    diaries.sort_by_key(|(number, _)| *number);
    let calls = vendor.calls();
    let calls = &calls[received..];
    Day {
        diaries: diaries.into_iter().map(|(_, diary)| diary).collect(),
        used: f64::from(at_end - after_first) / f64::from(limit * (minutes - 1)),
        calls: calls.len(),
        throttled: calls.iter().filter(|call| call.status == 429).count(),
    }
}

/// What the help desk has let through of its account's allowance.
fn spent(vendor: &Vendor) -> u32 {
    let calls = vendor.calls();
    let passed = calls.iter().filter(|call| call.status != 429);
    passed.map(|call| call.credits).sum()
}

impl Day {
    /// A sum over all diaries.
    pub(crate) fn sum(&self, of: fn(&Diary) -> u32) -> u32 {
        self.diaries.iter().map(of).sum()
    }

    /// The longest time that any request was not answered.
    pub(crate) fn longest(&self) -> Duration {
        let longest = self.diaries.iter().map(|diary| diary.longest);
        longest.max().unwrap_or_default()
    }

    /// What each client took of the rate limit.
    pub(crate) fn credits(&self) -> Vec<u32> {
        self.diaries.iter().map(|diary| diary.credits).collect()
    }

    /// The part of the returns after `Retry-After` that succeeded.
    pub(crate) fn kept_promises(&self) -> f64 {
        let returns = self.sum(|diary| diary.returns);
        let failed = self.sum(|diary| diary.failed_returns);
        1.0 - f64::from(failed) / f64::from(returns.max(1))
    }

    /// Asserts that nothing but successes and refusals was answered.
    #[track_caller]
    pub(crate) fn assert_plain(&self) {
        for diary in &self.diaries {
            assert_eq!(diary.odd, Vec::<String>::new());
        }
    }
}

impl Diary {
    /// How long its requests took, on average, from the first try to the success.
    pub(crate) fn mean_wait(&self) -> Duration {
        let sum: Duration = self.waits.iter().sum();
        sum / u32::try_from(self.waits.len()).unwrap().max(1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credits = self.credits();
        let (sum, least) = (credits.iter().sum::<u32>(), credits.iter().min());
        let fair = f64::from(sum) / f64::from(u32::try_from(credits.len()).unwrap());
        write!(
            f,
            "calls {}, 429s {}, used {:.1} %, fair share {fair:.1}, least {}, longest wait {:.1} s, \
             returns {} of which {:.1} % succeed, done {}",
            self.calls,
            self.throttled,
            self.used * 100.0,
            least.copied().unwrap_or_default(),
            self.longest().as_secs_f64(),
            self.sum(|diary| diary.returns),
            self.kept_promises() * 100.0,
            self.sum(|diary| diary.done),
        )
    }
}
