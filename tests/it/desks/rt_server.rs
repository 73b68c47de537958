//! A real Request Tracker, run by `tests/rt/rt`.
//!
//! Time is a value there too: the server runs under libfaketime and reads from a file what time it is, which is
//! written before each call. A call runs on a thread of its own, for which the still time of a test waits.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use deskgate::clock::Clock;
use deskgate::transport::http::{Transport, TransportError, network};
use http::{Method, Request, Response, Uri};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::desks::{
    Cast, HelpDesk, NativeStatus, Refusal, Setup, StoredComment, StoredTicket, Turn, rt,
};

/// The server, as `tests/rt/rt env` tells it.
struct Server {
    /// Scheme and authority.
    url: String,
    /// root's token.
    token: String,
    /// The file that says what time it is.
    clock: String,
    /// What carries its calls, in a time that goes on.
    runtime: Runtime,
    /// The network.
    network: Mutex<Transport>,
    /// Where states of it are saved.
    home: PathBuf,
}

/// The server of this run.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let network = {
        let _inside = runtime.enter();
        network(&[]).unwrap().calls
    };
    Server {
        url: variable("DESKGATE_RT_URL"),
        token: variable("DESKGATE_RT_TOKEN"),
        clock: variable("DESKGATE_RT_CLOCK"),
        runtime,
        network: Mutex::new(network),
        home: variable("RT_HOME").into(),
    }
});

/// A variable of the environment.
fn variable(name: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the server is, whoever starts the tests says"
    )]
    let value = std::env::var(name);
    value.unwrap_or_else(|_| panic!("{name} is not set: tests/rt/README.md tells how to run these"))
}

/// It.
#[derive(Clone)]
pub(crate) struct RtServer {
    /// What time it is there.
    clock: Clock,
}

impl RtServer {
    /// Sends a request to the server, at this test's time less some seconds.
    async fn exchange(
        clock: &Clock,
        seconds_ago: u32,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let now = clock.now() - Duration::from_secs(u64::from(seconds_ago));
        let carried = tokio::task::spawn_blocking(move || {
            // One after another: each has its own time.
            let network = SERVER
                .network
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let time = now.strftime("%Y-%m-%d %H:%M:%S").to_string();
            let new = format!("{}.new", SERVER.clock);
            std::fs::write(&new, time).unwrap();
            std::fs::rename(&new, &SERVER.clock).unwrap();
            let (mut parts, body) = request.into_parts();
            let path = parts.uri.path_and_query().unwrap().as_str();
            parts.uri = format!("{}{path}", SERVER.url).parse().unwrap();
            let request = Request::from_parts(parts, body);
            SERVER.runtime.block_on(network.clone().oneshot(request))
        });
        carried.await.unwrap()
    }

    /// What people do in the help desk: a call of root's that has to succeed, some seconds ago.
    async fn act(
        &self,
        seconds_ago: u32,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Response<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/REST/2.0/{path}"))
            .header("authorization", format!("token {}", SERVER.token))
            .header("content-type", "application/json")
            .body(if body.is_null() {
                Bytes::new()
            } else {
                body.to_string().into()
            })
            .unwrap();
        let line = format!("{path} {body}");
        let answer = Self::exchange(&self.clock, seconds_ago, request)
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{line}: {answer:?}");
        answer
    }

    /// Changes a ticket.
    async fn put(&self, ticket: &str, change: &Value) {
        self.act(0, Method::PUT, &format!("ticket/{ticket}"), change)
            .await;
    }

    /// Everything that a search finds.
    async fn all(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1.. {
            let path = format!("{path}&orderby=id&per_page=100&page={page}");
            let answer = self.act(0, Method::GET, &path, &Value::Null).await;
            let list: Value = serde_json::from_slice(answer.body()).unwrap();
            let items = list["items"].as_array().unwrap();
            all.extend(items.iter().cloned());
            if items.len() < 100 {
                break;
            }
        }
        all
    }
}

