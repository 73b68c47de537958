//! Generated documents are what the code says. A stale one is written anew and the test fails once:
//! look at the difference and commit it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use deskgate::error::Error;
use deskgate::model::field::{CommentField, Field, TicketField};
use deskgate::provider::capability::{Accepts, Capabilities, Operation};
use deskgate::provider::error::{Kind, ProviderError};
use deskgate::providers;
use serde_json::Value;

use crate::contract::costs::{self, Cost};
use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::desks::rt::Rt;
use crate::desks::zendesk::Zendesk;
use crate::support::document::DOCUMENT;

/// Compares a document with its file, and writes the file if they differ.
#[track_caller]
fn fresh(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let is_fresh = fs::read_to_string(&path).is_ok_and(|written| written == text);
    if !is_fresh {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    assert!(
        is_fresh,
        "{file} was stale and is written anew: look at the difference and commit it"
    );
}

#[test]
fn the_openapi_document_is_fresh() {
    fresh(
        "openapi/openapi.json",
        deskgate::http::docs::document_text(),
    );
}

#[test]
fn every_schema_and_property_and_parameter_is_described() {
    let mut missing = Vec::new();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            let told = |schema: &Value| schema["description"].is_string();
            let is_told = told(schema)
                || schema["oneOf"]
                    .as_array()
                    .is_some_and(|choices| choices.iter().any(told));
            if !is_told {
                missing.push(format!("{name}.{property}"));
            }
        }
    }
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !operation["operationId"].is_string() || !operation["summary"].is_string() {
                missing.push(format!("{method} {path}"));
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if !parameter["description"].is_string() {
                    missing.push(format!("{method} {path} {}", parameter["name"]));
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_example_of_a_property_is_valid() {
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            let examples = schema["examples"]
                .as_array()
                .into_iter()
                .flatten()
                .chain(schema.get("example"));
            for example in examples {
                let mut whole: Value = schema.clone();
                whole["components"] = DOCUMENT["components"].clone();
                let validator = jsonschema::draft202012::new(&whole).unwrap();
                assert!(validator.is_valid(example), "{name}.{property}: {example}");
            }
        }
    }
}

/// How a help desk takes an attribute.
fn takes<F: Field>(accepts: &Accepts<F>, field: F) -> &'static str {
    match field {
        field if accepts.required.contains(&field) => "required",
        field if accepts.fixed.contains(&field) => "refused if it would change",
        field if accepts.refused.contains(&field) => "refused",
        field if accepts.clearable.contains(&field) => "yes, or null",
        field if accepts.optional.contains(&field) => "yes",
        _ => "ignored",
    }
}

/// One table of attributes: for each help desk what it takes in something new, and in a change.
fn table<F: Field>(
    text: &mut String,
    title: &str,
    accepts: impl Fn(&'static Capabilities) -> [&'static Accepts<F>; 2],
) {
    let (mut head, mut line) = (format!("| {title} |"), "| --- |".to_owned());
    for provider in providers::all() {
        let name = provider.capabilities().title;
        write!(head, " {name}: create | {name}: update |").unwrap();
        line.push_str(" --- | --- |");
    }
    writeln!(text, "\n{head}\n{line}").unwrap();
    for field in F::ALL {
        write!(text, "| `{}` |", field.name()).unwrap();
        for provider in providers::all() {
            for accepts in accepts(provider.capabilities()) {
                write!(text, " {} |", takes(accepts, *field)).unwrap();
            }
        }
        text.push('\n');
    }
}

/// What a walk of a thousand tickets costs at each help desk, in words. Every provider has to be here.
async fn costs() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        (Freshdesk::SERVICE, cost::<Freshdesk>().await),
        (Zendesk::SERVICE, cost::<Zendesk>().await),
        (Rt::SERVICE, cost::<Rt>().await),
    ])
}

/// What a walk of a thousand tickets costs at one.
async fn cost<D: HelpDesk>() -> String {
    let mut sizes = Vec::new();
    for page_size in [100, 1000] {
        let Cost { calls, credits } = costs::of_a_thousand_tickets::<D>(page_size).await;
        let credits = credits.map_or(String::new(), |credits| format!(" of {credits} credits"));
        sizes.push(format!(
            "{calls} calls{credits} with `page_size={page_size}`"
        ));
    }
    sizes.join(", ")
}

