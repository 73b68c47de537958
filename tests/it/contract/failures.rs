//! Bad answers from help desks: told clearly, never passed on, never a panic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use deskgate::provider::capability::Operation;
use deskgate::provider::error::Kind;
use deskgate::transport::http::TransportError;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::lab::{Lab, new_ticket, public, upstream};
use crate::desks::HelpDesk;
use crate::support::request::Answer;
use crate::support::upstream::{Fault, Outcome, always, answering, reply};

/// What a help desk does instead of answering well.
type Failure = fn() -> Outcome;

/// A text of a help desk's own that no client may see.
const INTERNAL: &str = "INTERNAL-9a1";
/// Every kind of failure.
const KINDS: [Kind; 15] = [
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::Invalid,
    Kind::InvalidParameter,
    Kind::Conflict,
    Kind::RateLimited,
    Kind::Unavailable,
    Kind::Timeout,
    Kind::Malformed,
    Kind::TooLarge,
    Kind::Unsupported,
    Kind::Withheld,
    Kind::Rehearsed,
    Kind::OutcomeUnknown,
];

/// The code of a kind of failure that a help desk's answer, or its silence, can cause.
fn code(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Unauthenticated => Some("service_unauthorized"),
        Kind::Forbidden => Some("service_forbidden"),
        Kind::NotFound => Some("not_found"),
        Kind::Invalid => Some("request_failed"),
        Kind::Conflict => Some("conflict"),
        Kind::RateLimited => Some("too_many_service_requests"),
        Kind::Unavailable | Kind::Malformed | Kind::TooLarge => Some("bad_gateway"),
        Kind::Timeout => Some("gateway_timeout"),
        Kind::OutcomeUnknown => Some("outcome_unknown"),
        // Refused before any call.
        Kind::InvalidParameter | Kind::Unsupported | Kind::Withheld | Kind::Rehearsed => None,
    }
}

/// Puts a fault on every request for which there is one.
fn meddle<D: HelpDesk>(
    lab: &Lab<D>,
    fault: impl Fn(&Request<Bytes>) -> Fault + Send + Sync + 'static,
) {
    let (desk, fault) = (lab.desk.transport(), Arc::new(fault));
    let far_end = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let (desk, fault) = (desk.clone(), fault(&request));
        async move {
            match fault {
                Fault::Pass => desk.oneshot(request).await,
                Fault::Instead(outcome) => outcome,
                Fault::After(outcome) => {
                    let _ = desk.oneshot(request).await;
                    outcome
                }
            }
        }
    }));
    lab.wire.redirect(far_end);
    lab.wire.received.clear();
    lab.restart();
}

/// Has every write fail in this way, and reads succeed.
fn fail_writes<D: HelpDesk>(lab: &Lab<D>, fail: impl Fn() -> Fault + Send + Sync + 'static) {
    meddle(lab, move |request| {
        if is_write(request) {
            fail()
        } else {
            Fault::Pass
        }
    });
}

/// Has the help desk answer everything alike.
fn answer_all<D: HelpDesk>(lab: &Lab<D>, status: u16, body: impl Into<Bytes>) {
    lab.wire.redirect(always(status, body).0);
    lab.wire.received.clear();
    lab.restart();
}

/// Lets the help desk itself answer again.
fn mend<D: HelpDesk>(lab: &Lab<D>) {
    meddle(lab, |_| Fault::Pass);
}

/// Whether a request to a help desk is no read.
fn is_write(request: &Request<Bytes>) -> bool {
    *request.method() != Method::GET
}

/// The id of a vendor's ticket.
fn id(ticket: &Value) -> String {
    let id = &ticket["id"];
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// Has the help desk answer a read of this vendor's ticket with this text, and everything else itself.
/// Counts how often it was read.
fn serve<D: HelpDesk>(lab: &Lab<D>, id: String, text: String) -> Arc<AtomicUsize> {
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    meddle(lab, move |request| {
        if !D::is_read_of(request.uri(), &id) {
            return Fault::Pass;
        }
        count.fetch_add(1, Relaxed);
        Fault::Instead(Ok(reply(200, text.clone())))
    });
    served
}

/// A list in a list in a list.
fn deep() -> String {
    format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))
}

