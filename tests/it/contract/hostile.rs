//! Answers of the help desk that somebody has tampered with: its own ones, changed at one place.
//!
//! Whatever is wrong with them, a client gets an object of ours or one clear error, in bounded time
//! and for a bounded number of calls; nothing but the help desk is called, no private comment is
//! called public, and what follows is as good as ever.
//!
//! Some hundred random cases run with `cargo test`; `DESKGATE_LAW_CASES=10000 cargo test --test it
//! a_changed_answer` runs more. A failing case is shrunk and printed whole: it needs nothing else to be repeated.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use deskgate::model::id::CommentId;
use deskgate::provider::capability::Operation;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::lab::{Lab, new_ticket, public, runtime, upstream_comment};
use crate::contract::law::cases;
use crate::desks::{HelpDesk, Setup};
use crate::support::request::Answer;

/// A text that is in no answer of any help desk, and that no error may repeat.
const INTERNAL: &str = "INTERNAL-9a1";
/// Where nobody may be sent.
const ELSEWHERE: &str = "http://evil.test";
/// Most calls that one request may cost.
const MOST_CALLS: usize = 40;
/// Longest time that one request may keep the machine busy, however loaded it is.
const BUSY: Duration = Duration::from_secs(20);

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    /// A ticket.
    Get,
    /// A ticket, with the help desk's own object.
    GetRaw,
    /// A page of tickets.
    List,
    /// A page of a few tickets, trash and spam included.
    ListAll,
    /// A page of tickets with a filter.
    ListOpen,
    /// A page of comments.
    Comments,
    /// A page of a few comments.
    FewComments,
    /// A new ticket.
    Create,
    /// Another subject of a ticket.
    Update,
    /// A ticket's end.
    Delete,
    /// A public comment.
    Reply,
    /// A private comment.
    Note,
    /// Another text of a comment.
    EditComment,
    /// The end of a comment's being public.
    HideComment,
    /// A comment's end.
    DeleteComment,
}

impl Ask {
    /// All of them.
    const ALL: [Self; 15] = [
        Self::Get,
        Self::GetRaw,
        Self::List,
        Self::ListAll,
        Self::ListOpen,
        Self::Comments,
        Self::FewComments,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Reply,
        Self::Note,
        Self::EditComment,
        Self::HideComment,
        Self::DeleteComment,
    ];

    /// What the help desk has to be able to do.
    fn operation(self) -> Operation {
        match self {
            Self::Get | Self::GetRaw => Operation::GetTicket,
            Self::List | Self::ListAll | Self::ListOpen => Operation::ListTickets,
            Self::Comments | Self::FewComments => Operation::ListComments,
            Self::Create => Operation::CreateTicket,
            Self::Update => Operation::UpdateTicket,
            Self::Delete => Operation::DeleteTicket,
            Self::Reply | Self::Note => Operation::CreateComment,
            Self::EditComment | Self::HideComment => Operation::UpdateComment,
            Self::DeleteComment => Operation::DeleteComment,
        }
    }

    /// Whether it makes something new.
    fn is_create(self) -> bool {
        matches!(self, Self::Create | Self::Reply | Self::Note)
    }

    /// Whether it changes nothing.
    fn is_read(self) -> bool {
        use Ask::{Comments, FewComments, Get, GetRaw, List, ListAll, ListOpen};
        matches!(
            self,
            Get | GetRaw | List | ListAll | ListOpen | Comments | FewComments
        )
    }
}

/// Which of the help desk's answers are tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those to all calls.
    Every,
    /// That to one of the calls.
    Nth(u8),
    /// Those to what is no read.
    Writes,
}

/// One change of an answer.
#[derive(Debug, Clone)]
enum Change {
    /// Of its JSON, at one of the places that it has.
    Json {
        /// Which: the keys on the way, then which of those that have the same.
        place: u32,
        /// What is done there.
        edit: Edit,
    },
    /// Of its bytes, at this part of their length.
    Bytes {
        /// Where, of 65,536.
        at: u16,
        /// What is done there.
        cut: Cut,
    },
    /// Of a header.
    Header(Header),
    /// Of its status, to another that claims success or that nothing has changed.
    Status(u16),
}