/// What a help desk does with idempotency keys.
fn keys(keys_last: Option<Duration>) -> String {
    match keys_last {
        Some(last) => {
            let minutes = last.as_secs() / 60;
            format!("- Knows a new ticket again by an idempotency key, for {minutes} minutes\n")
        }
        None => "- Takes no idempotency keys: the gateway looks for what became of a lost write\n"
            .into(),
    }
}

#[tokio::test]
async fn the_providers_document_is_fresh() {
    let mut text =
        "# Help desks\n\nGenerated from each provider's `Capabilities`; do not edit.\n".to_owned();
    let costs = costs().await;
    for provider in providers::all() {
        let Capabilities {
            title,
            domain,
            operations,
            on_request,
            create_ticket: _,
            update_ticket: _,
            create_comment: _,
            update_comment: _,
            max_page_size,
            rate,
            credentials,
            keys_last,
            list,
        } = provider.capabilities();
        let place = match domain {
            Some(domain) => format!("`https://NAME.{domain}`"),
            None => "an address of its own, which `DESKGATE_ALLOW_UPSTREAM` has to list".into(),
        };
        writeln!(
            text,
            "\n## {title}\n\n`service: {}`, at {place}. Secrets: `{}`.\n",
            provider.id(),
            credentials.join("`, `")
        )
        .unwrap();
        let lacking: Vec<_> = Operation::ALL
            .iter()
            .filter(|operation| !operations.contains(operation))
            .map(|operation| operation.name())
            .collect();
        let lacking = if lacking.is_empty() {
            "none".to_owned()
        } else {
            lacking.join(", ")
        };
        writeln!(text, "- Operations that it lacks: {lacking}").unwrap();
        for (operation, option) in *on_request {
            writeln!(
                text,
                "- Only for an account that is connected with `{option}: true`: {}",
                operation.name()
            )
            .unwrap();
        }
        writeln!(text, "- Objects on a page: at most {max_page_size}").unwrap();
        let used = rate
            .used
            .map_or(String::new(), |used| format!(", `{used}`"));
        let remaining = rate.remaining.join("`, `");
        if remaining.is_empty() {
            text.push_str("- Has no rate limit that it tells\n");
        } else {
            writeln!(text, "- Rate limit read from: `{remaining}`{used}").unwrap();
        }
        text.push_str(&keys(*keys_last));
        let orders: Vec<_> = list
            .orders
            .iter()
            .map(|order| format!("`{}`", order.name()))
            .collect();
        writeln!(text, "- Orders: {}", orders.join(", ")).unwrap();
        writeln!(
            text,
            "- Walking 1,000 tickets with names and descriptions, as measured: {}",
            costs[provider.id()]
        )
        .unwrap();
        if list.has_archive {
            text.push_str("- Archived tickets: with `include_archived=true`\n");
        }
        let never: Vec<_> = list
            .never_listed
            .iter()
            .map(|reason| format!("`{reason}`"))
            .collect();
        writeln!(text, "- Never listed: {}", never.join(", ")).unwrap();
    }
    text.push_str(
        "\n## Attributes\n\n*ignored*: the help desk does not have the attribute; it is null when read. *refused*: it has \
         it and can never change it; the request is 400 before any call.\n",
    );
    table::<TicketField>(&mut text, "Ticket", |all| {
        [&all.create_ticket, &all.update_ticket]
    });
    table::<CommentField>(&mut text, "Comment", |all| {
        [&all.create_comment, &all.update_comment]
    });
    fresh("docs/providers.md", &text);
}