/// Bodies that are no answer to a read of a ticket or a list.
fn garbage<D: HelpDesk>() -> Vec<Bytes> {
    let mut bodies: Vec<Bytes> = [
        "",
        " ",
        "null",
        "[]",
        "5",
        "{}",
        "[\"x\"]",
        "[null]",
        "[5]",
        "[{}]",
        "\"INTERNAL-9a1\"",
        "<html>oops INTERNAL-9a1</html>",
        "{\"id\":",
        "{\"id\":\"INTERNAL-9a1",
        "{\"id\":\"x\"}",
        "{\"id\":-1}",
        "{\"id\":1,\"id\":2}",
        "\u{0}",
    ]
    .map(Bytes::from)
    .into();
    bodies.push(deep().into());

    let (names, specimen) = D::specimen();
    let whole = D::as_answer(specimen.clone()).to_string();
    bodies.push(Bytes::copy_from_slice(&whole.as_bytes()[..whole.len() - 1]));
    bodies.push(format!("{whole}\u{0}").into());
    for wrong in [
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!(-1),
        json!(1.5),
        json!(INTERNAL),
    ] {
        let mut ticket = specimen.clone();
        ticket["id"] = wrong;
        bodies.push(D::as_answer(ticket).to_string().into());
    }
    let mut ticket = specimen.clone();
    ticket.as_object_mut().unwrap().remove("id");
    bodies.push(D::as_answer(ticket).to_string().into());

    let member = format!("\"id\":{}", specimen["id"]);
    let twice = whole.replace(&member, &format!("{member},{member}"));
    let mut ticket = specimen.clone();
    ticket["id"] = json!("DEEP");
    let deep_id = D::as_answer(ticket)
        .to_string()
        .replace("\"DEEP\"", &deep());
    assert!(twice != whole && deep_id.len() > 20_000);
    bodies.extend([twice.into(), deep_id.into()]);

    let name = names.iter().find(|name| specimen[**name].is_string());
    let mut ticket = specimen.clone();
    ticket[*name.unwrap()] = json!("??");
    let text = D::as_answer(ticket).to_string();
    let place = text.find("??").unwrap();
    let mut invalid = text.into_bytes();
    invalid[place..place + 2].copy_from_slice(b"\xff\xfe");
    bodies.push(invalid.into());
    bodies
}

/// What cannot be read is nobody's answer, and what it held is nobody's business.
pub(crate) async fn garbage_is_a_bad_gateway_and_is_not_repeated_to_the_client<D: HelpDesk>(
    lab: Lab<D>,
) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    let comments = format!("{ticket}/comments");
    for body in garbage::<D>() {
        let shown: String = String::from_utf8_lossy(&body).chars().take(80).collect();
        answer_all(&lab, 200, body);
        for path in [ticket.as_str(), "/tickets", &comments] {
            let answer = lab.app.get(path).await;
            assert!(!answer.to_string().contains(INTERNAL), "{answer}");
            if shown == "[]" && path == "/tickets" && answer.status == 200 {
                // Where the help desk's lists are bare, this is one.
                assert_eq!(answer.body["count"], 0);
                continue;
            }
            assert_eq!(answer.status, 502, "{path} {shown} {answer}");
            assert_eq!(answer.refused(502), "bad_gateway");
        }
        assert!(lab.wire.received.count() >= 3);
    }
}

/// However deep it is.
pub(crate) async fn what_is_not_read_is_not_refused<D: HelpDesk>(lab: Lab<D>) {
    let lab = lab.in_still_time();
    let (_, mut ticket) = D::specimen();
    ticket["unheard_of"] = json!("DEEP");
    let id = id(&ticket);
    let text = D::as_answer(ticket).to_string();
    let served = serve(&lab, id.clone(), text.replace("\"DEEP\"", &deep()));

    let path = format!("/tickets/{}", public(&id));
    lab.app.get(&path).await.expect(200);

    assert_eq!(served.load(Relaxed), 1);
}