/// Puts a saved state of the server back, or saves it.
fn state(command: &str, file: Option<&Path>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rt/rt");
    let done = Command::new(script)
        .arg(command)
        .args(file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// The id of something that RT tells.
fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

impl HelpDesk for RtServer {
    const SERVICE: &'static str = "rt";
    const ORIGIN: &'static str = rt::ORIGIN;
    const IS_REAL: bool = true;

    fn turn() -> Option<Turn> {
        static TURNS: Mutex<()> = Mutex::new(());
        #[expect(
            clippy::disallowed_methods,
            reason = "where the server is, whoever starts the tests says"
        )]
        if std::env::var_os("DESKGATE_RT_URL").is_none() {
            eprintln!(
                "skipped: there is no Request Tracker, tests/rt/README.md tells how to run one"
            );
            return None;
        }
        let turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Turn { _held: Some(turn) })
    }

    async fn start(setup: Setup, clock: Clock) -> Self {
        let desk = Self { clock };
        let Setup {
            tickets,
            seed,
            habit: _,
        } = setup;
        // Tickets cost it much: those that a test begins with are made once.
        let name = format!("var/{tickets}-tickets-{seed}.sqlite");
        let saved = SERVER.home.join(name);
        if tickets > 0 && saved.exists() {
            state("load", Some(&saved));
            return desk;
        }
        state("load", None);
        if tickets > 0 {
            for number in 0..tickets {
                let subject = format!("ticket {number}");
                desk.create(&subject, 3600 * (tickets - number)).await;
            }
            state("save", Some(&saved));
        }
        desk
    }

    fn transport(&self) -> Transport {
        let clock = self.clock.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
            let clock = clock.clone();
            async move { Self::exchange(&clock, 0, request).await }
        }))
    }

    fn credentials() -> Value {
        json!({ "url": rt::ORIGIN, "token": SERVER.token })
    }

    fn secrets() -> Vec<String> {
        vec![SERVER.token.clone()]
    }

    async fn cast(&self) -> Cast {
        rt::cast()
    }

    async fn statuses(&self) -> Vec<NativeStatus> {
        rt::statuses()
    }

    fn refusals() -> Vec<Refusal> {
        rt::refusals()
    }

    fn specimen() -> (Vec<&'static str>, Value) {
        rt::specimen()
    }

    fn as_answer(ticket: Value) -> Value {
        rt::as_answer(&ticket)
    }

    fn is_read_of(uri: &Uri, id: &str) -> bool {
        rt::is_read_of(uri, id)
    }

    fn is_look(uri: &Uri) -> bool {
        rt::is_look(uri)
    }

    async fn create(&self, subject: &str, seconds_ago: u32) -> String {
        let ticket = json!({
            "Queue": "Support", "Subject": subject, "Requestor": "customer2@example.org", "Content": format!("About {subject}"),
            "ContentType": "text/plain", "Priority": 50,
        });
        let answer = self.act(seconds_ago, Method::POST, "ticket", &ticket).await;
        id(&serde_json::from_slice(answer.body()).unwrap())
    }

    async fn edit(&self, ticket: &str, subject: &str) -> bool {
        // People edit what they find, and nothing finds a deleted ticket.
        let found = self.all(&format!("tickets?query=id={ticket}")).await;
        if found.is_empty() {
            return false;
        }
        self.put(ticket, &json!({ "Subject": subject })).await;
        true
    }

    async fn set_status(&self, ticket: &str, status: &str) {
        if rt::is_of_development(status) {
            self.put(ticket, &json!({ "Queue": "Development" })).await;
        }
        self.put(ticket, &json!({ "Status": status })).await;
    }

    async fn trash(&self, ticket: &str, back: bool) -> bool {
        let found = self.all(&format!("tickets?query=id={ticket}")).await;
        if found.is_empty() != back {
            return false;
        }
        let status = if back { "open" } else { "deleted" };
        self.put(ticket, &json!({ "Status": status })).await;
        true
    }

    async fn mark_spam(&self, _: &str, _: bool) -> bool {
        false
    }

    async fn tickets(&self) -> Vec<StoredTicket> {
        let live = self.all("tickets?query=id%3E0").await;
        let stored = |id, is_trashed| StoredTicket {
            id,
            is_trashed,
            is_spam: false,
        };
        let mut all: Vec<_> = live
            .iter()
            .map(|ticket| stored(id(ticket), false))
            .collect();
        let made = "transactions?query=ObjectType%3D'RT%3A%3ATicket'%20AND%20Type%3D'Create'&fields=ObjectId";
        for entry in self.all(made).await {
            let id = entry["ObjectId"].as_str().unwrap().to_owned();
            if !all.iter().any(|ticket| ticket.id == id) {
                all.push(stored(id, true));
            }
        }
        all
    }

    async fn add_comment(&self, ticket: &str, text: &str, is_public: bool) -> String {
        let kind = if is_public { "correspond" } else { "comment" };
        let path = format!("ticket/{ticket}/{kind}");
        let body = json!({ "Content": text, "ContentType": "text/html" });
        let answer = self.act(0, Method::POST, &path, &body).await;
        let place = answer.headers()["location"].to_str().unwrap();
        place.rsplit('/').next().unwrap().to_owned()
    }

    async fn edit_comment(&self, _: &str, _: &str, _: &str) -> bool {
        false
    }

    async fn delete_comment(&self, _: &str, _: &str) -> bool {
        false
    }

    async fn comments(&self, ticket: &str) -> Vec<StoredComment> {
        let history = self
            .all(&format!("ticket/{ticket}/history?fields=Type"))
            .await;
        let comment = |entry: &Value| {
            let is_public = match entry["Type"].as_str()? {
                "Correspond" => true,
                "Comment" => false,
                _ => return None,
            };
            Some(StoredComment {
                id: id(entry),
                is_public,
            })
        };
        history.iter().filter_map(comment).collect()
    }
}