/// A change of a JSON value.
#[derive(Debug, Clone, Copy)]
enum Edit {
    /// It is not there.
    Drop,
    /// It is there twice.
    Twice,
    /// It is there twice, the second time like this.
    TwiceOdd(Odd),
    /// It is replaced.
    Replace(Odd),
    /// Its key is spelled in another way.
    Rename,
    /// It is the next number, or the text of the next number.
    Next,
    /// A number is a text, and a text of digits a number.
    Retype,
    /// It is in a list.
    Wrap,
}

/// A value that stands where another is expected.
#[derive(Debug, Clone, Copy)]
enum Odd {
    /// This JSON.
    Text(&'static str),
    /// A text of a megabyte.
    Long,
    /// A number of a hundred thousand digits.
    Digits,
    /// A list in a list in a list.
    DeepList,
    /// An object in an object in an object.
    DeepObject,
    /// A list of a hundred thousand elements.
    Wide,
}

/// Odd values that are short. Those that say that something is public come last.
const ODD: [&str; 51] = [
    "null",
    "\"\"",
    "\"x\"",
    "\"INTERNAL-9a1\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\u{202e}\u{feff}\"",
    "\"a\\r\\nSet-Cookie: x=1\"",
    "\"<script>alert(1)</script>\"",
    "\"../../admin\"",
    "\"%2e%2e%2f\"",
    "\"1 or 1=1\"",
    "\"http://evil.test/api/v2/tickets?page=2\"",
    "\"//evil.test/x\"",
    "\"/v2/\\\\evil.test\"",
    "\"file:///etc/passwd\"",
    "\"javascript:alert(1)\"",
    "\"2026-13-45T99:00:00Z\"",
    "\"0000-00-00T00:00:00Z\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"-009999-01-01T00:00:00Z\"",
    "\"1970-01-01\"",
    "\"2026-11-20T20:00:00.123456789123+99:99\"",
    "-1",
    "-0",
    "-0.0",
    "1.5",
    "1e3",
    "1e300",
    "1e400",
    "-1e400",
    "1e-400",
    "2147483648",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551616",
    "\"18446744073709551616\"",
    "\"-1\"",
    "\"0\"",
    "[]",
    "[null]",
    "[[[]]]",
    "[1,\"x\",null,{}]",
    "{}",
    "{\"id\":null}",
    "{\"\":{\"\":0}}",
    "true",
    "false",
    "1",
    "0",
];

/// A change of bytes.
#[derive(Debug, Clone)]
enum Cut {
    /// One bit is turned.
    Flip(u8),
    /// It ends here.
    End,
    /// These are put in.
    Insert(Vec<u8>),
    /// So many are missing.
    Remove(u8),
    /// So many are there twice.
    Repeat(u8),
    /// What is no UTF-8 is put in.
    NoText(u8),
    /// All of it is this.
    Whole(Vec<u8>),
}

/// A change of headers.
#[derive(Debug, Clone, Copy)]
enum Header {
    /// There are none.
    None,
    /// This one has this value.
    Set(&'static str, &'static [u8]),
}

/// Headers that vendors send, with what they would not.
const HEADERS: [(&str, &[u8]); 24] = [
    (
        "link",
        b"<http://evil.test/api/v2/tickets?page=2>; rel=\"next\"",
    ),
    ("link", b"<//evil.test>; rel=next"),
    ("link", b"<"),
    ("link", b"\xff\xfe"),
    ("location", b"http://evil.test/"),
    ("date", b""),
    ("date", b"yesterday"),
    ("date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
    ("date", b"Fri, 31 Dec 9999 23:59:59 GMT"),
    ("date", b"Fri, 31 Dec 99999 23:59:59 GMT"),
    ("date", b"\xff"),
    ("content-type", b"text/html"),
    ("content-type", b"application/json; charset=utf-16"),
    ("content-encoding", b"gzip"),
    ("content-length", b"5"),
    ("transfer-encoding", b"chunked"),
    ("retry-after", b"1e400"),
    ("retry-after", b"-1"),
    ("x-ratelimit-remaining", b"NaN"),
    ("x-ratelimit-remaining", b"-99999999999999999999"),
    ("x-ratelimit-total", b"inf"),
    ("x-ratelimit-used-currentrequest", b"1e308"),
    ("x-ratelimit-used-currentrequest", b"-1"),
    ("set-cookie", b"session=INTERNAL-9a1"),
];

/// A case: what is asked for, and how the help desk's answers are tampered with.
#[derive(Debug, Clone)]
struct Case {
    /// What is asked for.
    ask: Ask,
    /// Which answers.
    which: Which,
    /// How.
    change: Change,
}

/// Random cases of what a help desk can do.
fn all_cases<D: HelpDesk>() -> impl Strategy<Value = Case> {
    let mut asks = Ask::ALL.to_vec();
    asks.retain(|ask| D::capabilities().operations.contains(&ask.operation()));
    let odd = || {
        prop_oneof![
            40 => prop::sample::select(ODD.to_vec()).prop_map(Odd::Text),
            1 => Just(Odd::Long),
            1 => Just(Odd::Digits),
            1 => Just(Odd::DeepList),
            1 => Just(Odd::DeepObject),
            1 => Just(Odd::Wide),
        ]
    };
    let edit = prop_oneof![
        3 => Just(Edit::Drop),
        1 => Just(Edit::Twice),
        1 => odd().prop_map(Edit::TwiceOdd),
        12 => odd().prop_map(Edit::Replace),
        1 => Just(Edit::Rename),
        2 => Just(Edit::Next),
        2 => Just(Edit::Retype),
        1 => Just(Edit::Wrap),
    ];
    let noise = || prop::collection::vec(any::<u8>(), 0..40);
    let cut = prop_oneof![
        4 => (0..8_u8).prop_map(Cut::Flip),
        1 => Just(Cut::End),
        2 => noise().prop_map(Cut::Insert),
        1 => (1..u8::MAX).prop_map(Cut::Remove),
        1 => (1..u8::MAX).prop_map(Cut::Repeat),
        1 => (0..3_u8).prop_map(Cut::NoText),
        1 => noise().prop_map(Cut::Whole),
    ];
    let header = prop_oneof![
        1 => Just(Header::None),
        9 => prop::sample::select(HEADERS.to_vec()).prop_map(|(name, value)| Header::Set(name, value)),
    ];
    let status = prop::sample::select(vec![200_u16, 201, 202, 203, 204, 205, 206, 226, 299, 304]);
    let change = prop_oneof![
        14 => (any::<u32>(), edit).prop_map(|(place, edit)| Change::Json { place, edit }),
        4 => (any::<u16>(), cut).prop_map(|(at, cut)| Change::Bytes { at, cut }),
        1 => header.prop_map(Change::Header),
        1 => status.prop_map(Change::Status),
    ];
    // What is no read has writes.
    let which = prop_oneof![
        2 => Just(Which::Every),
        5 => any::<u8>().prop_map(Which::Nth),
        3 => Just(Which::Writes),
    ];
    (prop::sample::select(asks), which, change).prop_map(|(ask, which, change)| Case {
        ask,
        which,
        change,
    })
}

impl Odd {
    /// As JSON.
    fn text(self) -> String {
        match self {
            Self::Text(text) => text.into(),
            Self::Long => format!("\"{}\"", "a\u{e9}\\n".repeat(200_000)),
            Self::Digits => "7".repeat(100_000),
            Self::DeepList => format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
            Self::DeepObject => format!("{}0{}", "{\"id\":".repeat(10_000), "}".repeat(10_000)),
            Self::Wide => format!("[{}0]", "0,".repeat(100_000)),
        }
    }

    /// Whether a help desk that says this of a comment may mean that everybody sees it.
    fn may_mean_public(self) -> bool {
        match self {
            // Of the comment's kind, its number, or a flag.
            Self::Text(text) => {
                text.starts_with(|c: char| c.is_ascii_digit() || "tf\"-".contains(c))
            }
            Self::Long | Self::Digits | Self::DeepList | Self::DeepObject | Self::Wide => false,
        }
    }
}

/// A place in a JSON value: the keys on the way to it, all elements of a list alike.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let path = format!("{path}.{key}");
                found.push(path.clone());
                places(member, &path, found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                let path = format!("{path}[]");
                found.push(path.clone());
                places(element, &path, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Which value, in the order of [`places`], is meant by a random number, and where it is.
fn pick(value: &Value, place: u32) -> Option<(usize, String)> {
    let mut all = Vec::new();
    places(value, "", &mut all);
    let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, path) in all.iter().enumerate() {
        by_path.entry(path).or_default().push(number);
    }
    let place = usize::try_from(place).unwrap();
    let (path, numbers) = by_path.iter().nth(place % by_path.len().max(1))?;
    let which = place / by_path.len() % numbers.len();
    Some((numbers[which], (*path).to_owned()))
}

/// Writes JSON, changed at one place. By hand: much of it is none that [`Value`] can hold.
struct Tampered {
    /// What is written so far.
    text: String,
    /// Values passed so far.
    passed: usize,
    /// The one to change.
    target: usize,
    /// How.
    edit: Edit,
}

impl Tampered {
    /// The whole text.
    fn write(value: &Value, target: usize, edit: Edit) -> String {
        let mut this = Self {
            text: String::new(),
            passed: 0,
            target,
            edit,
        };
        this.value(value);
        this.text
    }

    /// Writes a value.
    fn value(&mut self, value: &Value) {
        let end = match value {
            Value::Object(members) => {
                self.text.push('{');
                for (key, member) in members {
                    self.entry(Some(key), member);
                }
                '}'
            }
            Value::Array(elements) => {
                self.text.push('[');
                for element in elements {
                    self.entry(None, element);
                }
                ']'
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.text.push_str(&value.to_string());
                return;
            }
        };
        if self.text.ends_with(',') {
            self.text.pop();
        }
        self.text.push(end);
    }

    /// Writes a member or an element, and what is done to it.
    fn entry(&mut self, key: Option<&str>, value: &Value) {
        let number = self.passed;
        self.passed += 1;
        if number != self.target {
            self.key(key);
            self.value(value);
            self.text.push(',');
            return;
        }
        let plain = value.to_string();
        let written = match self.edit {
            Edit::Drop => return,
            Edit::Twice => vec![plain.clone(), plain],
            Edit::TwiceOdd(odd) => vec![plain, odd.text()],
            Edit::Replace(odd) => vec![odd.text()],
            Edit::Rename => {
                let key = key.map(|key| format!("{}_", key.to_uppercase()));
                self.key(key.as_deref());
                self.text.push_str(&plain);
                self.text.push(',');
                return;
            }
            Edit::Next => vec![next(value)],
            Edit::Retype => vec![retyped(value)],
            Edit::Wrap => vec![format!("[{plain}]")],
        };
        for text in written {
            self.key(key);
            self.text.push_str(&text);
            self.text.push(',');
        }
        // What lies below is not the target any more.
        self.target = usize::MAX;
    }

    /// Writes a key.
    fn key(&mut self, key: Option<&str>) {
        if let Some(key) = key {
            let _ = write!(self.text, "{}:", json!(key));
        }
    }
}

/// The next number, or another text.
fn next(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_i64().map_or("1".into(), |n| (n + 1).to_string()),
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => json!((number + 1).to_string()).to_string(),
            Err(_) => json!(format!("{text}x")).to_string(),
        },
        Value::Bool(flag) => (!flag).to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => "0".into(),
    }
}

/// The same in another type.
fn retyped(value: &Value) -> String {
    match value {
        Value::Number(_) | Value::Bool(_) | Value::Null => json!(value.to_string()).to_string(),
        Value::String(text) if text.parse::<i64>().is_ok() => text.clone(),
        Value::String(text) => json!({ text: text }).to_string(),
        Value::Array(elements) => elements.first().unwrap_or(&Value::Null).to_string(),
        Value::Object(members) => Value::Array(members.values().cloned().collect()).to_string(),
    }
}

/// Changes bytes.
fn cut(bytes: &[u8], at: u16, cut: &Cut) -> Vec<u8> {
    let place = bytes.len() * usize::from(at) / (usize::from(u16::MAX) + 1);
    let (before, after) = bytes.split_at(place);
    let end = |count: u8| after.len().min(usize::from(count));
    match cut {
        Cut::Flip(bit) => {
            let mut bytes = bytes.to_vec();
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << bit;
            }
            bytes
        }
        Cut::End => before.to_vec(),
        Cut::Insert(noise) => [before, noise, after].concat(),
        Cut::Remove(count) => [before, &after[end(*count)..]].concat(),
        Cut::Repeat(count) => [before, &after[..end(*count)], after].concat(),
        Cut::NoText(which) => {
            // A byte that never is, a lone half of a pair, and a slash that is too long.
            let odd: [&[u8]; 3] = [b"\xff", b"\xed\xa0\x80", b"\xc0\xaf"];
            [before, odd[usize::from(*which)], after].concat()
        }
        Cut::Whole(noise) => noise.clone(),
    }
}

