//! Servers that are no help desk, in front of the real transport: what a socket can do to a client.
//!
//! Whatever it does, a read is a bad gateway or takes too long, a write is of unknown outcome and was
//! received once at most, and both are told in time.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use deskgate::transport::egress::AllowedUpstream;
use deskgate::transport::http::{Transport, network};
use futures_util::{StreamExt as _, stream};
use http::{Request, Uri};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::lab::{new_ticket, public};
use crate::desks::HelpDesk as _;
use crate::desks::freshdesk::Freshdesk;
use crate::support::request::Answer;
use crate::support::{TestApp, UPSTREAM_KEY, clock};

/// How long a client waits for an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long one waits for what should come at once.
const MORE_PATIENCE: Duration = Duration::from_secs(20);
/// How many clients ask at a time.
const AT_ONCE: usize = 12;
/// How much longer it may take on a machine that does other things too.
const SLACK: Duration = Duration::from_millis(1_500);
/// A text of the server's own that no client may see.
const INTERNAL: &str = "INTERNAL-9a1";
/// By how many bytes the process may grow while it reads something that has no end. Other tests run in it.
const ROOM: usize = 300 * 1024 * 1024;
/// The bytes of a page of memory.
const PAGE: usize = 4096;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// A ticket.
    Get,
    /// A page of tickets.
    List,
    /// A new ticket.
    Create,
}

impl Ask {
    /// All.
    const ALL: [Self; 3] = [Self::Get, Self::List, Self::Create];

    /// Asks.
    async fn of(self, app: &TestApp) -> Answer {
        match self {
            Self::Get => app.get(&format!("/tickets/{}", public("1"))).await,
            Self::List => app.get("/tickets").await,
            Self::Create => app.post("/tickets", new_ticket()).await,
        }
    }
}

/// What happens to a connection once a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It is closed.
    Close,
    /// The next request is waited for.
    Stay,
}

/// A request, as far as it matters.
#[derive(Debug, Clone)]
struct Message {
    /// The verb.
    method: String,
    /// The path.
    path: String,
    /// How many came over the same connection before it.
    before: usize,
}

/// What a server does with a request.
type Behaviour = Arc<dyn Fn(&Message, &mut TcpStream) -> io::Result<Then> + Send + Sync>;

/// A server on a port of its own. Its threads end with their connections.
struct Server {
    /// Where it is.
    address: SocketAddr,
    /// What it has received.
    received: Arc<Mutex<Vec<Message>>>,
    /// What it does.
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Server {
    /// Starts one.
    fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            behaviour: Arc::new(Mutex::new(behaviour)),
        };
        let (received, behaviour) = (Arc::clone(&server.received), Arc::clone(&server.behaviour));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (received, behaviour) = (Arc::clone(&received), Arc::clone(&behaviour));
                thread::spawn(move || serve(stream, &received, &behaviour));
            }
        });
        server
    }

    /// Has it do something else from now on.
    fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    /// How many requests of this verb it has received.
    fn count(&self, method: &str) -> usize {
        let received = self.received.lock().unwrap();
        received
            .iter()
            .filter(|message| message.method == method)
            .count()
    }
}

/// Answers the requests of one connection. One that breaks has come to its end.
fn serve(
    mut stream: TcpStream,
    received: &Mutex<Vec<Message>>,
    behaviour: &Mutex<Behaviour>,
) -> Option<()> {
    for before in 0.. {
        let mut message = read_request(&mut stream)?;
        message.before = before;
        received.lock().unwrap().push(message.clone());
        let behaviour = Arc::clone(&behaviour.lock().unwrap());
        if behaviour(&message, &mut stream).ok()? == Then::Close {
            break;
        }
    }
    Some(())
}

/// Reads one request whole.
fn read_request(stream: &mut TcpStream) -> Option<Message> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    stream.read_exact(&mut vec![0; length.unwrap_or(0)]).ok()?;
    let mut words = head.split_whitespace();
    Some(Message {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        before: 0,
    })
}

/// Writes this and closes.
fn closing(bytes: impl Into<Vec<u8>>) -> Behaviour {
    let bytes = bytes.into();
    Arc::new(move |_, stream| {
        stream.write_all(&bytes)?;
        Ok(Then::Close)
    })
}

