//! Replicas are replaced one after another under a stream of requests, and nobody notices.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use deskgate::simulator::locked;
use futures_util::future::join_all;
use http::header::CONNECTION;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::asked;
use super::front::{self, Proxy, RoundRobin};
use super::program::{MASTER_KEY, Replica, Site};
use super::upstream::{Memory, Upstreams};
use crate::chaos::inside::Inside as _;
use crate::chaos::port::Port;
use crate::support::postgres::Schema;

/// Requests unless more are asked for.
const FEW: u64 = 300;
/// Of so many requests each replica is replaced once.
const PER_ROUND: u64 = 1000;
/// Clients at once.
const CLIENTS: usize = 8;
/// How long a client thinks between two requests.
const PAUSE: Duration = Duration::from_millis(5);
/// How long after a replica is ready the next one goes: a proxy has to notice.
const NOTICED: Duration = Duration::from_secs(1);
/// What the replicas are told.
const SETTINGS: [(&str, &str); 1] = [("DESKGATE_DRAIN_DELAY", "1")];

/// Replicas on one database.
struct Stage {
    /// The help desk.
    upstreams: Upstreams,
    /// The database.
    site: Site,
    /// Where they listen, running or not.
    ports: Vec<Port>,
    /// They.
    replicas: Vec<Replica>,
}

impl Stage {
    /// Sets it with two.
    async fn set() -> Self {
        Self::with(2, None).await
    }

    /// Sets it with so many, on this schema of a server if there is one.
    async fn with(replicas: usize, schema: Option<Schema>) -> Self {
        let upstreams = Upstreams::start(1, Memory::None).await;
        let site = Site::on(schema, &upstreams.addresses);
        let ports: Vec<_> = (0..replicas).map(|_| Port::pick()).collect();
        let mut replicas = Vec::new();
        for port in &ports {
            replicas.push(site.start(port, &SETTINGS, None).await);
        }
        Self {
            upstreams,
            site,
            ports,
            replicas,
        }
    }

    /// Where the replicas listen.
    fn addresses(&self) -> Vec<SocketAddr> {
        self.ports.iter().map(|port| port.address).collect()
    }

    /// Sends through a proxy while the replicas are replaced again and again; nothing may fail.
    async fn roll(self, name: &str, proxy: SocketAddr) {
        let rounds = requests().div_ceil(PER_ROUND);
        let steps = async |stage: &mut Self| {
            for _ in 0..rounds {
                stage.replace_all().await;
            }
        };
        self.under_load(name, proxy, steps).await;
    }

    /// Replaces one after another.
    async fn replace_all(&mut self) {
        for place in 0..self.ports.len() {
            self.replace(place).await;
        }
    }

    /// Sends through a proxy while something is done; nothing may fail.
    async fn under_load(
        mut self,
        name: &str,
        proxy: SocketAddr,
        steps: impl AsyncFnOnce(&mut Self),
    ) {
        let base = {
            let account = &self.site.accounts[0].0;
            format!("http://{proxy}/v1/accounts/{account}/helpdesk")
        };
        let token = self.site.accounts[0].1.clone();
        let crowd = Crowd {
            base,
            token,
            tickets: self.upstreams.tickets.clone(),
            sent: AtomicUsize::new(0),
            comments: AtomicUsize::new(0),
            failures: Mutex::default(),
            is_over: AtomicBool::new(false),
        };
        let clients = join_all((0..CLIENTS).map(|_| crowd.client()));
        let replacing = async {
            let begun = Instant::now();
            steps(&mut self).await;
            let wanted = usize::try_from(requests()).unwrap();
            while crowd.sent.load(Ordering::Relaxed) < wanted {
                sleep(PAUSE).await;
            }
            crowd.is_over.store(true, Ordering::Relaxed);
            begun.elapsed()
        };
        let (_, took) = tokio::join!(clients, replacing);

        let comments = self.upstreams.desk.written_tickets();
        let written = comments
            .iter()
            .flat_map(|ticket| self.upstreams.desk.written_comments(&ticket.id))
            .filter(|comment| comment.text.contains("rolling-"));
        let (written, made) = (written.count(), crowd.comments.into_inner());
        let failures = crowd.failures.into_inner().unwrap();
        eprintln!(
            "{name}: {} requests, {made} of them comments, in {took:.1?}, {} failures",
            crowd.sent.into_inner(),
            failures.len()
        );
        assert_eq!(failures, Vec::<String>::new());
        assert_eq!(written, made);
    }

    /// Replaces a replica. It says that it goes before it does, and ends well.
    async fn replace(&mut self, place: usize) {
        let http = front::client();
        let address = self.ports[place].address;
        let (account, token) = &self.site.accounts[0];
        let readyz = async || http.get(format!("http://{address}/readyz")).send().await;
        let id = &self.upstreams.tickets[0];
        let one = format!("http://{address}/v1/accounts/{account}/helpdesk/tickets/{id}");
        let old = self.replicas.remove(place);
        assert_eq!(readyz().await.unwrap().status(), 200);

        old.terminate();

        while readyz().await.unwrap().status() != 503 {
            sleep(Duration::from_millis(1)).await;
        }
        let answer = http.get(&one).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[CONNECTION], "close");
        drop(answer);
        assert_eq!(old.ended().await.code(), Some(0));
        let new = self.site.start(&self.ports[place], &SETTINGS, None).await;
        self.replicas.insert(place, new);
        while !readyz().await.is_ok_and(|answer| answer.status() == 200) {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(NOTICED).await;
    }
}