/// What was done to an answer.
#[derive(Debug, Clone)]
struct Done {
    /// Where, for a change of JSON.
    path: Option<String>,
}

/// Changes an answer; says what was done, if there was something to do it to.
fn tamper(answer: Response<Bytes>, change: &Change) -> (Response<Bytes>, Option<Done>) {
    let (mut parts, body) = answer.into_parts();
    let mut path = None;
    let body = match change {
        Change::Json { place, edit } => {
            let Ok(value) = serde_json::from_slice::<Value>(&body) else {
                return (Response::from_parts(parts, body), None);
            };
            let Some((target, found)) = pick(&value, *place) else {
                return (Response::from_parts(parts, body), None);
            };
            path = Some(found);
            Tampered::write(&value, target, *edit).into()
        }
        Change::Bytes { at, cut: how } => cut(&body, *at, how).into(),
        Change::Header(Header::None) => {
            parts.headers.clear();
            body
        }
        Change::Header(Header::Set(name, value)) => {
            let value = HeaderValue::from_bytes(value).unwrap();
            parts.headers.insert(HeaderName::from_static(name), value);
            body
        }
        Change::Status(status) => {
            parts.status = StatusCode::from_u16(*status).unwrap();
            body
        }
    };
    (Response::from_parts(parts, body), Some(Done { path }))
}