/// Writes this, and then nothing until the client goes.
fn holding(bytes: impl Into<Vec<u8>>) -> Behaviour {
    let bytes = bytes.into();
    Arc::new(move |_, stream| {
        stream.write_all(&bytes)?;
        io::copy(stream, &mut io::sink())?;
        Ok(Then::Close)
    })
}

/// Writes this, byte by byte, ten of them a second.
fn dripping(bytes: impl Into<Vec<u8>>) -> Behaviour {
    let bytes = bytes.into();
    Arc::new(move |_, stream| {
        stream.set_nodelay(true)?;
        for byte in &bytes {
            stream.write_all(&[*byte])?;
            thread::park_timeout(Duration::from_millis(100));
        }
        Ok(Then::Close)
    })
}

/// Writes this, and then the rest again and again, as fast as it is taken.
fn endless(begin: impl Into<Vec<u8>>, rest: impl Into<Vec<u8>>) -> Behaviour {
    let (begin, rest) = (begin.into(), rest.into());
    Arc::new(move |_, stream| {
        stream.write_all(&begin)?;
        loop {
            stream.write_all(&rest)?;
        }
    })
}

/// An answer with these headers and this body, and nothing that tells how long it is.
fn answer(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-type: application/json\r\n\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// An answer that tells its right length.
fn sized(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let length = body.as_ref().len();
    answer(&format!("{head}\r\ncontent-length: {length}"), body)
}

/// A good answer to each request.
fn good() -> Behaviour {
    Arc::new(|message, stream| {
        stream.write_all(&good_answer(message))?;
        Ok(Then::Stay)
    })
}

/// What a help desk tells of its rate limit: that there is much room.
const RATE: &str = "\r\nx-ratelimit-total: 5000\r\nx-ratelimit-remaining: 4999";

/// The good answer to a request.
fn good_answer(message: &Message) -> Vec<u8> {
    match message.method.as_str() {
        "POST" => sized(&format!("201 Created{RATE}"), ticket()),
        _ if message.path.contains("/tickets/") => sized(&format!("200 OK{RATE}"), ticket()),
        _ => sized(&format!("200 OK{RATE}"), "[]"),
    }
}

/// A ticket as the help desk writes it.
fn ticket() -> String {
    let (_, ticket) = Freshdesk::specimen();
    assert_eq!(ticket["id"], 1);
    Freshdesk::as_answer(ticket).to_string()
}

/// The real transport, with this address in place of the help desk's.
fn to(origin: String) -> Transport {
    allowed_to(origin, &[])
}

/// The same where the operator allows these.
fn allowed_to(origin: String, allowed: &[AllowedUpstream]) -> Transport {
    let network = network(allowed).unwrap().calls;
    BoxCloneSyncService::new(tower::service_fn(move |mut request: Request<Bytes>| {
        let path = request.uri().path_and_query().unwrap();
        *request.uri_mut() = format!("{origin}{path}").parse::<Uri>().unwrap();
        network.clone().oneshot(request)
    }))
}

/// A gateway with that line, and a client of so much patience.
async fn gateway(transport: Transport, patience: Duration) -> TestApp {
    let mut app = TestApp::of::<Freshdesk>(transport, clock()).await;
    app.edge.request_timeout = patience;
    app.restart();
    app
}

/// What a client is told: a status and a code; no code for a success.
type Told = (u16, &'static str);

/// What reads are told when there is no answer.
const BAD_GATEWAY: &[Told] = &[(502, "bad_gateway")];
/// What reads are told when it takes too long.
const TIMED_OUT: Told = (504, "gateway_timeout");
/// That alone.
const TOO_SLOW: &[Told] = &[TIMED_OUT];
/// One of both.
const EITHER: &[Told] = &[(502, "bad_gateway"), TIMED_OUT];
/// What reads are told when it is odd, and can be read or not.
const GOOD_OR_BAD: &[Told] = &[(200, ""), (502, "bad_gateway")];

/// A server that does something, and what its reads are told.
struct Trouble {
    /// What it does.
    name: String,
    /// How.
    behaviour: Behaviour,
    /// What may come of it.
    told: &'static [Told],
}

impl Trouble {
    /// One.
    fn new(name: impl fmt::Display, behaviour: Behaviour, told: &'static [Told]) -> Self {
        Self {
            name: name.to_string(),
            behaviour,
            told,
        }
    }
}

/// Asks a troublesome server for everything, and then a good one in its place.
async fn try_all(troubles: Vec<Trouble>) {
    let asked = troubles
        .iter()
        .flat_map(|trouble| Ask::ALL.map(|ask| Box::pin(try_one(trouble, ask))));
    let () = stream::iter(asked)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
}

/// Asks a troublesome server for something.
async fn try_one(trouble: &Trouble, ask: Ask) {
    let Trouble {
        name,
        behaviour,
        told,
    } = trouble;
    // Of what comes to no end a client of much patience would see as little.
    let patience = if told.contains(&TIMED_OUT) {
        PATIENCE
    } else {
        MORE_PATIENCE
    };
    let server = Server::start(Arc::clone(behaviour));
    let app = gateway(to(format!("http://{}", server.address)), patience).await;
    let begun = Instant::now();

    let answer = ask.of(&app).await;

    let took = begun.elapsed();
    assert!(took < patience + SLACK, "{name} {ask:?}: {took:?}");
    assert!(!answer.to_string().contains(INTERNAL), "{name} {answer}");
    let status = answer.status.as_u16();
    let code = answer.body["error_code"].as_str().unwrap_or_default();
    let is_told = if ask == Ask::Create {
        let is_good = told.iter().any(|(status, _)| *status == 200) && status == 201;
        is_good || (status, code) == (504, "outcome_unknown")
    } else {
        told.contains(&(status, code))
    };
    assert!(is_told, "{name} {ask:?}: {answer}");
    let writes = usize::from(ask == Ask::Create);
    assert_eq!(server.count("POST"), writes, "{name} {ask:?}");
    // The answer, the names of the statuses, and each of them three times.
    assert!(server.count("GET") <= 6, "{name} {ask:?}");

    server.behave(good());
    let again = Ask::Get.of(&app).await;
    // One that has failed too often is left in peace for a while.
    let is_left = again.status == 503 && again.to_string().contains("left in peace");
    assert!(
        again.status == 200 || is_left,
        "{name} {ask:?}, afterwards: {again}"
    );
}

/// The memory that the process has, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * PAGE
}

/// The same behaviour; the most memory that the process had while it wrote is kept.
fn endless_and_watched(begin: Vec<u8>, rest: Vec<u8>, most: &Arc<AtomicUsize>) -> Behaviour {
    let most = Arc::clone(most);
    Arc::new(move |_, stream| {
        stream.write_all(&begin)?;
        for part in rest.chunks(16 * 1024).cycle() {
            stream.write_all(part)?;
            most.fetch_max(resident(), Relaxed);
        }
        Ok(Then::Close)
    })
}

#[tokio::test]
async fn good_answers_are_read() {
    let server = Server::start(good());
    let app = gateway(to(format!("http://{}", server.address)), MORE_PATIENCE).await;
    for (ask, status) in [(Ask::Get, 200), (Ask::List, 200), (Ask::Create, 201)] {
        ask.of(&app).await.expect(status);
    }

    // So what is no good in the tests below is not that it is compressed, without a length or in parts.
    let ticket = ticket();
    let chunked = format!("{:x}\r\n{ticket}\r\n0\r\n\r\n", ticket.len());
    for bytes in [
        sized(
            "200 OK\r\ncontent-encoding: gzip",
            gzip(&stored(ticket.as_bytes()), ticket.as_bytes()),
        ),
        answer("200 OK\r\ntransfer-encoding: chunked", chunked),
        answer("200 OK", &ticket),
    ] {
        server.behave(closing(bytes));
        Ask::Get.of(&app).await.expect(200);
    }
}

/// What a server writes, and what that is called.
type Named = (&'static str, Vec<u8>);

/// Answers of which it is not clear where they end.
fn broken_off() -> Vec<Named> {
    let ticket = ticket();
    let whole = ticket.len();
    let chunked = "200 OK\r\ntransfer-encoding: chunked";
    vec![
        ("nothing", Vec::new()),
        ("one byte", b"H".into()),
        ("half a status", b"HTTP/1.1 2".into()),
        ("half a header", b"HTTP/1.1 200 OK\r\ncontent-".into()),
        (
            "a body that breaks off",
            answer(&format!("200 OK\r\ncontent-length: {}", whole + 9), &ticket),
        ),
        (
            "a length that is too short",
            answer("200 OK\r\ncontent-length: 5", &ticket),
        ),
        (
            "a length that is no number",
            answer("200 OK\r\ncontent-length: many", &ticket),
        ),
        (
            "a length below zero",
            answer("200 OK\r\ncontent-length: -5", &ticket),
        ),
        (
            "a length beyond all numbers",
            answer("200 OK\r\ncontent-length: 99999999999999999999999", &ticket),
        ),
        (
            "ten gigabytes to come",
            answer("200 OK\r\ncontent-length: 10000000000", &ticket),
        ),
        (
            "two lengths",
            answer(
                &format!("200 OK\r\ncontent-length: {whole}\r\ncontent-length: 5"),
                &ticket,
            ),
        ),
        (
            "parts that break off",
            answer(chunked, format!("{whole:x}\r\n{ticket}\r\n")),
        ),
        (
            "a part of no size",
            answer(chunked, format!("zz\r\n{ticket}\r\n0\r\n\r\n")),
        ),
        (
            "a part beyond all sizes",
            answer(chunked, format!("fffffffffffffffff\r\n{ticket}")),
        ),
        (
            "a part with a long extension",
            answer(chunked, format!("5;{}\r\n", "x".repeat(100_000))),
        ),
    ]
}

/// Answers that end, and are none.
fn no_answers() -> Vec<Named> {
    let ticket = ticket();
    let internal = format!("<html>{INTERNAL}</html>");
    vec![
        (
            "a page",
            answer("200 OK\r\ncontent-type: text/html", &internal),
        ),
        ("an empty answer", sized("200 OK", "")),
        ("no content", b"HTTP/1.1 204 No Content\r\n\r\n".into()),
        ("not modified", b"HTTP/1.1 304 Not Modified\r\n\r\n".into()),
        (
            "another protocol",
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".into(),
        ),
        ("a status of 999", answer("999 What", &ticket)),
        ("a status of two digits", answer("20 OK", &ticket)),
        ("a status that is a word", answer("OK", &ticket)),
        (
            "another version",
            format!("HTTP/3.7 200 OK\r\n\r\n{ticket}").into(),
        ),
        ("HTTP/0.9", ticket.clone().into()),
        ("a greeting", b"SSH-2.0-OpenSSH_9.6\r\n".into()),
        ("an alert of TLS", b"\x15\x03\x01\x00\x02\x02\x28".into()),
        ("HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00".repeat(4)),
        (
            "noise",
            (0..5_000_u32)
                .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
                .collect(),
        ),
        ("zeros", vec![0; 100_000]),
        (
            "a header without a colon",
            answer("200 OK\r\nno colon", &ticket),
        ),
        ("a zero in a header", answer("200 OK\r\nx: \0", &ticket)),
        (
            "a thousand headers",
            answer(&format!("200 OK{}", "\r\nx: y".repeat(1_000)), &ticket),
        ),
        (
            "a megabyte in a header",
            answer(&format!("200 OK\r\nx: {}", "y".repeat(1_000_000)), &ticket),
        ),
    ]
}

/// Answers that are not encoded as they say.
fn wrongly_encoded() -> Vec<Named> {
    let ticket = ticket();
    vec![
        (
            "an encoding that it is not",
            answer("200 OK\r\ncontent-encoding: gzip", &ticket),
        ),
        (
            "an encoding that breaks off",
            answer("200 OK\r\ncontent-encoding: gzip", &bomb(1)[..40]),
        ),
        (
            "an encoding with a wrong sum",
            answer(
                "200 OK\r\ncontent-encoding: gzip",
                gzip(&stored(ticket.as_bytes()), b"x"),
            ),
        ),
        (
            "an encoding that was not asked for",
            answer("200 OK\r\ncontent-encoding: deflate", b"\xff\x00\xff\x00"),
        ),
        (
            "an encoding of an encoding",
            answer(
                "200 OK\r\ncontent-encoding: gzip",
                gzip(&stored(&bomb(9)), &bomb(9)),
            ),
        ),
        (
            "two encodings",
            answer(
                "200 OK\r\ncontent-encoding: gzip, gzip",
                gzip(&stored(&bomb(9)), &bomb(9)),
            ),
        ),
    ]
}

#[tokio::test]
async fn what_is_no_answer_is_a_bad_gateway() {
    let bytes = [broken_off(), no_answers(), wrongly_encoded()];
    let troubles = bytes
        .into_iter()
        .flatten()
        .map(|(name, bytes)| Trouble::new(name, closing(bytes), BAD_GATEWAY));
    try_all(troubles.collect()).await;
}

#[tokio::test]
async fn what_is_odd_is_read_or_a_bad_gateway() {
    let list = "[]";
    let headers = "\r\nx: y".repeat(90);
    let troubles = [
        (
            "a hundred kilobytes of header",
            sized(&format!("200 OK\r\nx: {}", "y".repeat(100_000)), list),
        ),
        ("many headers", sized(&format!("200 OK{headers}"), list)),
        ("a header in two lines", sized("200 OK\r\nx: y\r\n z", list)),
        (
            "bare line feeds",
            b"HTTP/1.1 200 OK\ncontent-length: 2\n\n[]".to_vec(),
        ),
        (
            "a length and parts",
            answer(
                "200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked",
                "2\r\n[]\r\n0\r\n\r\n",
            ),
        ),
        (
            "the same length twice",
            answer("200 OK\r\ncontent-length: 2\r\ncontent-length: 2", list),
        ),
        (
            "an early hint",
            [
                b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n".to_vec(),
                sized("200 OK", list),
            ]
            .concat(),
        ),
        ("two answers", sized("200 OK", list).repeat(2)),
        ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\n[]".to_vec()),
    ];
    let troubles = troubles.map(|(name, bytes)| Trouble::new(name, closing(bytes), GOOD_OR_BAD));
    try_all(troubles.into()).await;
}

#[tokio::test]
async fn what_takes_too_long_ends_with_the_clients_patience() {
    let chunked = "200 OK\r\ntransfer-encoding: chunked";
    let troubles = vec![
        Trouble::new("silence", holding(""), TOO_SLOW),
        Trouble::new(
            "headers that do not end",
            holding("HTTP/1.1 200 OK\r\nx:"),
            TOO_SLOW,
        ),
        Trouble::new(
            "a body that does not come",
            holding(answer("200 OK\r\ncontent-length: 5000", "{")),
            TOO_SLOW,
        ),
        Trouble::new(
            "a compressed body that does not come",
            holding(answer("200 OK\r\ncontent-encoding: gzip", &bomb(1)[..40])),
            TOO_SLOW,
        ),
        Trouble::new(
            "no last part",
            holding(answer(chunked, "2\r\n[]\r\n")),
            TOO_SLOW,
        ),
        Trouble::new("drops", dripping(sized("200 OK", ticket())), TOO_SLOW),
        Trouble::new(
            "answers that are none yet, again and again",
            // Not as fast as it can: hyper reads megabytes of these before it lets anybody else run.
            Arc::new(|_, stream| {
                loop {
                    stream.write_all(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100))?;
                    thread::park_timeout(Duration::from_millis(5));
                }
            }),
            TOO_SLOW,
        ),
        Trouble::new(
            "drops of a body",
            Arc::new(|message, stream| {
                stream.write_all(&answer("200 OK\r\ncontent-length: 5000", ""))?;
                dripping(" ".repeat(5_000))(message, stream)
            }),
            TOO_SLOW,
        ),
    ];
    try_all(troubles).await;
}

#[tokio::test]
async fn what_has_no_end_is_left_in_time_and_in_little_room() {
    let chunked = answer("200 OK\r\ntransfer-encoding: chunked", "");
    let part = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let small_part = "1\r\n \r\n".repeat(1_000);
    let (before, most) = (resident(), Arc::default());
    let watched =
        |begin: &[u8], rest: &str| endless_and_watched(begin.to_vec(), rest.into(), &most);
    let troubles = vec![
        Trouble::new(
            "parts without an end",
            watched(&chunked, &part),
            BAD_GATEWAY,
        ),
        Trouble::new(
            "small parts without an end",
            watched(&chunked, &small_part),
            EITHER,
        ),
        Trouble::new(
            "a body without an end",
            watched(&answer("200 OK", ""), &part),
            BAD_GATEWAY,
        ),
        Trouble::new(
            "headers without an end",
            watched(b"HTTP/1.1 200 OK\r\n", &"x: y\r\n".repeat(1_000)),
            EITHER,
        ),
        Trouble::new(
            "a header without an end",
            watched(b"HTTP/1.1 200 OK\r\nx: ", &part.replace("\r\n", "")),
            EITHER,
        ),
        Trouble::new(
            "line feeds without an end",
            endless("", "\r\n".repeat(10_000)),
            EITHER,
        ),
    ];

    try_all(troubles).await;

    let most = most.load(Relaxed);
    assert!(
        most > 0 && most.saturating_sub(before) < ROOM,
        "{before} {most}"
    );
}

#[tokio::test]
async fn a_small_answer_that_grows_without_measure_is_cut() {
    // A gigabyte in six megabytes; and in parts of a few bytes, each of which grows.
    let bomb = bomb(1024);
    let head = answer("200 OK\r\ncontent-encoding: gzip", "");
    let (before, most) = (resident(), Arc::default());
    let troubles = vec![Trouble::new(
        "a bomb",
        endless_and_watched(head, bomb, &most),
        BAD_GATEWAY,
    )];

    try_all(troubles).await;

    let most = most.load(Relaxed);
    assert!(
        most > 0 && most.saturating_sub(before) < ROOM,
        "{before} {most}"
    );
}

/// A DEFLATE stream of so many mebibytes of zeros, by matches of the greatest length, in a gzip frame.
fn bomb(mebibytes: usize) -> Vec<u8> {
    // The last block, with the fixed codes; a zero; then a match of 258 bytes at distance 1, whose code has
    // 13 bits: eight of them are 13 bytes, which repeat.
    let mut bits: Vec<u8> = vec![1, 1, 0];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..24 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1]);
        bits.extend([0; 5]);
    }
    let bytes: Vec<u8> = bits
        .chunks(8)
        .map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit))
        .collect();
    let (begin, period) = (&bytes[..2], &bytes[2..15]);
    let periods = mebibytes * 1024 * 1024 / (8 * 258);
    gzip(&[begin, &period.repeat(periods)].concat(), b"")
}

