//! Holds answers against the OpenAPI document.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use http::Method;
use serde_json::{Value, json};

use crate::support::request::Answer;

/// The document.
pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(deskgate::http::docs::document_text()).unwrap());

/// Validators by the name of the schema.
static VALIDATORS: LazyLock<Mutex<HashMap<String, jsonschema::Validator>>> =
    LazyLock::new(Mutex::default);

/// Checks what holds for every answer, and that the document tells this one.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let status = answer.status.as_u16();
    let content_type = answer
        .headers
        .get("content-type")
        .map(|value| value.to_str().unwrap());
    // What a help desk has answered is its own.
    let is_raw = answer.headers.contains_key("x-deskgate-raw");
    if is_raw || path == "/openapi.json" || path.starts_with("/docs") {
        return;
    }
    if status == 204 {
        assert_eq!((content_type, &answer.body), (None, &Value::Null));
    } else {
        assert_eq!(content_type, Some("application/json"), "{answer}");
    }
    if status >= 400 {
        valid("Error", &answer.body);
        assert_eq!(answer.body["status_code"], status);
        // An answer that was given before is the same in every byte.
        if !answer.headers.contains_key("idempotency-replayed") {
            assert_eq!(
                answer.body["id"],
                answer.headers["x-request-id"].to_str().unwrap()
            );
        }
    }
    let path = path.trim_end_matches('/');
    let Some(operation) = operation(method, path) else {
        assert!(
            matches!(status, 404 | 405 | 501),
            "{method} {path} is not documented: {answer}"
        );
        return;
    };
    if path.ends_with("/raw") {
        assert!(operation["responses"]["default"].is_object());
        return;
    }
    let response = &operation["responses"][status.to_string()];
    assert!(
        response.is_object(),
        "{method} {path} does not document {status}: {answer}"
    );
    let schema = &response["content"]["application/json"]["schema"]["$ref"];
    match schema.as_str() {
        Some(reference) => valid(reference.rsplit('/').next().unwrap(), &answer.body),
        None => assert_eq!(
            answer.body,
            Value::Null,
            "{method} {path} documents no body: {answer}"
        ),
    }
}

/// The operation that the document has for an address.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    // The alias without `helpdesk/` is served, not documented.
    let documented = path.replacen(
        "/tickets",
        "/helpdesk/tickets",
        usize::from(!path.contains("/helpdesk/")),
    );
    let matches = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (
            template.split('/').collect(),
            documented.split('/').collect(),
        );
        let same = |(template, part): (&&str, &&str)| template.starts_with('{') || template == part;
        template.len() == path.len() && template.iter().zip(&path).all(same)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let (_, item) = paths.iter().find(|(template, _)| matches(template))?;
    item.get(method.as_str().to_lowercase())
}

/// Checks a value against a schema of the document.
#[track_caller]
pub(crate) fn valid(name: &str, value: &Value) {
    let mut validators = VALIDATORS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let validator = validators.entry(name.to_owned()).or_insert_with(|| {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}"), "components": DOCUMENT["components"] });
        jsonschema::draft202012::new(&schema).unwrap()
    });
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "not a valid {name}: {errors:#?}\n{value:#}"
    );
}