/// What went over the line during one request.
#[derive(Clone, Default)]
struct Seen {
    /// Address and verb of each call.
    calls: Arc<Mutex<Vec<(Method, String)>>>,
    /// Where answers were changed.
    done: Arc<Mutex<Vec<Done>>>,
}

/// What a request is answered with when nothing is changed.
#[derive(Debug, Clone, Copy)]
struct Usual {
    /// Status, and how many objects there are.
    summary: (u16, usize),
    /// How many calls it takes.
    calls: usize,
}

/// A gateway, and a help desk that is the same at the beginning of each case.
struct Stage<D> {
    /// Them.
    lab: Lab<D>,
    /// The help desk's ids of the ticket that is asked for, and of its comments: whether each is public.
    ticket: (String, BTreeMap<String, bool>),
    /// What each request is answered with when nothing is changed, once it was asked.
    usual: BTreeMap<Ask, Usual>,
}

impl<D: HelpDesk> Stage<D> {
    /// Puts it together.
    async fn new() -> Self {
        Self {
            lab: Lab::with(0, 7).await.in_still_time(),
            ticket: Default::default(),
            usual: BTreeMap::new(),
        }
    }

    /// Begins anew.
    async fn reset(&mut self) {
        let setup = Setup {
            tickets: 8,
            seed: 7,
            habit: 0,
        };
        self.lab.exchange(setup).await;
        let desk = &self.lab.desk;
        let ticket = desk.create("the one", 100).await;
        desk.create("the other", 100).await;
        for (text, is_public) in [
            ("one", true),
            ("two", false),
            ("three", false),
            ("four", true),
        ] {
            desk.add_comment(&ticket, text, is_public).await;
        }
        let comments = desk.comments(&ticket).await.into_iter();
        let comments = comments.map(|comment| (comment.id, comment.is_public));
        self.ticket = (ticket, comments.collect());
        self.lab.wait();
    }

