//! The program itself: its commands, what they print, how they end, and that no secret is in what
//! they log. Everything listens on loopback, on ports that the system picks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A master key.
const MASTER_KEY: &str = "Q0FOQVJZLW1hc3Rlci1rZXktMzItYnl0ZXMtbG9uZyE=";
/// The API key of the simulated help desk.
const UPSTREAM_KEY: &str = "CANARY-upstream-key-3f";

/// The program with these arguments, its database in this folder, and nothing else set.
fn deskgate(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskgate"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("DESKGATE_MASTER_KEY", MASTER_KEY);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A command that ends by itself.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    deskgate(folder, arguments).output().unwrap()
}

/// The JSON that a command answers.
#[track_caller]
fn answer(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A command that runs until it is told to end; killed if the test fails.
struct Running {
    /// The process.
    child: Child,
    /// What it answered.
    first_line: Value,
}

impl Running {
    /// Starts a command and waits for its line of JSON.
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let first_line = serde_json::from_str(&line).unwrap_or(Value::Null);
        Self { child, first_line }
    }

    /// Tells it to end; returns what it logged.
    #[track_caller]
    fn end(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let mut logged = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut logged)
            .unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{logged}");
        logged
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request over a connection of its own; returns the status and the body.
fn call(origin: &str, method: &str, path: &str, authorization: &str, body: &str) -> (u16, String) {
    let address = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (
        head.split(' ').nth(1).unwrap().parse().unwrap(),
        body.to_owned(),
    )
}

#[test]
fn the_demo_answers_once_it_says_so_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Running::start(deskgate(
        folder.path(),
        &[
            "demo",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--tickets",
            "30",
        ],
    ));
    let told = demo.first_line.clone();
    let base_url = told["base_url"].as_str().unwrap();
    let key = format!("APIKey {}", told["api_key"].as_str().unwrap());
    let accounts = told["accounts"].as_array().unwrap();
    for account in accounts {
        let token = format!("Bearer {}", account["token"].as_str().unwrap());
        let path = "/v1/accounts/me/helpdesk/tickets?page_size=100";
        let (status, body) = call(base_url, "GET", path, &token, "");
        let list: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &list["count"]), (200, &Value::from(30)));
        let href = list["objects"][0]["href"].as_str().unwrap();
        assert!(href.starts_with(base_url));
        let path = format!("/v1/accounts/{}", account["id"]);
        assert_eq!(call(base_url, "GET", &path, &key, "").0, 200);
        let upstream = account["upstream_url"].as_str().unwrap();
        assert!(upstream.starts_with("http://127.0.0.1:"));
    }
    let services: Vec<_> = accounts.iter().map(|account| &account["service"]).collect();
    assert_eq!(services, ["freshdesk", "zendesk", "rt"]);
    demo.end();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_option_that_is_true_can_be_given_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "secret-token").unwrap();
    answer(&run(folder.path(), &["key", "create", "my app", "--json"]));
    let add = [
        "account",
        "add",
        "--service",
        "zendesk",
        "--member",
        "subdomain=acme",
        "--member",
        "email=ada@acme.com",
        "--member",
        "redact_comments=true",
        "--secret-file",
        "api_token=token",
        "--no-verify",
        "--json",
    ];

    let account = answer(&run(folder.path(), &add));

    assert_eq!(account["service"], "zendesk");
}

