//! 213 exchanges with a real RT 5.0.3, replayed in order: statuses, members and their types, headers, and the values
//! that are neither times, nor numbers of transactions and attachments, nor texts that RT makes up.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Stage;

/// One recorded exchange.
#[derive(Deserialize)]
struct Pair {
    /// What was sent.
    request: Sent,
    /// What came back.
    response: Received,
}

/// A recorded request.
#[derive(Deserialize)]
struct Sent {
    /// The verb.
    method: String,
    /// Path and query.
    url: String,
    /// Its headers, with the names of tokens for tokens.
    headers: BTreeMap<String, String>,
    /// The body.
    body: Option<String>,
}

/// A recorded response.
#[derive(Deserialize)]
struct Received {
    /// The status.
    status: u16,
    /// The headers.
    headers: Vec<(String, String)>,
    /// The body.
    body: String,
}

/// Members whose values are not compared: times, numbers that depend on how much noise there was before, and texts
/// that RT makes up. Their types are.
const FREE: [&str; 13] = [
    "Created",
    "LastUpdated",
    "Started",
    "Resolved",
    "Told",
    "Data",
    "MessageId",
    "Headers",
    "ContentLength",
    "Content",
    "TransactionId",
    "next_page",
    "prev_page",
];

/// The recorded exchanges; nothing where they are not.
fn recorded() -> Option<Vec<Pair>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures/rt/");
    if !Path::new(folder).exists() {
        return None;
    }
    let mut pairs = Vec::new();
    for name in ["pairs.jsonl", "pairs2.jsonl"] {
        let text = std::fs::read_to_string(format!("{folder}{name}")).unwrap();
        pairs.extend(
            text.lines()
                .map(|line| serde_json::from_str::<Pair>(line).unwrap()),
        );
    }
    Some(pairs)
}

/// Makes the tickets that the recorded server had: 45, and three messages on the first.
async fn seed(stage: &Stage) {
    let statuses = ["new", "open", "stalled", "resolved", "rejected"];
    let priorities = [0, 20, 50, 80, 100];
    for number in 1..=45_usize {
        let queue = if number % 5 == 0 {
            "Billing"
        } else {
            "Support"
        };
        let status = statuses[(number - 1) % 5];
        let first = if status == "open" { "open" } else { "new" };
        let body = json!({"Queue": queue, "Subject": format!("Seed ticket {number}: printer {} is broken", number % 7),
            "Requestor": format!("customer{}@example.org", 1 + number % 5),
            "Priority": priorities[(number + number / 5) % 5], "Status": first,
            "Content": format!("Body of seed ticket {number}.\nZweite Zeile: ümläut ✓"), "ContentType": "text/plain",
            "CustomFields": {"Severity": "Medium", "Tags": ["seed", format!("n{}", number % 3)],
                "External id": format!("seed-{number}")}});
        let made = stage.send("POST", "/ticket", body).await;
        assert_eq!(made.body["id"], number.to_string());
        if status != first {
            stage
                .send(
                    "PUT",
                    &format!("/ticket/{number}"),
                    json!({"Status": status}),
                )
                .await;
        }
    }
    for (kind, content, content_type) in [
        ("correspond", "First public reply.", "text/plain"),
        ("comment", "Internal note.", "text/plain"),
        ("correspond", "<p>HTML <b>reply</b></p>", "text/html"),
    ] {
        let body = json!({"Content": content, "ContentType": content_type});
        stage.send("POST", &format!("/ticket/1/{kind}"), body).await;
    }
}

/// What differs between a recorded value and ours.
fn differences(place: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let names: Vec<_> = theirs
                .keys()
                .filter(|name| !ours.contains_key(*name))
                .collect();
            let more: Vec<_> = ours
                .keys()
                .filter(|name| !theirs.contains_key(*name))
                .collect();
            if !names.is_empty() || !more.is_empty() {
                found.push(format!("{place}: missing {names:?}, unexpected {more:?}"));
            }
            let is_numbered = theirs.get("type").is_some_and(|kind| kind == "transaction");
            for (name, value) in theirs {
                if is_numbered && name == "id" {
                    continue;
                }
                if let Some(own) = ours.get(name) {
                    differences(&format!("{place}.{name}"), value, own, found);
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            if theirs.len() != ours.len() {
                found.push(format!(
                    "{place}: {} elements, not {}",
                    ours.len(),
                    theirs.len()
                ));
            }
            // RT's hashes have no order: custom fields are compared by id, messages as a set.
            let by_id = |list: &[Value]| {
                let mut list = list.to_vec();
                if place.ends_with("CustomFields") {
                    list.sort_by_key(|one| one["id"].to_string());
                } else if list.iter().all(Value::is_string) {
                    list.sort_by_key(Value::to_string);
                }
                list
            };
            for (number, (theirs, ours)) in by_id(theirs).iter().zip(&by_id(ours)).enumerate() {
                differences(&format!("{place}[{number}]"), theirs, ours, found);
            }
        }
        (Value::String(theirs), Value::String(ours)) => {
            let name = place.rsplit('.').next().unwrap_or_default();
            let is_free = FREE.contains(&name) || is_numbered(theirs);
            if theirs != ours && !is_free {
                found.push(format!("{place}: {ours:?}, not {theirs:?}"));
            }
        }
        (Value::Number(theirs), Value::Number(ours)) => {
            let name = place.rsplit('.').next().unwrap_or_default();
            if theirs.is_f64() != ours.is_f64() || (theirs != ours && name != "id") {
                found.push(format!("{place}: {ours}, not {theirs}"));
            }
        }
        (theirs, ours) if theirs != ours => found.push(format!("{place}: {ours}, not {theirs}")),
        _ => {}
    }
}

