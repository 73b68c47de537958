//! What calls cost, and what answers tell about it (Freshdesk reference, section 2).

use std::time::Duration;

use http::Method;

use crate::transport::budget::{Charge, Told, WindowRule};
use crate::transport::call::{Call, Reply};

/// Limits are per minute. Accounts from before that count by the hour, which shows in what is left.
const MINUTE: Duration = Duration::from_mins(1);
/// The whole account's: that of a trial until it is told.
static ACCOUNT: WindowRule = WindowRule {
    name: "account",
    length: MINUTE,
    assumed: 50,
};
/// The ticket list's, of the smallest plan that has one.
static TICKET_LIST: WindowRule = WindowRule {
    name: "ticket_list",
    length: MINUTE,
    assumed: 20,
};
/// New tickets', of the smallest plan that has one.
static TICKET_CREATE: WindowRule = WindowRule {
    name: "ticket_create",
    length: MINUTE,
    assumed: 80,
};
/// Changed tickets', of the smallest plan that has one.
static TICKET_UPDATE: WindowRule = WindowRule {
    name: "ticket_update",
    length: MINUTE,
    assumed: 80,
};

/// The window that an endpoint has of its own.
fn own_window(call: &Call) -> Option<&'static WindowRule> {
    let path: Vec<_> = call.path.iter().map(AsRef::as_ref).collect();
    match (&call.method, path.as_slice()) {
        (&Method::GET, ["tickets"]) => Some(&TICKET_LIST),
        (&Method::POST, ["tickets"]) => Some(&TICKET_CREATE),
        (&Method::PUT, ["tickets", _]) => Some(&TICKET_UPDATE),
        _ => None,
    }
}

/// What a call costs: one credit, two more for each thing that a list includes, one for each that a view does.
pub(super) fn charges(call: &Call) -> Vec<Charge> {
    let included = call.query.iter().find(|(name, _)| *name == "include");
    let included = included.map_or(0, |(_, names)| names.split(',').count());
    let each = if call.path.len() == 1 { 2 } else { 1 };
    let cost = 1 + each * u32::try_from(included).unwrap_or(u32::MAX);
    let charge = |rule| Charge {
        rule,
        of: None,
        cost,
    };
    let windows = std::iter::once(&ACCOUNT).chain(own_window(call));
    windows.map(charge).collect()
}

/// What an answer tells: about the endpoint's own window where it has one, about the account's otherwise. On plans
/// without such windows it is the account's everywhere, which its limit shows.
pub(super) fn told(call: &Call, reply: &Reply) -> Vec<Told> {
    let number = |name| {
        let number = reply.header(name)?.parse::<f64>().ok();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number out of range becomes the nearest one in it"
        )]
        number
            .filter(|number| number.is_finite() && *number >= 0.0)
            .map(|number| number as u32)
    };
    let limit = number("x-ratelimit-total");
    if limit.is_none() {
        return Vec::new();
    }
    let own = own_window(call);
    vec![Told {
        rule: own.unwrap_or(&ACCOUNT),
        of: None,
        or: own.map(|_| &ACCOUNT),
        limit,
        remaining: number("x-ratelimit-remaining"),
        reset: None,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_costs_twice_as_much_in_a_list() {
        let cost = |call: Call| {
            charges(&call)
                .into_iter()
                .map(|charge| (charge.rule.name, charge.cost))
                .collect::<Vec<_>>()
        };
        let path = |id: &'static str| ["tickets".into(), id.into()];

        let list = Call::get(["tickets".into()]).query("include", "description,requester");
        assert_eq!(cost(list), [("account", 5), ("ticket_list", 5)]);
        let view = Call::get(path("1")).query("include", "requester");
        assert_eq!(cost(view), [("account", 2)]);
        let update = Call::put(path("1"), serde_json::json!({}));
        assert_eq!(cost(update), [("account", 1), ("ticket_update", 1)]);
    }
    #[test]
    fn nonsense_about_what_is_left_is_not_believed() {
        let remaining = |text: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert("x-ratelimit-total", "400".parse().unwrap());
            headers.insert("x-ratelimit-remaining", text.parse().unwrap());
            let reply = Reply {
                status: http::StatusCode::OK,
                headers,
                body: bytes::Bytes::new(),
                took: std::time::Duration::ZERO,
            };
            let told = told(&Call::get(["contacts".into()]), &reply);
            told.first().and_then(|told| told.remaining)
        };

        assert_eq!(remaining("17"), Some(17));
        assert_eq!(remaining("0"), Some(0));
        for nonsense in ["-1", "-99999999999999999999", "NaN", "inf", "many", ""] {
            assert_eq!(remaining(nonsense), None, "{nonsense}");
        }
    }
}