/// A DEFLATE stream that compresses nothing.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::new();
    for part in bytes.chunks(0xffff) {
        let length = u16::try_from(part.len()).unwrap();
        blocks.push(0);
        blocks.extend(length.to_le_bytes());
        blocks.extend((!length).to_le_bytes());
        blocks.extend(part);
    }
    blocks.extend([1, 0, 0, 0xff, 0xff]);
    blocks
}

/// A gzip frame around a DEFLATE stream, with the sum and length of what it is to hold.
fn gzip(stream: &[u8], plain: &[u8]) -> Vec<u8> {
    let sum = plain.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(sum & 1))
        })
    });
    let length = u32::try_from(plain.len()).unwrap();
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [
        &head[..],
        stream,
        &(!sum).to_le_bytes(),
        &length.to_le_bytes(),
    ]
    .concat()
}

/// A listener to which nobody is to come; answers well all the same.
struct Trap {
    /// Where it is.
    address: SocketAddr,
    /// The first bytes of each connection.
    caught: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Trap {
    /// Sets it.
    fn set() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let trap = Self {
            address: listener.local_addr().unwrap(),
            caught: Arc::default(),
        };
        let caught = Arc::clone(&trap.caught);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut bytes = vec![0; 4096];
                let count = stream.read(&mut bytes).unwrap_or(0);
                bytes.truncate(count);
                caught.lock().unwrap().push(bytes);
                // One that is gone does not need it.
                let _ = stream.write_all(&sized("200 OK", ticket()));
            }
        });
        trap
    }
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let trap = Trap::set();
    let mut troubles = Vec::new();
    for status in [300, 301, 302, 303, 307, 308] {
        for place in [
            format!("http://{}/api/v2/tickets/1", trap.address),
            format!("//{}/", trap.address),
            format!("http://user:password@{}/", trap.address),
        ] {
            let head = format!("{status} Elsewhere\r\nlocation: {place}");
            let bytes = sized(&head, format!("<a href=\"{place}\">{INTERNAL}</a>"));
            troubles.push(Trouble::new(head, closing(bytes), BAD_GATEWAY));
        }
        let refresh = format!(
            "{status} Elsewhere\r\nrefresh: 0; url=http://{0}/\r\nlink: <http://{0}/>; rel=next",
            trap.address
        );
        troubles.push(Trouble::new(
            &refresh,
            closing(sized(&refresh, "{}")),
            BAD_GATEWAY,
        ));
    }
    let to_itself = "301 Elsewhere\r\nlocation: /api/v2/tickets/1";
    troubles.push(Trouble::new(
        "itself",
        closing(sized(to_itself, "")),
        BAD_GATEWAY,
    ));

    try_all(troubles).await;

    assert!(trap.caught.lock().unwrap().is_empty());
    // The trap does catch.
    let app = gateway(to(format!("http://{}", trap.address)), MORE_PATIENCE).await;
    Ask::Get.of(&app).await.expect(200);
    let caught = trap.caught.lock().unwrap();
    assert!(String::from_utf8_lossy(&caught[0]).contains("authorization: "));
}