/// How many requests are sent at least.
fn requests() -> u64 {
    asked("DESKGATE_ROLLING_REQUESTS").unwrap_or(FEW)
}

/// Clients, and what they have seen.
struct Crowd {
    /// The address below which the account's help desk is.
    base: String,
    /// A token for it.
    token: String,
    /// Its tickets.
    tickets: Vec<String>,
    /// Requests that are answered.
    sent: AtomicUsize,
    /// Comments that were made.
    comments: AtomicUsize,
    /// What failed.
    failures: Mutex<Vec<String>>,
    /// Whether it is enough.
    is_over: AtomicBool,
}

impl Crowd {
    /// Reads, lists and replies in turn until it is enough. Nothing is sent twice.
    async fn client(&self) {
        let http = front::client();
        while !self.is_over.load(Ordering::Relaxed) {
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            let ticket = &self.tickets[number % self.tickets.len()];
            let request = match number % 3 {
                0 => http.get(format!("{}/tickets/{ticket}", self.base)),
                1 => http.get(format!("{}/tickets?page_size=5", self.base)),
                _ => http
                    .post(format!("{}/tickets/{ticket}/comments", self.base))
                    .header("idempotency-key", format!("rolling-{number}"))
                    .header("content-type", "application/json")
                    .body(
                        json!({"content": format!("rolling-{number}"), "public": false})
                            .to_string(),
                    ),
            };
            match request.bearer_auth(&self.token).send().await {
                Ok(answer) if answer.status().is_success() => {
                    if answer.status() == 201 {
                        self.comments.fetch_add(1, Ordering::Relaxed);
                    }
                    if let Err(error) = answer.bytes().await {
                        self.fail(number, &format!("{error:?}"));
                    }
                }
                Ok(answer) => {
                    let status = answer.status();
                    let text = answer.text().await.unwrap_or_default();
                    self.fail(number, &format!("{status} {text}"));
                }
                Err(error) => self.fail(number, &format!("{error:?}")),
            }
            sleep(PAUSE).await;
        }
    }

    /// Notes a failure.
    fn fail(&self, number: usize, what: &str) {
        let kind = ["read", "list", "reply"][number % 3];
        locked(&self.failures).push(format!("{kind}: {what}"));
    }
}

#[tokio::test]
async fn nobody_notices_that_replicas_are_replaced() {
    let stage = Stage::set().await;
    let front = RoundRobin::start(&stage.addresses());

    stage.roll("round robin", front.address).await;
}

#[tokio::test]
async fn nobody_behind_nginx_notices_that_replicas_are_replaced() {
    let stage = Stage::set().await;
    match Proxy::nginx(&stage.addresses()).await {
        Some(nginx) => stage.roll("nginx", nginx.address).await,
        None => eprintln!("skipped: nginx is not installed"),
    }
}

#[tokio::test]
async fn nobody_behind_haproxy_notices_that_replicas_are_replaced() {
    let stage = Stage::set().await;
    match Proxy::haproxy(&stage.addresses()).await {
        Some(haproxy) => stage.roll("haproxy", haproxy.address).await,
        None => eprintln!("skipped: HAProxy is not installed"),
    }
}

#[tokio::test]
async fn nobody_notices_that_three_replicas_on_postgresql_are_replaced() {
    let Some(schema) = Schema::create().await else {
        eprintln!("skipped: DESKGATE_TEST_POSTGRES_URL is not set");
        return;
    };
    let stage = Stage::with(3, Some(schema)).await;
    let front = RoundRobin::start(&stage.addresses());

    stage.roll("three on postgresql", front.address).await;
}

/// The steps that `deskgate keys rotate --help` tells, on PostgreSQL where there is one.
#[tokio::test]
async fn nobody_notices_that_all_keys_are_replaced() {
    const NEW_KEY: &str = "bmV3LW1hc3Rlci1rZXktb2YtMzItYnl0ZXMtbG9uZyE=";
    let stage = Stage::with(2, Schema::create().await).await;
    let front = RoundRobin::start(&stage.addresses());
    let steps = async |stage: &mut Stage| {
        stage.site.set_master_keys(&[MASTER_KEY, NEW_KEY]);
        stage.replace_all().await;
        stage.site.set_master_keys(&[NEW_KEY, MASTER_KEY]);
        stage.replace_all().await;
        let resealed = stage.site.answer(&["keys", "rotate", "--json"]);
        assert_eq!(resealed["accounts"], 1);
        stage.site.answer(&["keys", "rotate-signing", "--json"]);
        stage.site.set_master_keys(&[NEW_KEY]);
        stage.replace_all().await;
        // Tokens are signed with the new key, and count beside the old ones.
        let account = &stage.site.accounts[0].0;
        let issued = stage
            .site
            .answer(&["token", "issue", "--account", account, "--json"]);
        let token = issued["token"].as_str().unwrap();
        let checked =
            front::client().get(format!("http://{}/v1/oauth/token", stage.ports[0].address));
        assert_eq!(
            checked.bearer_auth(token).send().await.unwrap().status(),
            200
        );
    };

    stage.under_load("keys", front.address, steps).await;
}
