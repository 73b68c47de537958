//! What calls cost, and what answers tell about it (Zendesk reference, section 12).

use std::time::Duration;

use http::Method;

use crate::transport::budget::{Charge, Told, WindowRule};
use crate::transport::call::{Call, Reply};

/// Most limits are per minute.
const MINUTE: Duration = Duration::from_mins(1);
/// The whole account's: that of the smallest plan until it is told.
static ACCOUNT: WindowRule = WindowRule {
    name: "account",
    length: MINUTE,
    assumed: 200,
};
/// `GET /tickets`.
static TICKETS_INDEX: WindowRule = WindowRule {
    name: "tickets-index",
    length: MINUTE,
    assumed: 100,
};
/// `POST /tickets`.
static TICKETS_CREATE: WindowRule = WindowRule {
    name: "ticket-request-create-by-user-and-ip",
    length: MINUTE,
    assumed: 300,
};
/// Changes of tickets, comments too.
static TICKETS_UPDATE: WindowRule = WindowRule {
    name: "tickets-update",
    length: MINUTE,
    assumed: 100,
};
/// Changes of one ticket by one user.
static PER_TICKET: WindowRule = WindowRule {
    name: "per-ticket-updates",
    length: Duration::from_mins(10),
    assumed: 30,
};
/// `DELETE /tickets/{id}`.
static TICKETS_DESTROY: WindowRule = WindowRule {
    name: "tickets-destroy",
    length: MINUTE,
    assumed: 400,
};
/// All incremental exports together.
static INCREMENTAL: WindowRule = WindowRule {
    name: "incremental-exports",
    length: MINUTE,
    assumed: 10,
};
/// The trash.
static DELETED: WindowRule = WindowRule {
    name: "deleted-tickets-index",
    length: MINUTE,
    assumed: 10,
};

/// The windows that an endpoint has of its own, the widest first, each with what it is of.
fn own_windows(call: &Call) -> Vec<(&'static WindowRule, Option<String>)> {
    let path: Vec<_> = call.path.iter().map(AsRef::as_ref).collect();
    match (&call.method, path.as_slice()) {
        (&Method::GET, ["tickets"]) => vec![(&TICKETS_INDEX, None)],
        (&Method::POST, ["tickets"]) => vec![(&TICKETS_CREATE, None)],
        (&Method::PUT, ["tickets", id]) => {
            vec![
                (&TICKETS_UPDATE, None),
                (&PER_TICKET, Some((*id).to_owned())),
            ]
        }
        (&Method::DELETE, ["tickets", _]) => vec![(&TICKETS_DESTROY, None)],
        (&Method::GET, ["incremental", ..]) => vec![(&INCREMENTAL, None)],
        (&Method::GET, ["deleted_tickets"]) => vec![(&DELETED, None)],
        _ => Vec::new(),
    }
}

/// What a call costs: one of the account's calls, and one of its endpoint's.
pub(super) fn charges(call: &Call) -> Vec<Charge> {
    let windows = std::iter::once((&ACCOUNT, None)).chain(own_windows(call));
    windows
        .map(|(rule, of)| Charge { rule, of, cost: 1 })
        .collect()
}

/// What an answer tells: of the account in headers of three generations, of each window in one of its own.
pub(super) fn told(call: &Call, reply: &Reply) -> Vec<Told> {
    let number = |names: [&str; 3]| {
        let text = names.into_iter().find_map(|name| reply.header(name))?;
        text.trim().parse::<u32>().ok()
    };
    let account = Told {
        rule: &ACCOUNT,
        of: None,
        or: None,
        limit: number(["x-rate-limit", "ratelimit-limit", "rate-limit"]),
        remaining: number([
            "x-rate-limit-remaining",
            "ratelimit-remaining",
            "rate-limit-remaining",
        ]),
        reset: number(["ratelimit-reset", "rate-limit-reset", "x-rate-limit-reset"]).map(seconds),
    };
    let own = own_windows(call).into_iter().filter_map(|(rule, of)| {
        let names = ["zendesk-ratelimit-", "zendesk-rate-limit-"];
        let header = names
            .iter()
            .find_map(|start| reply.header(&format!("{start}{}", rule.name)))?;
        // `total=100; remaining=99; resets=43`
        let part = |name: &str| {
            let mut parts = header
                .split(';')
                .filter_map(|part| part.trim().split_once('='));
            let (_, value) = parts.find(|(known, _)| *known == name)?;
            value.parse::<u32>().ok()
        };
        Some(Told {
            rule,
            of,
            or: None,
            limit: part("total"),
            remaining: part("remaining"),
            reset: part("resets").map(seconds),
        })
    });
    let account = account.limit.is_some().then_some(account);
    account.into_iter().chain(own).collect()
}

/// Whole seconds.
fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    #[test]
    fn what_an_answer_tells_is_read_in_every_generation_of_headers() {
        let call = Call::put(["tickets".into(), "7".into()], serde_json::json!({}));
        let reply = |headers: &[(&'static str, &'static str)]| Reply {
            status: StatusCode::OK,
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
                .collect::<HeaderMap>(),
            body: bytes::Bytes::new(),
            took: Duration::ZERO,
        };
        let figures = |reply: &Reply| {
            told(&call, reply)
                .into_iter()
                .map(|told| {
                    (
                        told.rule.name,
                        told.of,
                        told.limit,
                        told.remaining,
                        told.reset,
                    )
                })
                .collect::<Vec<_>>()
        };

        let of_2024 = [
            ("ratelimit-limit", "700"),
            ("ratelimit-remaining", "698"),
            ("ratelimit-reset", "12"),
            (
                "zendesk-ratelimit-per-ticket-updates",
                "total=30; remaining=29; resets=468",
            ),
        ];
        assert_eq!(
            figures(&reply(&of_2024)),
            [
                (
                    "account",
                    None,
                    Some(700),
                    Some(698),
                    Some(Duration::from_secs(12))
                ),
                (
                    "per-ticket-updates",
                    Some("7".into()),
                    Some(30),
                    Some(29),
                    Some(Duration::from_secs(468))
                ),
            ]
        );
        let of_2023 = [
            ("x-rate-limit", "200"),
            ("rate-limit-remaining", "1"),
            ("zendesk-rate-limit-tickets-update", "total=x; remaining=2"),
        ];
        assert_eq!(
            figures(&reply(&of_2023)),
            [
                ("account", None, Some(200), Some(1), None),
                ("tickets-update", None, None, Some(2), None),
            ]
        );
        assert_eq!(figures(&reply(&[])), []);
    }
}
