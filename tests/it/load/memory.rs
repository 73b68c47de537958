//! What thousands of requests and connections at once take.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::asked;
use super::program::{Replica, Site};
use crate::chaos::port::Port;

/// Help desks that never answer: each gets 64 calls at once at most.
const DESKS: usize = 80;
/// Requests at once.
const REQUESTS: usize = 5000;
/// Requests that are under way at once, unless the operator says otherwise.
const UNDER_WAY: usize = 2048;
/// Connections at once.
const CONNECTIONS: usize = 9_990;

/// Takes connections and never answers, for ever.
async fn never_answer(listener: TcpListener, tasks: TaskTracker) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tasks.spawn(async move {
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        });
    }
}

/// The most resident memory there is within a while, in MiB.
async fn most_memory(replica: &Replica) -> u64 {
    let mut most = 0;
    for _ in 0..20 {
        most = most.max(replica.memory().0);
        sleep(Duration::from_millis(100)).await;
    }
    most
}

#[tokio::test]
async fn thousands_of_stuck_requests_and_idle_connections_take_little_memory() {
    if asked("DESKGATE_LOAD_MEMORY").is_none() {
        eprintln!("skipped: DESKGATE_LOAD_MEMORY is not set");
        return;
    }
    let tasks = TaskTracker::new();
    let ports: Vec<_> = (0..DESKS).map(|_| Port::pick()).collect();
    for port in &ports {
        tasks.spawn(never_answer(port.listen(), tasks.clone()));
    }
    let addresses: Vec<_> = ports.iter().map(|port| port.address).collect();
    let site = Site::new(&addresses);
    let port = Port::pick();
    let replica = site.start(&port, &[], None).await;
    let before = replica.memory().0;

    let mut stuck = Vec::new();
    for number in 0..REQUESTS {
        let (account, token) = &site.accounts[number % DESKS];
        let text = format!(
            "GET /v1/accounts/{account}/helpdesk/tickets/MQ HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
            replica.address
        );
        let mut stream = TcpStream::connect(replica.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stuck.push(stream);
    }
    let with_requests = most_memory(&replica).await;
    let mut answered = 0;
    for stream in &stuck {
        answered += usize::from(stream.try_read(&mut [0; 512]).is_ok());
    }
    drop(stuck);
    sleep(Duration::from_secs(2)).await;

    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(replica.address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
        stream.write_all(request).await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        idle.push(stream);
    }
    let with_connections = most_memory(&replica).await;

    eprintln!(
        "{before} MiB before; {with_requests} with {REQUESTS} requests, of which {answered} were answered; \
         {with_connections} with {CONNECTIONS} idle connections; at most {}",
        replica.memory().1
    );
    // Those beyond the limit are refused at once, others when they have waited for long enough.
    let refused = REQUESTS - UNDER_WAY;
    assert!(answered + REQUESTS / 100 > refused, "{answered}");
    assert!(replica.memory().1 < 128);
}