    /// How many tickets there are, and comments of the one.
    async fn count(&self) -> usize {
        let desk = &self.lab.desk;
        desk.tickets().await.len() + desk.comments(&self.ticket.0).await.len()
    }

    /// Has the line lead to the help desk, with some of its answers changed.
    fn meddle(&self, tampering: Option<(Which, Change)>) -> Seen {
        let seen = Seen::default();
        let (desk, shown) = (self.lab.desk.transport(), seen.clone());
        let far_end = tower::service_fn(move |request: Request<Bytes>| {
            let (desk, seen) = (desk.clone(), shown.clone());
            let mut calls = seen.calls.lock().unwrap();
            let number = calls.len();
            let method = request.method().clone();
            calls.push((method.clone(), request.uri().to_string()));
            drop(calls);
            let change = tampering.clone().and_then(|(which, change)| {
                let is_meant = match which {
                    Which::Every => true,
                    Which::Nth(nth) => usize::from(nth) == number,
                    Which::Writes => method != Method::GET,
                };
                is_meant.then_some(change)
            });
            async move {
                let answer = desk.oneshot(request).await?;
                let Some(change) = change else {
                    return Ok(answer);
                };
                let (answer, done) = tamper(answer, &change);
                seen.done.lock().unwrap().extend(done);
                Ok(answer)
            }
        });
        self.lab.wire.redirect(BoxCloneSyncService::new(far_end));
        self.lab.wire.received.clear();
        seen
    }