/// An attribute that is odd is not known; the ticket is there all the same.
pub(crate) async fn odd_values_never_fail_a_read<D: HelpDesk>(lab: Lab<D>) {
    let lab = lab.in_still_time();
    let (names, specimen) = D::specimen();
    let id = id(&specimen);
    let path = format!("/tickets/{}", public(&id));
    for name in names {
        for value in [
            json!(null),
            json!("x"),
            json!(""),
            json!("2"),
            json!("2026-13-45T99:00:00Z"),
            json!(7),
            json!(7.5),
            json!(-1),
            json!(1e300),
            json!(u64::MAX),
            json!(true),
            json!([]),
            json!([null]),
            json!([[1]]),
            json!({}),
            json!({ "id": null }),
        ] {
            let mut ticket = specimen.clone();
            ticket[name] = value.clone();
            let served = serve(&lab, id.clone(), D::as_answer(ticket).to_string());

            let read = lab.app.get(&path).await;

            assert_eq!(read.status, 200, "{name} {value} {read}");
            assert_eq!(read.body["id"], public(&id));
            assert_eq!(served.load(Relaxed), 1);
        }
    }
}

/// Every write that a help desk has, of a ticket that is there.
async fn writes<D: HelpDesk>(lab: &Lab<D>, ticket: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for operation in D::capabilities().operations {
        let request = match operation {
            Operation::CreateTicket => lab.app.post("/tickets", new_ticket()),
            Operation::UpdateTicket => lab.app.patch(ticket, json!({ "subject": "changed" })),
            Operation::DeleteTicket => lab.app.delete(ticket),
            Operation::CreateComment => {
                let comment = json!({ "content": "c", "public": true });
                lab.app.post(&format!("{ticket}/comments"), comment)
            }
            Operation::Identify
            | Operation::Raw
            | Operation::ListTickets
            | Operation::GetTicket
            | Operation::ListComments
            | Operation::UpdateComment
            | Operation::DeleteComment => continue,
        };
        // What went wrong with the one before has no bearing on this one.
        lab.restart();
        answers.push(request.await);
    }
    answers
}

/// In the vendor's own words, on a read and on a write.
pub(crate) async fn refusals_are_told_as_what_they_are<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    for refusal in D::refusals() {
        answer_all(&lab, refusal.status, refusal.body);
        let mut answers = vec![lab.app.get(&ticket).await];
        // After a failure of the help desk itself, what became of a write is not certain.
        if refusal.told < 500 {
            fail_writes(&lab, move || {
                Fault::Instead(Ok(reply(refusal.status, refusal.body)))
            });
            let refused = writes(&lab, &ticket).await;
            let tries = if refusal.status == 429 { 3 } else { 1 };
            // A conflict may be a collision of two writes, which passes.
            let most = if refusal.status == 409 { 3 } else { tries };
            let sent = lab.wire.received.writes();
            assert!((refused.len() * tries..=refused.len() * most).contains(&sent));
            answers.extend(refused);
        }
        for answer in answers {
            assert_eq!(answer.status, refusal.told, "{refusal:?} {answer}");
            let message = answer.body["message"].as_str().unwrap();
            assert!(message.contains(refusal.message), "{refusal:?} {message}");
            assert_eq!(answer.refused(refusal.told), refusal.code, "{refusal:?}");
        }
    }
}

/// Whatever stands beside it. A 404 is left out: whether it is the object that is missing or the whole
/// help desk, each vendor tells by marks of its own.
pub(crate) async fn a_status_alone_says_what_went_wrong<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    let not_understood = [
        301, 302, 303, 304, 307, 308, 406, 415, 418, 500, 502, 503, 504,
    ];
    let table = [
        (400, 400, "request_failed"),
        (401, 401, "service_unauthorized"),
        (403, 403, "service_forbidden"),
        (405, 409, "conflict"),
        (409, 409, "conflict"),
        (410, 404, "not_found"),
        (413, 400, "request_failed"),
        (422, 400, "request_failed"),
        (429, 429, "too_many_service_requests"),
    ];
    let table = table
        .into_iter()
        .chain(not_understood.map(|status| (status, 502, "bad_gateway")));
    for (status, told, code) in table {
        for body in [
            "".into(),
            " ".into(),
            "<html>".into(),
            r#"{"code":"x","message":"said so"}"#.into(),
            "[1]".into(),
            "\u{0}".into(),
            deep().into(),
            Bytes::from_static(b"{\"message\":\"\xff\"}"),
        ] {
            answer_all(&lab, status, body.clone());
            let read = lab.app.get(&ticket).await;
            fail_writes(&lab, move || {
                Fault::Instead(Ok(reply(status, body.clone())))
            });
            let create = lab.app.post("/tickets", new_ticket()).await;

            assert_eq!(read.refused(told), code, "{status}");
            let (told, code) = match told {
                502 => (504, "outcome_unknown"),
                _ => (told, code),
            };
            assert_eq!(create.refused(told), code, "{status}");
        }
    }
}