#[tokio::test]
async fn nothing_is_said_in_clear_to_whom_was_to_be_talked_to_in_private() {
    for ask in Ask::ALL {
        let trap = Trap::set();
        let app = gateway(to(format!("https://{}", trap.address)), MORE_PATIENCE).await;

        let answer = ask.of(&app).await;

        assert_eq!(answer.refused(502), "bad_gateway");
        let caught = trap.caught.lock().unwrap();
        assert!(!caught.is_empty());
        for bytes in caught.iter() {
            // A ClientHello, and not a word more.
            assert_eq!(bytes.first(), Some(&0x16));
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            for secret in Freshdesk::secrets() {
                assert!(!text.contains(&secret.to_lowercase()));
            }
            assert!(
                !text.contains(&UPSTREAM_KEY.to_lowercase()) && !text.contains("authorization")
            );
        }
    }
}

#[tokio::test]
async fn a_name_that_leads_home_is_not_followed_unless_the_operator_allows_it() {
    let server = Server::start(Arc::new(|message, stream| {
        stream.write_all(&good_answer(message))?;
        Ok(Then::Stay)
    }));
    let port = server.address.port();
    let origin = format!("http://localhost:{port}");
    for ask in Ask::ALL {
        let app = gateway(to(origin.clone()), MORE_PATIENCE).await;
        assert_eq!(ask.of(&app).await.refused(502), "bad_gateway");
    }
    assert!(server.received.lock().unwrap().is_empty());

    let allowed = [format!("localhost:{port}").parse().unwrap()];
    let app = gateway(allowed_to(origin, &allowed), MORE_PATIENCE).await;
    Ask::Get.of(&app).await.expect(200);
}