    /// Asks.
    async fn ask(&self, ask: Ask) -> Answer {
        let app = &self.lab.app;
        let (id, known) = &self.ticket;
        let ticket = format!("/tickets/{}", public(id));
        let comments = format!("{ticket}/comments");
        let comment = |is_public: bool| {
            let (id, _) = known
                .iter()
                .find(|(_, known)| **known == is_public)
                .unwrap();
            format!("{comments}/{}", CommentId::from_upstream(id.clone()))
        };
        let content = |public: bool| json!({ "content": "c", "public": public });
        match ask {
            Ask::Get => app.get(&ticket).await,
            Ask::GetRaw => {
                let get = app.get(&ticket).header("x-kloudless-raw-data", "true");
                get.await
            }
            Ask::List => app.get("/tickets").await,
            Ask::ListAll => {
                let query = "page_size=4&include_deleted=true&include_spam=true";
                app.get(&format!("/tickets?{query}")).await
            }
            Ask::ListOpen => app.get("/tickets?status=open").await,
            Ask::Comments => app.get(&comments).await,
            Ask::FewComments => app.get(&format!("{comments}?page_size=2")).await,
            Ask::Create => app.post("/tickets", new_ticket()).await,
            Ask::Update => app.patch(&ticket, json!({ "subject": "changed" })).await,
            Ask::Delete => app.delete(&ticket).await,
            Ask::Reply => app.post(&comments, content(true)).await,
            Ask::Note => app.post(&comments, content(false)).await,
            Ask::EditComment => {
                let edit = json!({ "content": "changed" });
                app.patch(&comment(false), edit).await
            }
            Ask::HideComment => {
                let edit = json!({ "public": false });
                app.patch(&comment(true), edit).await
            }
            Ask::DeleteComment => app.delete(&comment(false)).await,
        }
    }

    /// What a request is answered with when nothing is changed.
    async fn usual(&mut self, ask: Ask) -> Usual {
        if let Some(usual) = self.usual.get(&ask) {
            return *usual;
        }
        self.reset().await;
        let seen = self.meddle(None);
        let summary = summary(&self.ask(ask).await);
        let calls = seen.calls.lock().unwrap().len();
        let usual = Usual { summary, calls };
        self.usual.insert(ask, usual);
        usual
    }

    /// Plays a case; says which part of the promise was broken.
    async fn play(&mut self, case: &Case, reached: &Reached) -> Result<(), String> {
        let usual = self.usual(case.ask).await;
        if usual.calls == 0 || usual.summary.0 >= 400 {
            // What a comment can be changed in is not the same everywhere.
            return match case.ask {
                Ask::EditComment | Ask::HideComment => Ok(()),
                _ => Err(format!("{:?}: {usual:?} with nothing changed", case.ask)),
            };
        }
        self.reset().await;
        let which = match case.which {
            Which::Nth(nth) => Which::Nth(nth % u8::try_from(usual.calls).unwrap()),
            Which::Every | Which::Writes => case.which,
        };
        let seen = self.meddle(Some((which, case.change.clone())));
        let before = self.count().await;
        let (begun, busy_since) = (Instant::now(), std::time::Instant::now());

        let answer = self.ask(case.ask).await;

        let (took, busy) = (begun.elapsed(), busy_since.elapsed());
        // Deletes take some away.
        let made = self.count().await.saturating_sub(before);
        let done = seen.done.lock().unwrap().clone();
        reached.note(case.ask, &done, &answer);
        if took > self.lab.app.edge.request_timeout + Duration::from_millis(100) || busy > BUSY {
            return Err(format!("it took {took:?}, {busy:?} of them busy"));
        }
        let calls = seen.calls.lock().unwrap().clone();
        if calls.len() > MOST_CALLS {
            return Err(format!("it made {} calls", calls.len()));
        }
        let home = format!("{}/", D::ORIGIN);
        if let Some((_, address)) = calls
            .iter()
            .find(|(_, address)| !address.starts_with(&home))
        {
            return Err(format!("it called {address}"));
        }
        self.judge(case, &done, usual, &answer, made)
            .map_err(|reason| format!("{reason}\nat {done:?} of {calls:?}\n{answer}"))?;
        self.go_on(case, usual, &answer).await
    }