/// Each of those that a vendor's answer can cause.
pub(crate) async fn every_kind_of_failure_is_reached<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    let mut reached = BTreeSet::new();
    let mut keep = |answer: Answer| {
        assert!(!answer.status.is_success(), "{answer}");
        reached.insert(answer.body["error_code"].as_str().unwrap().to_owned());
    };
    for refusal in D::refusals() {
        answer_all(&lab, refusal.status, refusal.body);
        keep(lab.app.get(&ticket).await);
    }
    lab.wire
        .redirect(answering(|_| Err(TransportError::Timeout)).0);
    lab.restart();
    keep(lab.app.get(&ticket).await);
    fail_writes(&lab, || Fault::Instead(Err(TransportError::Timeout)));
    keep(lab.app.post("/tickets", new_ticket()).await);

    let expected: BTreeSet<_> = KINDS.into_iter().filter_map(code).collect();

    assert_eq!(
        reached.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        expected
    );
}

/// Neither by a read nor by a write: the credential goes to the help desk's own address only.
pub(crate) async fn a_redirect_is_not_followed<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    let beside = format!("{}.evil.example/latest/meta-data", D::ORIGIN);
    for status in [301, 302, 303, 307, 308] {
        for location in [
            "http://169.254.169.254/latest/meta-data",
            "/latest/meta-data",
            &beside,
        ] {
            let location = location.to_owned();
            let called = Arc::new(Mutex::new(Vec::new()));
            let kept = Arc::clone(&called);
            let (far_end, _) = answering(move |request| {
                kept.lock().unwrap().push(request.uri().to_string());
                let reply = Response::builder().status(status);
                let reply = reply.header("location", &location);
                Ok(reply.body(Bytes::new()).unwrap())
            });
            lab.wire.redirect(far_end);
            lab.restart();

            for path in [&ticket, "/tickets", &format!("{ticket}/comments")] {
                assert_eq!(lab.app.get(path).await.refused(502), "bad_gateway");
            }
            let create = lab.app.post("/tickets", new_ticket()).await;
            assert!(!create.status.is_success(), "{create}");

            let called = called.lock().unwrap();
            assert!(called.len() >= 4);
            let home = format!("{}/", D::ORIGIN);
            assert!(
                called.iter().all(|uri| uri.starts_with(&home)),
                "{called:?}"
            );
            assert!(!called.iter().any(|uri| uri.contains("meta-data")));
        }
    }
}

/// Twice more after trouble that may pass, and then it is told.
pub(crate) async fn reads_are_repeated_after_trouble<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    lab.comment(&ticket, true).await;
    let lab = lab.in_still_time();
    let failures: [(Failure, usize, u16, &str); 6] = [
        (|| Err(TransportError::Timeout), 3, 504, "gateway_timeout"),
        (
            || Err(TransportError::Interrupted("reset".into())),
            3,
            502,
            "bad_gateway",
        ),
        (
            || Err(TransportError::Connect("refused".into())),
            3,
            502,
            "bad_gateway",
        ),
        (
            || Err(TransportError::TooLarge { limit: 1 }),
            1,
            502,
            "bad_gateway",
        ),
        (|| Ok(reply(500, "")), 3, 502, "bad_gateway"),
        (|| Ok(reply(429, "")), 3, 429, "too_many_service_requests"),
    ];
    for (number, (fail, tries, status, code)) in failures.into_iter().enumerate() {
        for path in [&ticket, "/tickets", &format!("{ticket}/comments")] {
            // What is remembered for a while is not read anew.
            mend(&lab);
            lab.app.get(path).await.expect(200);

            meddle(&lab, move |_| Fault::Instead(fail()));
            assert_eq!(lab.app.get(path).await.refused(status), code);
            let mut calls: BTreeMap<String, usize> = BTreeMap::new();
            for line in lab.wire.received.lines() {
                *calls.entry(line).or_default() += 1;
            }
            assert!(!calls.is_empty(), "{path}");
            // After a 429 the others wait for one that goes first.
            assert_eq!(
                calls.values().max(),
                Some(&tries),
                "failure {number}: {calls:?}"
            );

            if tries == 3 {
                mend(&lab);
                lab.wire
                    .disturb([Fault::Instead(fail()), Fault::Instead(fail())]);
                lab.app.get(path).await.expect(200);
            }
        }
    }
}