/// Whether a text is a number, or the address of something that has one which RT gave: transactions, attachments and
/// users are counted with groups and members that are not simulated.
fn is_numbered(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let folders = ["/transaction/", "/attachment/", "/user/"];
    folders.iter().any(|folder| {
        let end = text
            .split_once(folder)
            .map(|(_, end)| end.split('/').next().unwrap_or_default());
        end.is_some_and(is_number)
    })
}

/// Whether the number at the end of a path goes on in a longer one.
fn is_longer(path: &str, start: &str) -> bool {
    let rest = path.strip_prefix(start).unwrap_or_default();
    rest.starts_with(|letter: char| letter.is_ascii_digit())
}

#[tokio::test]
async fn a_real_server_answered_the_same() {
    let Some(pairs) = recorded() else {
        eprintln!("skipped: there is no ../shared/fixtures/rt beside the repository");
        return;
    };
    let stage = Stage::plain();
    seed(&stage).await;
    stage.pass(300);

    // What RT numbered, and what we did: versions, transactions, attachments.
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Vec::new();
    for (number, pair) in pairs.iter().enumerate() {
        stage.pass(1);
        let Pair { request, response } = pair;
        let path = request.url.strip_prefix("/REST/2.0").unwrap();
        let mut path = path.replace("$RT_TOKEN", "root-token");
        for (theirs, ours) in renamed.iter().filter(|(theirs, _)| theirs.starts_with('/')) {
            if path.starts_with(theirs.as_str()) && !is_longer(&path, theirs) {
                path = path.replacen(theirs.as_str(), ours, 1);
                break;
            }
        }
        // The recorded clock is not ours.
        path = path.replace("2026-11-20%2017%3A54%3A32", "2026-11-20%2017%3A59%3A46");
        let headers = request.headers.iter().map(|(name, value)| {
            let mut value = value
                .replace("$RT_TOKEN", "root-token")
                .replace("$RT_AGENT_TOKEN", "agent-token");
            if let Some(pair) = value.strip_prefix("Basic ") {
                use base64::Engine;
                let pair = pair.replace("$RT_PASSWORD", "secret");
                value = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair));
            }
            if name.starts_with("If-") {
                for (theirs, ours) in &renamed {
                    if value.contains(theirs.as_str()) {
                        value = value.replace(theirs, ours);
                        break;
                    }
                }
            }
            value = value.replace('…', "...");
            (name.clone(), value)
        });
        let headers: Vec<(String, String)> = headers.collect();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut body = request.body.clone().unwrap_or_default();
        if body.ends_with("cut by the recorder)") {
            let content = "x".repeat(2_000_000);
            body = json!({"Queue": "Support", "Subject": "big", "Content": content}).to_string();
        }
        let seen = stage.call(&request.method, &path, &headers, body).await;

        let label = format!("{number} {} {}", request.method, request.url);
        if seen.status.as_u16() != response.status {
            found.push(format!(
                "{label}: {}, not {}: {}",
                seen.status, response.status, seen.text
            ));
            continue;
        }
        for (name, theirs) in &response.headers {
            let ours = seen.header(&name.to_lowercase()).to_owned();
            match name.as_str() {
                "ETag" => drop(renamed.insert(
                    theirs.trim_matches('"').to_owned(),
                    ours.trim_matches('"').to_owned(),
                )),
                "Last-Modified" => drop(renamed.insert(theirs.clone(), ours.clone())),
                "Location" if theirs.contains("/transaction/") || theirs.contains("/user/") => {}
                "Date" | "Content-Length" => {}
                _ if *theirs != ours => {
                    found.push(format!("{label}: {name} {ours:?}, not {theirs:?}"));
                }
                _ => {}
            }
            if ours.is_empty() && name != "Content-Length" {
                found.push(format!("{label}: no {name}"));
            }
        }
        let theirs: Value = serde_json::from_str(&response.body).unwrap_or(Value::Null);
        let text = seen
            .text
            .replace("http://sim.test/", "http://127.0.0.1:8090/");
        let ours: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        differences(&label, &theirs, &ours, &mut found);
        remember(&theirs, &ours, &mut renamed);
    }
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// Remembers what transactions and attachments are called here.
fn remember(theirs: &Value, ours: &Value, renamed: &mut BTreeMap<String, String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            if let (Some(Value::String(theirs)), Some(Value::String(ours))) =
                (theirs.get("_url"), ours.get("_url"))
            {
                let folders = ["/transaction/", "/attachment/"];
                if folders.iter().any(|folder| theirs.contains(folder)) {
                    let below =
                        |url: &str| url.split_once("/REST/2.0").map(|(_, path)| path.to_owned());
                    if let (Some(theirs), Some(ours)) = (below(theirs), below(ours)) {
                        renamed.insert(theirs, ours);
                    }
                }
            }
            for (name, value) in theirs {
                remember(value, ours.get(name).unwrap_or(&Value::Null), renamed);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            for (theirs, ours) in theirs.iter().zip(ours) {
                remember(theirs, ours, renamed);
            }
        }
        _ => {}
    }
}