    /// Judges an answer.
    fn judge(
        &self,
        case: &Case,
        done: &[Done],
        usual: Usual,
        answer: &Answer,
        made: usize,
    ) -> Result<(), String> {
        let status = answer.status.as_u16();
        let code = answer.body["error_code"].as_str().unwrap_or_default();
        if case.ask.is_create() && made > 1 {
            return Err(format!("made {made} times"));
        }
        if answer.status.is_success() {
            if case.ask.is_create() && made == 0 {
                return Err("said to be made, and is not".into());
            }
            if status != usual.summary.0 {
                return Err(format!("{status} instead of {}", usual.summary.0));
            }
            return self.judge_success(case, done, usual, answer);
        }
        let text = answer.body.to_string();
        if text.contains(INTERNAL) || text.contains(ELSEWHERE) || text.len() > 2_000 {
            return Err("the error repeats what the help desk sent".into());
        }
        match (status, code) {
            // A write that was carried out has not failed, unless it is the visibility that is wrong.
            (502, "bad_gateway") if case.ask.is_create() && made > 0 => {
                if text.contains("does not confirm the visibility") {
                    Ok(())
                } else {
                    Err("made, and called a failure".into())
                }
            }
            (502, "bad_gateway") | (504, "gateway_timeout") | (404, "not_found") => Ok(()),
            // A ticket that is said to be in the trash, held for spam, or merged cannot be written to; what is
            // said to be no note cannot be edited.
            (504, "outcome_unknown") | (409, "conflict") | (501, _) if !case.ask.is_read() => {
                Ok(())
            }
            // What was read wrongly is written wrongly, and refused. Request Tracker also tells by the text of a
            // 200 what it did not change, by a link what cannot be made, and makes a ticket without all of it.
            (400, "request_failed") if !case.ask.is_read() && made == 0 => Ok(()),
            (400, "request_failed") if text.contains("has made the ticket") => Ok(()),
            _ => Err(format!("{status} {code} is no answer to this")),
        }
    }

    /// Judges an answer that is no error.
    fn judge_success(
        &self,
        case: &Case,
        done: &[Done],
        usual: Usual,
        answer: &Answer,
    ) -> Result<(), String> {
        let (ticket, comments) = &self.ticket;
        if matches!(case.ask, Ask::Get | Ask::GetRaw | Ask::Update)
            && answer.body["id"] != public(ticket)
        {
            return Err("another ticket than was asked for".into());
        }
        if case.ask == Ask::Note && answer.body["public"] != false {
            return Err("a private comment is called public".into());
        }
        let objects = answer.body["objects"].as_array();
        let objects = objects.map(Vec::as_slice).unwrap_or_default();
        let (may_publish, may_lose) = match &case.change {
            Change::Json { edit, .. } => (may_mean_public(*edit), may_lose(case.ask, *edit, done)),
            Change::Bytes { .. } => (true, true),
            Change::Header(_) | Change::Status(_) => (false, false),
        };
        if matches!(case.ask, Ask::Comments | Ask::FewComments) && !may_publish {
            for comment in objects {
                let is_private = comments.get(&upstream_comment(comment)) == Some(&false);
                if is_private && comment["public"] == true {
                    return Err("a private comment is called public".into());
                }
            }
        }
        let is_page = matches!(case.ask, Ask::ListAll | Ask::FewComments);
        if !may_lose && !is_page && objects.len() < usual.summary.1 {
            return Err(format!("{} of {} objects", objects.len(), usual.summary.1));
        }
        Ok(())
    }