/// When a request ends so. No `_`: a new failure is a compile error here.
fn meaning(error: &Error) -> &'static str {
    match error {
        Error::BadRequest(_) => {
            "The request cannot be read, lacks something, or has a bad id or page token."
        }
        Error::InvalidParameter(_) => "An attribute or parameter has a value that is not taken.",
        Error::InvalidToken => "`GET /v1/oauth/token` only: the token is not valid.",
        Error::AuthenticationRequired => "No credential was sent.",
        Error::Unauthorized => "The credential is not accepted.",
        Error::Forbidden(_) => "The credential does not allow this.",
        Error::NotFound(_) => "There is no such address or account, or not for this caller.",
        Error::MethodNotAllowed(_) => "The address does not take this verb.",
        Error::NotSupported(_) => "The gateway or this help desk does not have this.",
        Error::PayloadTooLarge { .. } => "The body is too large.",
        Error::UnsupportedMediaType => "The body is not `application/json`.",
        Error::PreconditionFailed => "The ticket is not the version that `If-Match` names.",
        Error::InProgress { .. } => {
            "The same request is being done under this `Idempotency-Key`; `Retry-After`."
        }
        Error::KeyReused => "This `Idempotency-Key` was used for another request.",
        Error::Overloaded => "Too many requests are under way; `Retry-After`.",
        Error::TimedOut => "The request took too long.",
        Error::Unavailable(_) => {
            "The gateway's database does not answer, or it is about to end; `Retry-After`."
        }
        Error::Internal(_) => {
            "A mistake of the gateway; the log has the details under the request's id."
        }
        Error::Provider(error) => match error.kind {
            Kind::Unauthenticated => "The help desk does not accept the account's credential.",
            Kind::Forbidden => "The help desk does not allow this to the account's credential.",
            Kind::NotFound => "The help desk has no such object, or has it in its trash.",
            Kind::Invalid => {
                "The help desk refused the content; the message has its reasons, in our names."
            }
            Kind::InvalidParameter => {
                "An attribute cannot be said in the help desk's terms; it was not called."
            }
            Kind::Conflict => "The state of the object does not allow this.",
            Kind::RateLimited => "The help desk's rate limit is used up; `Retry-After`.",
            Kind::Unavailable => "The help desk cannot be reached or failed.",
            Kind::Timeout => "The help desk was too slow.",
            Kind::Malformed => "The help desk sent what cannot be read or trusted.",
            Kind::TooLarge => "The help desk sent more than may be read.",
            Kind::Unsupported => "This help desk does not have this, or not for this object.",
            Kind::Rehearsed => "Never told: `dry_run=true` answers 202.",
            Kind::Withheld => {
                "The gateway did not send it: the help desk has failed too often just now, too much of it is under way, \
                 or what is to be done could not be written down; `Retry-After`."
            }
            Kind::OutcomeUnknown => {
                "A write was sent and nobody knows whether it was carried out: send the same request with its \
                 `Idempotency-Key` again to have it settled; `Retry-After`."
            }
        },
    }
}

#[test]
fn the_errors_document_is_fresh() {
    let text = || "x".to_owned();
    let kinds = [
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
        Kind::OutcomeUnknown,
    ];
    let mut errors = vec![
        Error::BadRequest(text()),
        Error::InvalidParameter(text()),
        Error::InvalidToken,
        Error::AuthenticationRequired,
        Error::Unauthorized,
        Error::Forbidden(text()),
        Error::NotFound("x"),
        Error::MethodNotAllowed(text()),
        Error::NotSupported(text()),
        Error::PayloadTooLarge { limit: 1 },
        Error::UnsupportedMediaType,
        Error::PreconditionFailed,
        Error::InProgress {
            retry_after: Duration::from_secs(1),
        },
        Error::KeyReused,
        Error::Overloaded,
        Error::TimedOut,
        Error::Unavailable("x".into()),
        Error::Internal("x".into()),
    ];
    errors.extend(kinds.map(|kind| Error::Provider(ProviderError::new(kind, "x"))));
    let mut rows: Vec<_> = errors
        .iter()
        .map(|error| (error.status().as_u16(), error.code(), meaning(error)))
        .collect();
    rows.sort_unstable();
    let mut text = "# Errors\n\nGenerated from the error types; do not edit. Every failure has the body \
                    `{\"status_code\", \"message\", \"error_code\", \"id\"}`; `id` is the request's, also in the header \
                    `X-Request-Id` and in the log.\n\n| status | `error_code` | when |\n| --- | --- | --- |\n"
        .to_owned();
    for (status, code, meaning) in rows {
        writeln!(text, "| {status} | `{code}` | {meaning} |").unwrap();
    }
    fresh("docs/errors.md", &text);
}