#[tokio::test]
async fn nobody_there_is_a_bad_gateway_for_a_write_too() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let origins = [
        format!("http://{address}"),
        "http://nobody.invalid".into(),
        "http://127.0.0.1:0".into(),
    ];
    for origin in origins {
        for ask in Ask::ALL {
            let app = gateway(to(origin.clone()), MORE_PATIENCE).await;
            let begun = Instant::now();

            let answer = ask.of(&app).await;

            // It certainly was not carried out.
            assert_eq!(answer.refused(502), "bad_gateway", "{origin} {ask:?}");
            assert!(begun.elapsed() < MORE_PATIENCE);
        }
    }
}

#[tokio::test]
async fn a_connection_that_closes_after_each_answer_costs_no_request() {
    let server = Server::start(Arc::new(|message, stream| {
        // It says nothing of closing.
        stream.write_all(&good_answer(message))?;
        Ok(Then::Close)
    }));
    let app = gateway(to(format!("http://{}", server.address)), MORE_PATIENCE).await;
    let mut made = 0;
    for round in 1..=10 {
        Ask::Get.of(&app).await.expect(200);

        let create = Ask::Create.of(&app).await;

        // It may have been sent into the closing connection: nobody knows, and nobody sends it again.
        match create.status.as_u16() {
            201 => made += 1,
            _ => assert_eq!(create.refused(504), "outcome_unknown"),
        }
        assert!((made..=round).contains(&server.count("POST")));
        Ask::List.of(&app).await.expect(200);
    }
    assert!(made > 0);
}