#[test]
fn a_demo_with_a_folder_can_be_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "demo",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--tickets",
        "3",
        "--data-dir",
        "data",
    ];
    for _ in 0..2 {
        let demo = Running::start(deskgate(folder.path(), &arguments));
        assert_eq!(demo.first_line["accounts"].as_array().unwrap().len(), 3);
        demo.end();
    }
    assert!(folder.path().join("data/deskgate.db").exists());
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one story from the first command to the last, told in order"
)]
fn an_account_is_set_up_without_a_running_server_and_then_served_and_no_secret_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let simulate = [
        "simulate",
        "freshdesk",
        "--listen",
        "127.0.0.1:0",
        "--api-key",
        UPSTREAM_KEY,
        "--tickets",
        "5",
    ];
    let simulator = Running::start(deskgate(folder.path(), &simulate));
    let upstream = simulator.first_line["url"].as_str().unwrap().to_owned();
    let allowed = upstream.strip_prefix("http://").unwrap();
    let key_file = folder.path().join("upstream.key");
    std::fs::write(&key_file, format!("{UPSTREAM_KEY}\n")).unwrap();
    let key_file = key_file.to_str().unwrap();

    let key = answer(&run(folder.path(), &["key", "create", "my app", "--json"]));
    let add = [
        "account",
        "add",
        "--url",
        &upstream,
        "--api-key-file",
        key_file,
        "--name",
        "Desk",
        "--allow-upstream",
        allowed,
        "--json",
    ];
    let account = answer(&run(folder.path(), &add));
    let id = account["id"].to_string();
    let token = answer(&run(
        folder.path(),
        &["token", "issue", "--account", &id, "--json"],
    ));
    let listed = answer(&run(folder.path(), &["account", "list", "--json"]));
    assert_eq!(listed["accounts"], serde_json::json!([account]));

    // A port that was free a moment ago: `serve` prints nothing to read the picked one from.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let metrics = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut serve = deskgate(
        folder.path(),
        &["serve", "--log", "trace", "--allow-upstream", allowed],
    );
    serve
        .env("DESKGATE_LISTEN", free.to_string())
        .env("DESKGATE_METRICS_LISTEN", metrics.to_string())
        .stdout(Stdio::null());
    let mut child = serve.spawn().unwrap();
    let mut logged = BufReader::new(child.stderr.take().unwrap());
    let mut before = String::new();
    while !before.contains("deskgate serves") {
        assert_ne!(logged.read_line(&mut before).unwrap(), 0, "{before}");
    }
    let reader = std::thread::spawn(move || {
        logged.read_to_string(&mut before).unwrap();
        before
    });
    let server = Running {
        child,
        first_line: Value::Null,
    };
    let origin = format!("http://{free}");
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let path = "/v1/accounts/me/helpdesk/tickets";

    assert_eq!(call(&origin, "GET", path, &bearer, "").0, 200);
    assert_eq!(call(&origin, "GET", path, "Bearer wrong", "").0, 401);
    let application = format!("APIKey {}", key["api_key"].as_str().unwrap());
    assert_eq!(
        call(
            &origin,
            "GET",
            &format!("/v1/accounts/{id}"),
            &application,
            ""
        )
        .0,
        200
    );
    let body =
        format!(r#"{{"service":"freshdesk","url":"{upstream}","api_key":"{UPSTREAM_KEY}-wrong"}}"#);
    assert_eq!(
        call(&origin, "POST", "/v1/accounts", &application, &body).0,
        401
    );
    let (status, figures) = call(&format!("http://{metrics}"), "GET", "/metrics", "", "");
    assert_eq!(status, 200);
    assert!(
        figures.contains("deskgate_requests_total")
            && figures.contains("deskgate_upstream_calls_total")
    );
    assert!(!figures.contains(&id), "no ids in labels");
    let healthy = deskgate(folder.path(), &["healthcheck"])
        .env("DESKGATE_LISTEN", free.to_string())
        .output()
        .unwrap();
    assert!(healthy.status.success());

    let pid = server.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let logged = reader.join().unwrap();
    drop(server);
    simulator.end();
    let basic = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(format!("{UPSTREAM_KEY}:X"))
    };
    let secrets = [
        UPSTREAM_KEY,
        MASTER_KEY,
        &basic,
        key["api_key"].as_str().unwrap(),
        token["token"].as_str().unwrap(),
    ];
    for secret in secrets {
        assert!(!logged.contains(secret), "a secret is in the log: {secret}");
        assert!(!figures.contains(secret));
    }
    assert!(logged.contains("request done"));

    let removed = answer(&run(folder.path(), &["account", "remove", &id, "--json"]));
    assert_eq!(removed["removed"], true);
    assert!(
        !run(folder.path(), &["token", "issue", "--account", &id])
            .status
            .success()
    );
}

/// What a command that fails says.
#[track_caller]
fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_a_master_key_or_with_another_one_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let run_with = |key: Option<&str>| {
        let mut command = deskgate(folder.path(), &["key", "create", "x"]);
        match key {
            None => command.env_remove("DESKGATE_MASTER_KEY"),
            Some(key) => command.env("DESKGATE_MASTER_KEY", key),
        };
        command.output().unwrap()
    };
    assert!(complaint(&run_with(None)).contains("DESKGATE_MASTER_KEY"));
    assert!(complaint(&run_with(Some("short"))).contains("32 bytes"));
    assert!(run_with(Some(MASTER_KEY)).status.success());
    let other = "T1RIRVItbWFzdGVyLWtleS0zMi1ieXRlcy1sb25nISE=";
    assert!(complaint(&run_with(Some(other))).contains("does not open this database"));
}

