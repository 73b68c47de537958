//! Clients that send when it is time, whether or not what was sent before is answered.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is sent, and when.
#[derive(Debug, Clone)]
pub(crate) struct Fire {
    /// Where to.
    pub(crate) address: SocketAddr,
    /// Whole requests, sent in turn.
    pub(crate) requests: Rc<[Vec<u8>]>,
    /// Over so many connections.
    pub(crate) connections: usize,
    /// So many a second, at random times; none to send whenever there is an answer.
    pub(crate) rate: Option<f64>,
    /// For so long.
    pub(crate) lasts: Duration,
}

/// One request and its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shot {
    /// When it was due, since the begin.
    pub(crate) due: Duration,
    /// From the time it was due to the last byte of the answer.
    pub(crate) latency: Duration,
    /// From the time it was sent on.
    pub(crate) service: Duration,
    /// The answer's status; 0 if there was none.
    pub(crate) status: u16,
    /// Whether the answer said when to come back.
    pub(crate) has_retry_after: bool,
}

impl Fire {
    /// Sends; returns all shots.
    pub(crate) async fn shoot(self) -> Vec<Shot> {
        let begun = Instant::now();
        let schedule = Rc::new(Schedule {
            rate: self.rate,
            next: Cell::new(Duration::ZERO),
            number: Cell::new(0),
            dice: RefCell::new(StdRng::seed_from_u64(7)),
        });
        let set = LocalSet::new();
        let clients: Vec<_> = (0..self.connections)
            .map(|_| set.spawn_local(client(self.clone(), Rc::clone(&schedule), begun)))
            .collect();
        set.await;
        let mut shots = Vec::new();
        for client in clients {
            shots.extend(client.await.unwrap());
        }
        shots
    }
}

/// When what is due.
struct Schedule {
    /// So many a second.
    rate: Option<f64>,
    /// When the next one is.
    next: Cell<Duration>,
    /// How many there were.
    number: Cell<usize>,
    /// Draws the gaps.
    dice: RefCell<StdRng>,
}

impl Schedule {
    /// The next shot's number, and when it is due.
    fn take(&self, now: Duration) -> (usize, Duration) {
        let number = self.number.get();
        self.number.set(number + 1);
        let Some(rate) = self.rate else {
            return (number, now);
        };
        let due = self.next.get();
        let dice: f64 = self.dice.borrow_mut().random();
        let gap = -(1.0 - dice).ln() / rate;
        self.next.set(due + Duration::from_secs_f64(gap));
        (number, due)
    }
}

/// Sends what is due over one connection, which is made anew when it breaks.
async fn client(fire: Fire, schedule: Rc<Schedule>, begun: Instant) -> Vec<Shot> {
    let mut shots = Vec::new();
    let mut stream = None;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let (number, due) = schedule.take(begun.elapsed());
        if due >= fire.lasts {
            return shots;
        }
        if fire.rate.is_some() {
            sleep_until(begun + due).await;
        }
        let sent = begun.elapsed();
        let request = &fire.requests[number % fire.requests.len()];
        let exchange = exchange(&mut stream, fire.address, request, &mut buffer);
        let answer = timeout(PATIENCE, exchange).await.ok().flatten();
        if answer.is_none() {
            stream = None;
        }
        let (status, has_retry_after) = answer.unwrap_or_default();
        let done = begun.elapsed();
        shots.push(Shot {
            due,
            latency: done.saturating_sub(due),
            service: done.saturating_sub(sent),
            status,
            has_retry_after,
        });
    }
}

/// Sends a request and reads the answer; its status, and whether it says when to come back.
async fn exchange(
    stream: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> Option<(u16, bool)> {
    if stream.is_none() {
        let fresh = TcpStream::connect(address).await.ok()?;
        fresh.set_nodelay(true).ok()?;
        *stream = Some(fresh);
    }
    let stream = stream.as_mut()?;
    stream.write_all(request).await.ok()?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end]).ok()?;
        let length = head.split("content-length: ").nth(1)?;
        let length: usize = length.split('\r').next()?.parse().ok()?;
        if buffer.len() < end + 4 + length {
            continue;
        }
        let status = head.get(9..12)?.parse().ok()?;
        return Some((status, head.contains("retry-after: ")));
    }
}