/// Sends a ticket and a comment to be made; returns the answers, and how many of each there were before
/// and after in the help desk.
async fn create_both<D: HelpDesk>(
    lab: &Lab<D>,
    ticket: &str,
    upstream: &str,
) -> [(Answer, usize, usize); 2] {
    let before = lab.desk.tickets().await.len();
    let made = lab.app.post("/tickets", new_ticket()).await;
    let after = lab.desk.tickets().await.len();
    let first = (made, before, after);

    let before = lab.desk.comments(upstream).await.len();
    let comment = json!({ "content": "c", "public": true });
    let comments = format!("{ticket}/comments");
    let made = lab.app.post(&comments, comment).await;
    let after = lab.desk.comments(upstream).await.len();
    [first, (made, before, after)]
}

/// It is sent once, or under a key that the help desk knows again. What arrived is found there and answered; what did
/// not arrive is nobody called failed, and is made once when it is asked for again under its key and time enough has
/// gone by.
pub(crate) async fn a_create_without_an_answer_to_trust_is_looked_for<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let upstream = upstream(&made);
    let lab = lab.in_still_time();
    let failures: [Failure; 10] = [
        || Err(TransportError::Timeout),
        || Err(TransportError::Interrupted("reset".into())),
        || Err(TransportError::TooLarge { limit: 1 }),
        || Ok(reply(302, "")),
        || Ok(reply(406, "")),
        || Ok(reply(500, "")),
        || Ok(reply(503, "<html>")),
        || Ok(reply(201, "")),
        || Ok(reply(201, "<html>")),
        || Ok(reply(201, "{}")),
    ];
    let bodies = [new_ticket(), json!({ "content": "c", "public": true })];
    let comments = format!("{ticket}/comments");
    let paths = ["/tickets", &comments];
    let begun = (
        lab.desk.tickets().await.len(),
        lab.desk.comments(&upstream).await.len(),
    );
    for (number, fail) in failures.into_iter().enumerate() {
        for has_arrived in [false, true] {
            fail_writes(&lab, move || {
                if has_arrived {
                    Fault::After(fail())
                } else {
                    Fault::Instead(fail())
                }
            });

            let tried = create_both(&lab, &ticket, &upstream).await;

            if D::capabilities().keys_last.is_none() {
                assert_eq!(lab.wire.received.writes(), 2, "failure {number}");
            }
            mend(&lab);
            for (place, (answer, before, after)) in tried.into_iter().enumerate() {
                assert_eq!(after, before + usize::from(has_arrived));
                let key = answer.headers["idempotency-key"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                if has_arrived {
                    answer.expect(201);
                    continue;
                }
                assert_eq!(answer.status, 504, "failure {number}: {answer}");
                assert!(answer.headers.contains_key("retry-after"));
                assert_eq!(answer.refused(504), "outcome_unknown");
                lab.app.clock.advance(Duration::from_secs(121));
                let again = lab.app.post(paths[place], bodies[place].clone());
                again.header("idempotency-key", &key).await.expect(201);
            }
            let [tickets, in_ticket] = [
                lab.desk.tickets().await.len(),
                lab.desk.comments(&upstream).await.len(),
            ];
            let made = number * 2 + usize::from(has_arrived) + 1;
            assert_eq!(
                (tickets, in_ticket),
                (begun.0 + made, begun.1 + made),
                "failure {number}"
            );
        }
    }
}

