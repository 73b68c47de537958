//! The gateway as people run it: the real program, on a database that outlives it.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::port::Port;
use crate::desks::HelpDesk;

/// A master key.
const MASTER_KEY: &str = "Q0FOQVJZLW1hc3Rlci1rZXktMzItYnl0ZXMtbG9uZyE=";
/// How long a request may take, in seconds.
const REQUEST_TIMEOUT: &str = "2";
/// How long a start may take.
const START_WITHIN: Duration = Duration::from_secs(20);
/// Where it logs to.
const LOG: &str = "gateway.log";

/// A gateway with one account. The program is killed when this is dropped.
pub(crate) struct Gateway {
    /// Its folder.
    folder: tempfile::TempDir,
    /// Where clients find it, running or not.
    port: Port,
    /// The help desk that it may call.
    upstream: String,
    /// After how many seconds an absence is a proof.
    settle_after: u64,
    /// The program, unless it was killed.
    child: Option<Child>,
    /// The address below which the account's help desk is.
    pub(crate) base: String,
    /// A token for the account.
    pub(crate) token: String,
    /// The longest time from a start to the first connection.
    pub(crate) slowest_start: Duration,
}

impl Gateway {
    /// Sets one up in front of a help desk and starts it.
    pub(crate) async fn start<D: HelpDesk>(upstream: SocketAddr, settle_after: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = set_up::<D>(folder.path(), upstream);
        let issue = ["token", "issue", "--account", &account, "--json"];
        let token = answer(folder.path(), &issue);
        let port = Port::pick();
        let mut gateway = Self {
            folder,
            base: format!("http://{}/v1/accounts/{account}/helpdesk", port.address),
            port,
            upstream: upstream.to_string(),
            settle_after,
            child: None,
            token: token["token"].as_str().unwrap().to_owned(),
            slowest_start: Duration::ZERO,
        };
        gateway.restart().await;
        gateway
    }

    /// Starts the program, and waits until it takes connections.
    pub(crate) async fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join(LOG))
            .unwrap();
        let begun = Instant::now();
        let child = deskgate(self.folder.path(), &["serve"])
            .env("DESKGATE_LISTEN", self.port.address.to_string())
            .env("DESKGATE_ALLOW_UPSTREAM", &self.upstream)
            .env("DESKGATE_REQUEST_TIMEOUT", REQUEST_TIMEOUT)
            .env("DESKGATE_SETTLE_AFTER", self.settle_after.to_string())
            .env("DESKGATE_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let child = self.child.insert(child);
        while TcpStream::connect(self.port.address).await.is_err() {
            let ended = child.try_wait().unwrap();
            let is_well = ended.is_none() && begun.elapsed() < START_WITHIN;
            let log = self.folder.path().join(LOG);
            assert!(is_well, "no start: {}", fs::read_to_string(log).unwrap());
            sleep(Duration::from_millis(5)).await;
        }
        self.slowest_start = self.slowest_start.max(begun.elapsed());
    }

    /// Kills the program, and checks what it leaves: a database that opens clean.
    pub(crate) async fn kill(&mut self) {
        self.end();
        let copy = tempfile::tempdir().unwrap();
        for name in ["deskgate.db", "deskgate.db-wal"] {
            let file = self.folder.path().join(name);
            if file.exists() {
                fs::copy(file, copy.path().join(name)).unwrap();
            }
        }
        let url = format!("sqlite:{}", copy.path().join("deskgate.db").display());
        let pool = SqlitePool::connect(&url).await.unwrap();
        let check = sqlx::query_scalar("pragma integrity_check");
        let verdict: String = check.fetch_one(&pool).await.unwrap();
        pool.close().await;
        assert_eq!(verdict, "ok");
    }

    /// Its database, for whoever wants to know what is in it, and does not wait for it.
    pub(crate) async fn database(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new()
            .filename(self.folder.path().join("deskgate.db"))
            .busy_timeout(Duration::ZERO);
        SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .unwrap()
    }

    /// The lines that it has logged as errors: somebody would have to act.
    pub(crate) fn errors(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join(LOG)).unwrap();
        let errors = log
            .lines()
            .filter(|line| line.contains("ERROR") || line.contains("panicked"));
        errors.map(str::to_owned).collect()
    }

    /// Kills the program, if it runs.
    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

/// The program with these arguments, its database in this folder, and nothing else set.
fn deskgate(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskgate"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("DESKGATE_MASTER_KEY", MASTER_KEY)
        .stdin(Stdio::null());
    command
}

/// The JSON that a command answers.
fn answer(folder: &Path, arguments: &[&str]) -> Value {
    let output = deskgate(folder, arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Makes the database with one account, without a call; its id.
fn set_up<D: HelpDesk>(folder: &Path, upstream: SocketAddr) -> String {
    answer(folder, &["key", "create", "chaos", "--json"]);
    let allowed = upstream.to_string();
    let url = format!("http://{upstream}");
    let fixed = ["account", "add", "--no-verify", "--json", "--service"];
    let mut add = fixed.map(str::to_owned).to_vec();
    let rest = [D::SERVICE, "--url", &url, "--allow-upstream", &allowed];
    add.extend(rest.map(str::to_owned));
    let credentials: Map<String, Value> = serde_json::from_value(D::credentials()).unwrap();
    for (name, value) in &credentials {
        let value = value.as_str().unwrap();
        match name.as_str() {
            "url" => {}
            "email" => add.extend(["--member".to_owned(), format!("email={value}")]),
            secret => {
                fs::write(folder.join(secret), value).unwrap();
                let file = format!("{secret}={secret}");
                add.extend(["--secret-file".to_owned(), file]);
            }
        }
    }
    let add: Vec<_> = add.iter().map(String::as_str).collect();
    answer(folder, &add)["id"].to_string()
}
