//! The gateway as people run it, one or several on one database.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::chaos::port::Port;
use crate::support::UPSTREAM_KEY;
use crate::support::postgres::Schema;

/// The master key that a site begins with.
pub(crate) const MASTER_KEY: &str = "Q0FOQVJZLW1hc3Rlci1rZXktMzItYnl0ZXMtbG9uZyE=";
/// How long a start may take.
const START_WITHIN: Duration = Duration::from_secs(20);

/// A database with accounts, in a folder of its own.
pub(crate) struct Site {
    /// The folder.
    folder: tempfile::TempDir,
    /// The help desks that may be called.
    allowed: String,
    /// The schema, where the database is a server.
    schema: Option<Schema>,
    /// The master keys, the current one first.
    master_keys: String,
    /// The accounts and a token for each.
    pub(crate) accounts: Vec<(String, String)>,
}

/// A running gateway. The program is killed when this is dropped.
pub(crate) struct Replica {
    /// The program.
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Site {
    /// Makes one with an account for each of these Freshdesks, without a call.
    pub(crate) fn new(upstreams: &[SocketAddr]) -> Self {
        Self::on(None, upstreams)
    }

    /// The same, on this schema of a server if there is one.
    pub(crate) fn on(schema: Option<Schema>, upstreams: &[SocketAddr]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("upstream.key"), UPSTREAM_KEY).unwrap();
        let all: Vec<_> = upstreams.iter().map(ToString::to_string).collect();
        let mut site = Self {
            folder,
            allowed: all.join(","),
            schema,
            master_keys: MASTER_KEY.to_owned(),
            accounts: Vec::new(),
        };
        site.answer(&["key", "create", "load", "--json"]);
        for upstream in upstreams {
            let url = format!("http://{upstream}");
            let fixed = "account add --no-verify --json --api-key-file upstream.key --url";
            let allow = ["--allow-upstream", &site.allowed];
            let add: Vec<_> = fixed.split(' ').chain([&*url]).chain(allow).collect();
            let account = site.answer(&add)["id"].to_string();
            let token = site.answer(&["token", "issue", "--account", &account, "--json"]);
            let token = token["token"].as_str().unwrap().to_owned();
            site.accounts.push((account, token));
        }
        site
    }

    /// Starts a gateway here, on one core if that is possible and asked for, and waits until it takes connections.
    pub(crate) async fn start(
        &self,
        port: &Port,
        settings: &[(&str, &str)],
        core: Option<&str>,
    ) -> Replica {
        let log_file = self.folder.path().join("gateway.log");
        let log = File::options().create(true).append(true).open(&log_file);
        let mut command = self.deskgate(&["serve"], core);
        command
            .env("DESKGATE_LISTEN", port.address.to_string())
            .env("DESKGATE_ALLOW_UPSTREAM", &self.allowed)
            .env("DESKGATE_LOG", "warn")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(log.unwrap());
        let child = command.spawn().unwrap();
        let address = port.address;
        let mut replica = Replica { child, address };
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            let ended = replica.child.try_wait().unwrap();
            let is_well = ended.is_none() && begun.elapsed() < START_WITHIN;
            assert!(is_well, "{}", fs::read_to_string(&log_file).unwrap());
            sleep(Duration::from_millis(5)).await;
        }
        replica
    }

    /// The program with these arguments and nothing else set.
    fn deskgate(&self, arguments: &[&str], core: Option<&str>) -> Command {
        let program = env!("CARGO_BIN_EXE_deskgate");
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", core, program]);
                command
            }
            None => Command::new(program),
        };
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("DESKGATE_MASTER_KEY", &self.master_keys)
            .stdin(Stdio::null());
        if let Some(schema) = &self.schema {
            command.env("DESKGATE_DATABASE_URL", &schema.url);
        }
        command
    }

    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Gives whatever is started from now on these master keys.
    pub(crate) fn set_master_keys(&mut self, keys: &[&str]) {
        self.master_keys = keys.join(" ");
    }

    /// The JSON that a command answers.
    pub(crate) fn answer(&self, arguments: &[&str]) -> Value {
        let output = self.deskgate(arguments, None).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Replica {
    /// Its resident memory and the most of it that there was, in MiB.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let path = Path::new("/proc").join(self.child.id().to_string());
        let status = fs::read_to_string(path.join("status")).unwrap();
        let of = |name: &str| -> u64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
            kib / 1024
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// Tells it to end, as a container engine does.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