/// Three times at most; the one that arrives is made once.
pub(crate) async fn a_create_that_certainly_did_not_happen_is_repeated<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let upstream = upstream(&made);
    let lab = lab.in_still_time();
    let failures: [(Failure, u16, &str); 2] = [
        (
            || Err(TransportError::Connect("refused".into())),
            502,
            "bad_gateway",
        ),
        (|| Ok(reply(429, "")), 429, "too_many_service_requests"),
    ];
    for (fail, status, code) in failures {
        fail_writes(&lab, move || Fault::Instead(fail()));
        for (answer, before, after) in create_both(&lab, &ticket, &upstream).await {
            assert_eq!(answer.refused(status), code);
            assert_eq!(after, before);
        }
        assert_eq!(lab.wire.received.writes(), 6);

        let sent = AtomicUsize::new(0);
        fail_writes(&lab, move || {
            if sent.fetch_add(1, Relaxed) % 3 == 2 {
                Fault::Pass
            } else {
                Fault::Instead(fail())
            }
        });
        for (answer, before, after) in create_both(&lab, &ticket, &upstream).await {
            answer.expect(201);
            assert_eq!(after, before + 1);
        }
        assert_eq!(lab.wire.received.writes(), 6);
    }
}

/// With what the request said.
pub(crate) async fn a_written_ticket_is_answered_even_if_it_cannot_be_read_again<D: HelpDesk>(
    lab: Lab<D>,
) {
    let lab = lab.in_still_time();
    let failures: [Failure; 4] = [
        || Err(TransportError::Timeout),
        || Err(TransportError::Connect("refused".into())),
        || Ok(reply(500, " ")),
        || Ok(reply(200, "<html>")),
    ];
    for fail in failures {
        let before = lab.desk.tickets().await;
        let written = AtomicUsize::new(0);
        meddle(&lab, move |request| {
            if is_write(request) {
                written.fetch_add(1, Relaxed);
            } else if written.load(Relaxed) > 0 {
                return Fault::Instead(fail());
            }
            Fault::Pass
        });

        let made = lab.app.post("/tickets", new_ticket()).await.expect(201);

        let after = lab.desk.tickets().await;
        assert_eq!(after.len(), before.len() + 1);
        let id = upstream(&made);
        assert!(after.iter().any(|ticket| ticket.id == id));
        assert!(!before.iter().any(|ticket| ticket.id == id));
        assert_eq!(made["subject"], new_ticket()["subject"]);
        assert_eq!(
            made["requester"]["email"],
            new_ticket()["requester"]["email"]
        );
    }
}

/// Nonsense is a second, and nobody is sent away for more than an hour.
pub(crate) async fn retry_after_is_in_whole_seconds<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    for (given, told) in [
        ("7", "7"),
        ("0.2", "1"),
        ("61", "61"),
        ("100000", "3600"),
        ("-5", "10"),
        ("soon", "10"),
        ("", "10"),
        ("Fri, 20 Nov 2026 20:00:42 GMT", "42"),
        ("Fri, 20 Nov 2026 19:59:59 GMT", "10"),
    ] {
        meddle(&lab, move |_| {
            let reply = Response::builder()
                .status(429)
                .header("x-ratelimit-total", "5")
                .header("date", "Fri, 20 Nov 2026 20:00:00 GMT")
                .header("retry-after", given);
            Fault::Instead(Ok(reply.body(Bytes::new()).unwrap()))
        });
        let begun = Instant::now();

        let read = lab.app.get(&ticket).await;
        // Not told by the pause that the read has caused.
        lab.restart();
        let create = lab.app.post("/tickets", new_ticket()).await;

        assert!(begun.elapsed() <= 2 * lab.app.edge.request_timeout);
        for answer in [read, create] {
            assert_eq!(answer.headers["retry-after"], told, "{given}");
            assert_eq!(answer.refused(429), "too_many_service_requests");
        }
    }
}

/// Neither a read nor a write outlives its time, and the write is not sent again.
pub(crate) async fn silence_ends_with_the_deadline<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    let silent = tower::service_fn(|_: Request<Bytes>| std::future::pending());
    lab.wire.redirect(BoxCloneSyncService::new(silent));
    let patience = lab.app.edge.request_timeout + Duration::from_secs(1);
    for path in [&ticket, "/tickets", &format!("{ticket}/comments")] {
        lab.restart();
        let begun = Instant::now();
        assert_eq!(lab.app.get(path).await.refused(504), "gateway_timeout");
        assert!(begun.elapsed() <= patience);
    }
    let desk = lab.desk.transport();
    lab.wire
        .redirect(BoxCloneSyncService::new(tower::service_fn(
            move |request: Request<Bytes>| {
                let desk = desk.clone();
                async move {
                    if is_write(&request) {
                        std::future::pending::<()>().await;
                    }
                    desk.oneshot(request).await
                }
            },
        )));
    lab.wire.received.clear();
    lab.restart();
    let begun = Instant::now();

    let create = lab.app.post("/tickets", new_ticket()).await;

    assert_eq!(create.refused(504), "outcome_unknown");
    assert!(begun.elapsed() <= patience);
    if D::capabilities().keys_last.is_none() {
        assert_eq!(lab.wire.received.writes(), 1);
    }
}

