//! Proxies in front of the replicas: one of our own, and nginx.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing};
use deskgate::http::server;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderName, StatusCode};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::chaos::port::Port;

/// How often a replica is asked whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Headers that are a connection's, or of the message as it is sent.
const HOPS: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING];

/// A proxy that gives each replica that is ready its turn. It sends again only what could not be sent at all.
pub(crate) struct RoundRobin {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Ends it.
    _end: DropGuard,
}

/// What its connections share.
#[derive(Clone)]
struct Replicas {
    /// Where they are, and whether they are ready.
    all: Arc<[(SocketAddr, AtomicBool)]>,
    /// Whose turn it is.
    turn: Arc<AtomicUsize>,
    /// The line to them.
    http: reqwest::Client,
}

impl RoundRobin {
    /// Starts one.
    pub(crate) fn start(replicas: &[SocketAddr]) -> Self {
        let all = replicas.iter().map(|at| (*at, AtomicBool::new(true)));
        let replicas = Replicas {
            all: all.collect(),
            turn: Arc::default(),
            http: client(),
        };
        let port = Port::pick();
        let end = CancellationToken::new();
        let tasks = TaskTracker::new();
        let looking = watch(replicas.clone());
        tasks.spawn(end.clone().run_until_cancelled_owned(looking));
        let router = Router::new()
            .fallback(routing::any(forward))
            .with_state(replicas);
        let ended = end.clone().cancelled_owned();
        tasks.spawn(server::serve(port.listen(), router, ended, Duration::ZERO));
        Self {
            address: port.address,
            _end: end.drop_guard(),
        }
    }
}

/// A client that neither follows nor repeats anything.
pub(crate) fn client() -> reqwest::Client {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tls_certs_only([])
        .timeout(Duration::from_secs(20));
    http.build().unwrap()
}

/// Asks the replicas whether they are ready, for ever.
async fn watch(replicas: Replicas) {
    loop {
        for (address, is_ready) in &*replicas.all {
            let answer = replicas.http.get(format!("http://{address}/readyz"));
            let answer = answer.send().await;
            let now = answer.is_ok_and(|answer| answer.status().is_success());
            is_ready.store(now, Ordering::Relaxed);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Sends a request on to the next replica that is ready; to one that is not if there is no other.
async fn forward(State(replicas): State<Replicas>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    for name in HOPS {
        parts.headers.remove(name);
    }
    let turn = replicas.turn.fetch_add(1, Ordering::Relaxed);
    let number = replicas.all.len();
    let in_turn = (0..number).map(|step| &replicas.all[(turn + step) % number]);
    let mut order: Vec<_> = in_turn.collect();
    order.sort_by_key(|(_, is_ready)| !is_ready.load(Ordering::Relaxed));
    for (address, _) in order {
        let path = parts.uri.path_and_query().unwrap();
        let request = replicas
            .http
            .request(parts.method.clone(), format!("http://{address}{path}"))
            .headers(parts.headers.clone())
            .body(body.clone());
        match request.send().await {
            Ok(mut answer) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = answer.status();
                *response.headers_mut() = std::mem::take(answer.headers_mut());
                for name in HOPS {
                    response.headers_mut().remove(name);
                }
                let Ok(body) = answer.bytes().await else {
                    return (StatusCode::BAD_GATEWAY, "broken off").into_response();
                };
                *response.body_mut() = Body::from(body);
                return response;
            }
            Err(error) if error.is_connect() => {}
            Err(error) => return (StatusCode::BAD_GATEWAY, format!("{error:?}")).into_response(),
        }
    }
    (StatusCode::BAD_GATEWAY, "nobody listens").into_response()
}

/// A proxy as people run it, with what docs/DEPLOY.md tells. It is killed when this is dropped.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The program.
    child: Child,
    /// Its folder.
    _folder: tempfile::TempDir,
}

impl Proxy {
    /// nginx, which asks nobody whether it is ready; none if it is not installed.
    ///
    /// It keeps connections to the replicas, and one that a replica closes for having been idle may just then be given a
    /// request: in HTTP/1.1 nobody can rule that out. nginx sends reads again by itself, writes only if it is told to, which
    /// their `Idempotency-Key` makes harmless.
    pub(crate) async fn nginx(replicas: &[SocketAddr]) -> Option<Self> {
        let address = Port::pick().address;
        let servers = replicas
            .iter()
            .map(|at| format!("server {at} max_fails=0;"));
        let servers: String = servers.collect();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path temporary_{kind};"))
            .concat();
        let text = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;
            events {{ worker_connections 512; }}
            http {{
                access_log off; {temporary}
                upstream replicas {{ {servers} keepalive 16; }}
                server {{
                    listen {address};
                    location / {{
                        proxy_pass http://replicas;
                        proxy_http_version 1.1;
                        proxy_set_header Connection \"\";
                        proxy_next_upstream error timeout non_idempotent;
                    }}
                }}
            }}"
        );
        let arguments = ["-p", ".", "-c", "config", "-e", "error.log"];
        Self::start("nginx", &arguments, &text, address).await
    }

    /// HAProxy, which asks them three times a second; none if it is not installed.
    pub(crate) async fn haproxy(replicas: &[SocketAddr]) -> Option<Self> {
        let address = Port::pick().address;
        let server = |(number, at): (usize, &SocketAddr)| {
            format!("    server r{number} {at} check inter 300ms fall 1 rise 1\n")
        };
        let servers: String = replicas.iter().enumerate().map(server).collect();
        let text = format!(
            "defaults
    mode http
    timeout connect 1s
    timeout client 40s
    timeout server 40s
    retries 2
    retry-on conn-failure empty-response
    option redispatch 1
listen gateway
    bind {address}
    option httpchk GET /readyz
    http-check expect status 200
    http-reuse safe
{servers}"
        );
        Self::start("haproxy", &["-db", "-f", "config"], &text, address).await
    }

    /// Starts a program with this text as its configuration.
    async fn start(
        name: &str,
        arguments: &[&str],
        text: &str,
        address: SocketAddr,
    ) -> Option<Self> {
        let program = installed(name)?;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config"), text).unwrap();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        while TcpStream::connect(address).await.is_err() {
            assert_eq!(child.try_wait().unwrap(), None, "{name} has ended");
            sleep(Duration::from_millis(5)).await;
        }
        Some(Self {
            address,
            child,
            _folder: folder,
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program, if it is installed.
fn installed(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];
    let programs = folders.map(|folder| Path::new(folder).join(name));
    programs.into_iter().find(|program| program.exists())
}