#[tokio::test]
async fn a_write_on_a_connection_that_dies_is_sent_once() {
    let server = Server::start(Arc::new(|message, stream| {
        if message.before > 0 {
            return Ok(Then::Close);
        }
        stream.write_all(&good_answer(message))?;
        Ok(Then::Stay)
    }));
    let app = gateway(to(format!("http://{}", server.address)), MORE_PATIENCE).await;
    let mut unknown = 0;
    for round in 1..=8 {
        // The host has not failed so far: what is left in peace is not sent at all.
        app.restart();
        // The first leaves a connection behind on which the next is not answered.
        Ask::Get.of(&app).await.expect(200);
        Ask::Get.of(&app).await.expect(200);

        let create = Ask::Create.of(&app).await;

        if create.status != 201 {
            assert_eq!(create.refused(504), "outcome_unknown");
            unknown += 1;
        }
        assert_eq!(server.count("POST"), round);
    }
    assert!(unknown > 0);
}

#[tokio::test]
async fn what_a_server_asks_to_wait_is_bounded() {
    let forms: &[(&[u8], u64)] = &[
        (b"7", 7),
        (b" 7 ", 7),
        (b"0", 1),
        (b"0.2", 1),
        (b"7.01", 8),
        (b"-5", 10),
        (b"-0", 1),
        (b"+7", 7),
        (b"1e1", 10),
        (b"1e308", 3600),
        (b"1e400", 10),
        (b"inf", 10),
        (b"NaN", 10),
        (b"0x10", 10),
        (b"99999999999999999999999999", 3600),
        (b"7, 9", 10),
        (b"7 seconds", 10),
        (b"soon", 10),
        (b"", 10),
        (b"\xff\xfe", 10),
        (b"\xd9\xa7", 10),
        (b"Fri, 20 Nov 2026 20:00:42 GMT", 42),
        (b"Friday, 20-Nov-26 20:00:42 GMT", 10),
        (b"Fri, 20 Nov 2026 19:00:00 GMT", 10),
        (b"Sat, 20 Nov 9999 20:00:00 GMT", 3600),
        (b"Fri, 20 Nov 99999 20:00:00 GMT", 10),
        (b"Fri, 31 Feb 2026 20:00:00 GMT", 10),
        (b"2026-11-20T20:00:42Z", 10),
    ];
    // Gateways take long to set up in debug code, so that this comes before anything is measured.
    let mut all = Vec::new();
    for (form, told) in forms {
        let head = "HTTP/1.1 429 Slow\r\ncontent-length: 0\r\nconnection: close\r\n\
                    date: Fri, 20 Nov 2026 20:00:00 GMT\r\nretry-after: ";
        let bytes = [head.as_bytes(), form, b"\r\n\r\n"].concat();
        let server = Server::start(closing(bytes));
        // What is longer than the client's patience is not waited for; what is shorter is.
        let patience = PATIENCE * if *told == 1 { 8 } else { 4 };
        let app = gateway(to(format!("http://{}", server.address)), patience).await;
        all.push((String::from_utf8_lossy(form), *told, patience, server, app));
    }
    let ask_all = all
        .iter()
        .map(|(form, told, patience, server, app)| async move {
            for ask in Ask::ALL {
                app.restart();
                let sent = server.count("POST");
                let begun = Instant::now();

                let answer = ask.of(app).await;

                assert!(begun.elapsed() < *patience + SLACK, "{form}");
                assert_eq!(
                    answer.status,
                    429,
                    "{form} {ask:?} {:?}: {}",
                    begun.elapsed(),
                    answer.body
                );
                // Whoever stood in line behind the call that was refused is told what is left of the time.
                let wait: u64 = answer.headers["retry-after"]
                    .to_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                let before = patience.as_secs() + 1;
                assert!(wait <= *told && wait + before >= *told, "{form}: {wait}");
                assert!(server.count("POST") <= sent + 3, "{form}");
            }
        });
    let () = stream::iter(ask_all)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
}