/// A help desk that takes a second for each answer, and says the same again whatever is asked for next.
pub(crate) async fn a_list_without_an_end_is_left_in_time<D: HelpDesk>(lab: Lab<D>) {
    let more_than_a_page = if D::IS_REAL { 105 } else { 150 };
    for number in 0..more_than_a_page {
        lab.desk.create("again", 1000 - number).await;
    }
    let (ticket, made) = lab.ticket().await;
    let upstream = upstream(&made);
    for _ in 0..more_than_a_page {
        lab.desk.add_comment(&upstream, "again", true).await;
    }
    lab.wait();
    let lab = lab.in_still_time();
    let desk = lab.desk.transport();
    let said: Arc<Mutex<BTreeMap<String, Response<Bytes>>>> = Arc::default();
    lab.wire
        .redirect(BoxCloneSyncService::new(tower::service_fn(
            move |request: Request<Bytes>| {
                let (desk, said) = (desk.clone(), Arc::clone(&said));
                async move {
                    // Of the time that stands still: nobody waits.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    // A list by its path, or by how what it looks for begins.
                    let uri = request.uri().to_string();
                    let path: String = uri.chars().take(uri.find('?').unwrap_or(0) + 16).collect();
                    let before = said.lock().unwrap().get(&path).cloned();
                    if let Some(before) = before {
                        return Ok(before);
                    }
                    let answer = desk.oneshot(request).await?;
                    said.lock().unwrap().insert(path, answer.clone());
                    Ok(answer)
                }
            },
        )));
    for path in [
        "/tickets",
        "/tickets?page_size=1000",
        "/tickets?tag=none",
        &format!("{ticket}/comments"),
        &format!("{ticket}/comments?page_size=1000"),
    ] {
        lab.wire.received.clear();
        let begun = Instant::now();

        let answer = lab.app.get(path).await;

        let status = answer.status.as_u16();
        assert!(matches!(status, 200 | 502 | 504), "{path} {answer}");
        assert!(begun.elapsed() <= lab.app.edge.request_timeout + Duration::from_secs(1));
        let calls = lab.wire.received.count();
        assert!((1..=40).contains(&calls), "{path} {calls}");
    }
}

/// A help desk's words about what it was sent.
fn echo<D: HelpDesk>() -> String {
    format!("you sent {} to me", D::secrets().join(" and "))
}