#[test]
fn a_master_key_comes_from_one_place_also_from_a_command() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("master.key"), format!("{MASTER_KEY}\n")).unwrap();
    let run_with = |settings: &[(&str, &str)]| {
        let mut command = deskgate(folder.path(), &["key", "create", "x"]);
        command
            .env_remove("DESKGATE_MASTER_KEY")
            .env("PATH", "/usr/bin:/bin");
        command.envs(settings.iter().copied()).output().unwrap()
    };
    let (file, command) = ("DESKGATE_MASTER_KEY_FILE", "DESKGATE_MASTER_KEY_COMMAND");
    assert!(run_with(&[(file, "master.key")]).status.success());
    assert!(run_with(&[(command, "cat master.key")]).status.success());
    let both = run_with(&[(file, "master.key"), (command, "cat master.key")]);
    assert!(complaint(&both).contains("only one"));
    let failed = complaint(&run_with(&[(command, "cat missing.key")]));
    assert!(
        failed.contains("failed") && failed.contains("missing.key"),
        "{failed}"
    );
    assert!(complaint(&run_with(&[(command, "no-such-program")])).contains("cannot be run"));
    // What it prints is not repeated.
    let wrong = complaint(&run_with(&[(command, "echo CANARY")]));
    assert!(
        wrong.contains("32 bytes") && !wrong.contains("CANARY"),
        "{wrong}"
    );
}

#[test]
fn keys_have_labels_scopes_and_an_end_and_are_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let json = |arguments: &[&str]| answer(&run(folder.path(), &[arguments, &["--json"]].concat()));
    let limited = [
        "key",
        "create",
        "shop",
        "--label",
        "nightly export",
        "--scopes",
        "helpdesk:read,raw",
        "--days",
        "30",
    ];
    let limited = json(&limited);
    json(&["key", "create", "shop"]);
    let id = limited["key_id"].as_str().unwrap();
    let secret = limited["api_key"].as_str().unwrap();
    json(&["key", "revoke", id]);

    let listed = json(&["keys", "list"]);
    let plain = String::from_utf8(run(folder.path(), &["key", "list"]).stdout).unwrap();

    let keys = listed["keys"].as_array().unwrap();
    let one = keys.iter().find(|key| key["key_id"] == id).unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(
        (&one["label"], &one["scopes"]),
        (&"nightly export".into(), &"helpdesk:read raw".into())
    );
    assert!(one["expires"].is_string() && one["revoked"].is_string() && one["last_used"].is_null());
    assert!(
        plain.contains("nightly export") && plain.contains("everything"),
        "{plain}"
    );
    assert!(!format!("{listed}{plain}").contains(secret));
    for wrong in [&["--scopes", "all"][..], &["--days", "0"], &["--label", ""]] {
        let refused = run(folder.path(), &[&["key", "create", "shop"], wrong].concat());
        complaint(&refused);
    }
    // Nothing to do is no failure.
    assert_eq!(json(&["keys", "rotate"])["accounts"], 0);
    let first = json(&["keys", "rotate-signing", "--overlap", "60"])["signing_key"].clone();
    assert_ne!(json(&["keys", "rotate-signing"])["signing_key"], first);
}

#[test]
fn serve_refuses_a_public_address_without_a_public_url() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert!(complaint(&refused).contains("DESKGATE_PUBLIC_URL"));
    for url in [
        "desk.example.com",
        "https://desk.example.com/path",
        "ftp://desk.example.com",
        "https://a@desk.example.com",
    ] {
        let refused = run(
            folder.path(),
            &["serve", "--listen", "0.0.0.0:0", "--public-url", url],
        );
        assert!(complaint(&refused).contains("must be an origin"), "{url}");
    }
}

#[test]
fn the_openapi_command_prints_what_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &["openapi"]).stdout;
    assert!(
        printed == include_bytes!("../../openapi/openapi.json"),
        "the document is stale"
    );
}

#[test]
fn every_command_has_help() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "",
        "serve",
        "demo",
        "simulate",
        "simulate freshdesk",
        "simulate zendesk",
        "account add",
        "key create",
        "keys rotate",
        "keys rotate-signing",
        "token issue",
        "healthcheck",
    ] {
        let arguments: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
        let output = run(folder.path(), &arguments);
        assert!(
            output.status.success() && output.stdout.len() > 200,
            "{command}"
        );
    }
}