    /// What follows is as good as ever: the next page, and the same again.
    async fn go_on(&self, case: &Case, usual: Usual, answer: &Answer) -> Result<(), String> {
        if !case.ask.is_read() {
            return Ok(());
        }
        self.meddle(None);
        if let Some(next) = answer.body["next_page"].as_str() {
            let list = match case.ask.operation() {
                Operation::ListComments => format!("/tickets/{}/comments", public(&self.ticket.0)),
                _ => "/tickets".into(),
            };
            let page = self.lab.app.get(&format!("{list}?page={next}")).await;
            // What it says of where a list goes on is its own, and it may refuse it.
            if next.len() > 512 || !matches!(page.status.as_u16(), 200 | 400 | 502) {
                return Err(format!("the next page: {page}"));
            }
        }
        // What the changed answer told of limits is believed for a while.
        self.lab.restart();
        let again = summary(&self.ask(case.ask).await);
        if again != usual.summary {
            return Err(format!("afterwards {again:?} instead of {usual:?}"));
        }
        Ok(())
    }
}

/// Status and number of objects.
fn summary(answer: &Answer) -> (u16, usize) {
    let objects = answer.body["objects"].as_array().map_or(0, Vec::len);
    (answer.status.as_u16(), objects)
}

/// Whether an answer with this change may say that a private comment is public.
fn may_mean_public(edit: Edit) -> bool {
    match edit {
        Edit::TwiceOdd(odd) | Edit::Replace(odd) => odd.may_mean_public(),
        Edit::Next => true,
        Edit::Drop | Edit::Twice | Edit::Rename | Edit::Retype | Edit::Wrap => false,
    }
}

/// Whether an answer with this change may have fewer objects: not if it is within one of them, unless it
/// says that this one changed at another time, or is in another state, than was asked for.
fn may_lose(ask: Ask, edit: Edit, done: &[Done]) -> bool {
    let is_within = |done: &Done| done.path.as_deref().unwrap_or_default().contains("[].");
    let is_time = match edit {
        Edit::Replace(Odd::Text(text)) | Edit::TwiceOdd(Odd::Text(text)) => text.ends_with("Z\""),
        _ => false,
    };
    let is_state = |done: &Done| {
        let path = done.path.as_deref().unwrap_or_default();
        ask == Ask::ListOpen && path.to_lowercase().contains("status")
    };
    is_time || done.iter().any(is_state) || !done.iter().all(is_within)
}

/// What the cases have reached.
#[derive(Default)]
struct Reached {
    /// Requests of which an answer was changed.
    changed: RefCell<BTreeMap<Ask, usize>>,
    /// Places that were changed.
    places: RefCell<BTreeSet<String>>,
    /// Each status that came of it.
    statuses: RefCell<BTreeMap<u16, usize>>,
}

impl Reached {
    /// Notes a case.
    fn note(&self, ask: Ask, done: &[Done], answer: &Answer) {
        if done.is_empty() {
            return;
        }
        *self.changed.borrow_mut().entry(ask).or_default() += 1;
        let paths = done.iter().filter_map(|done| done.path.clone());
        self.places.borrow_mut().extend(paths);
        let status = answer.status.as_u16();
        *self.statuses.borrow_mut().entry(status).or_default() += 1;
    }
}

/// An object, or one clear error.
pub(crate) fn a_changed_answer_does_no_harm<D: HelpDesk>() {
    // The answers of a real one are those of its simulator, and take seconds each.
    if D::IS_REAL {
        return;
    }
    let runtime = runtime();
    let stage = RefCell::new(runtime.block_on(Stage::<D>::new()));
    let reached = Reached::default();
    let mut runner = TestRunner::new(Config {
        cases: cases::<D>(400),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    });

    let outcome = runner.run(&all_cases::<D>(), |case| {
        let played = runtime.block_on(stage.borrow_mut().play(&case, &reached));
        played.map_err(TestCaseError::fail)
    });

    outcome.unwrap();
    // A promise about answers that nobody touched would be worth nothing.
    let Reached {
        changed,
        places,
        statuses,
    } = &reached;
    let changed: usize = changed.borrow().values().sum();
    assert!(changed * 2 > usize::try_from(cases::<D>(400)).unwrap());
    assert!(places.borrow().len() > 20);
    assert!(statuses.borrow().contains_key(&200) && statuses.borrow().contains_key(&502));
}