/// The same JSON with another text in place of each of its texts.
fn with_texts(value: Value, text: &str) -> Value {
    match value {
        Value::String(_) => json!(text),
        Value::Array(elements) => elements
            .into_iter()
            .map(|element| with_texts(element, text))
            .collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, with_texts(value, text)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Refusals of every shape that the vendor has, and of some that it has not, in these words.
fn refusals_that_say<D: HelpDesk>(words: &str) -> Vec<(u16, String)> {
    let said = json!(words);
    let mut bodies = vec![
        words.to_owned(),
        said.to_string(),
        format!("<html>{words}</html>"),
        json!({ "message": said, "error": said, "description": said, words: said }).to_string(),
    ];
    bodies.extend(D::refusals().into_iter().filter_map(|refusal| {
        let shape = serde_json::from_str(refusal.body).ok()?;
        Some(with_texts(shape, words).to_string())
    }));
    let statuses = [302, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503];
    statuses
        .into_iter()
        .flat_map(|status| bodies.iter().map(move |body| (status, body.clone())))
        .collect()
}

/// Asserts that an answer holds nothing of the credentials.
#[track_caller]
fn assert_silent<D: HelpDesk>(answer: &Answer) {
    let text = format!("{:?} {}", answer.headers, answer.body);
    for secret in D::secrets() {
        assert!(!text.contains(&secret), "{text}");
    }
}

/// Whatever it is asked, and whatever it answers.
pub(crate) async fn a_help_desk_that_echoes_the_credential_does_not_tell_it_to_the_client<
    D: HelpDesk,
>(
    lab: Lab<D>,
) {
    let (ticket, _) = lab.ticket().await;
    let lab = lab.in_still_time();
    let mut redacted = 0;
    let plain = refusals_that_say::<D>(&echo::<D>());
    let escaped = plain
        .iter()
        .map(|(status, body)| (*status, spelled::<D>(body)));
    for (status, body) in plain.iter().cloned().chain(escaped) {
        answer_all(&lab, status, body.clone());
        let mut answers = Vec::new();
        for path in [&ticket, "/tickets", &format!("{ticket}/comments")] {
            let request = lab.app.get(path).header("x-kloudless-raw-data", "true");
            answers.push(request.await);
        }
        fail_writes(&lab, move || {
            Fault::Instead(Ok(reply(status, body.clone())))
        });
        answers.extend(writes(&lab, &ticket).await);
        for answer in answers {
            assert!(!answer.status.is_success(), "{answer}");
            assert_silent::<D>(&answer);
            redacted += usize::from(answer.body.to_string().contains("[redacted]"));
        }
    }
    assert!(redacted > 0, "nothing of the help desk's words is told");

    let (_, mut specimen) = D::specimen();
    let id = id(&specimen);
    specimen["echo"] = json!([{ echo::<D>(): echo::<D>() }]);
    let told = D::as_answer(specimen).to_string();
    for told in [spelled::<D>(&told), told] {
        let served = serve(&lab, id.clone(), told);
        let raw = lab
            .app
            .get(&format!("/tickets/{}", public(&id)))
            .header("x-kloudless-raw-data", "true")
            .await;
        assert_eq!(raw.status, 200, "{raw}");
        assert_silent::<D>(&raw);
        assert!(raw.body.to_string().contains("[redacted]"), "{raw}");
        assert_eq!(served.load(Relaxed), 1);
    }
}

/// A JSON text with the first letter of each secret spelled as an escape.
fn spelled<D: HelpDesk>(text: &str) -> String {
    D::secrets().iter().fold(text.to_owned(), |text, secret| {
        let mut letters = secret.chars();
        let first = u32::from(letters.next().unwrap());
        let escaped = format!("\\u{first:04x}{}", letters.as_str());
        text.replace(secret, &escaped)
    })
}

/// Neither when it is refused, by us or by the help desk, nor when it is taken.
pub(crate) async fn a_credential_is_not_repeated_when_an_account_is_connected<D: HelpDesk>(
    lab: Lab<D>,
) {
    let connect = |credentials: &Value| {
        let mut body = credentials.clone();
        body["service"] = json!(D::SERVICE);
        lab.app
            .as_application(Method::POST, "/v1/accounts")
            .json(body)
    };
    for (status, body) in refusals_that_say::<D>(&echo::<D>()) {
        // After these it is tried again, in time that runs.
        if !matches!(status, 429 | 500 | 503) {
            answer_all(&lab, status, body);
            let refused = connect(&D::credentials()).await;
            assert!(lab.wire.received.count() > 0);
            assert!(!refused.status.is_success(), "{refused}");
            assert_silent::<D>(&refused);
        }
    }
    lab.wire.received.clear();
    for (name, value) in D::credentials().as_object().unwrap() {
        for wrong in [json!([value]), json!({ "x": value }), json!(7)] {
            let mut credentials = D::credentials();
            credentials[name] = wrong;
            let refused = connect(&credentials).await;
            assert_silent::<D>(&refused);
            assert_eq!(refused.refused(400), "invalid_parameters", "{name}");
        }
        let mut credentials = D::credentials();
        credentials["unheard_of"] = value.clone();
        let refused = connect(&credentials).await;
        assert_silent::<D>(&refused);
        assert_eq!(refused.refused(400), "invalid_parameters", "{name}");
    }
    assert_eq!(lab.wire.received.count(), 0);

    mend(&lab);
    let taken = connect(&D::credentials()).await;
    assert_silent::<D>(&taken);
    taken.expect(201);
    let list = lab.app.as_application(Method::GET, "/v1/accounts").await;
    assert_silent::<D>(&list);
    assert_eq!(list.expect(200)["count"], 2);
}
