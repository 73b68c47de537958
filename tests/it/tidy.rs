//! The shape of the house, as a test: who may use what, and what a provider's folder holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The source folder.
fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of this crate that a file names, with the first name below each: `transport::call`.
fn used(text: &str) -> Vec<String> {
    // `use crate::{a::b, c}` and `use crate::a` and `crate::a::b` in code, comments left out.
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = Vec::new();
    for part in code.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                    c if depth == 0 && !c.is_whitespace() => name.push(c),
                    _ => {}
                }
            }
            names.push(name);
        } else {
            names.push(
                part.chars()
                    .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
                    .collect(),
            );
        }
    }
    names.retain(|name| name.starts_with(|c: char| c.is_lowercase()));
    names
        .iter()
        .map(|name| name.split("::").take(2).collect::<Vec<_>>().join("::"))
        .collect()
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("model", [].as_slice()),
        ("transport", &[]),
        (
            "config",
            &[
                "access_token::Scope",
                "http::cors",
                "model",
                "providers",
                "simulator",
                "transport::egress",
            ],
        ),
        ("clock", &[]),
        ("simulator", &[]),
        ("provider", &["model", "transport"]),
        (
            "providers",
            &[
                "model",
                "provider",
                "simulator",
                "transport::budget",
                "transport::call",
                "transport::egress",
                "transport::line",
            ],
        ),
        ("error", &["model", "provider"]),
        ("store", &["model", "error", "clock"]),
        ("access_token", &["model", "error", "clock", "store"]),
        (
            "desk",
            &["model", "provider", "transport", "store", "error", "clock"],
        ),
        (
            "http",
            &["desk", "store", "model", "error", "clock", "access_token"],
        ),
    ]);
    let mut broken = Vec::new();
    for path in files(&source()) {
        let below = path.strip_prefix(source()).unwrap().with_extension("");
        let module = below.iter().next().unwrap().to_str().unwrap().to_owned();
        let Some(allowed) = allowed.get(module.as_str()) else {
            assert!(
                matches!(module.as_str(), "app" | "main" | "lib"),
                "{module} has no rule"
            );
            continue;
        };
        for name in used(&fs::read_to_string(&path).unwrap()) {
            let top = name.split("::").next().unwrap();
            let is_allowed =
                top == module || allowed.contains(&top) || allowed.contains(&name.as_str());
            if !is_allowed {
                broken.push(format!("{} uses {name}", path.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn a_vendor_is_known_to_its_own_folder_and_the_wiring_only() {
    let mut broken = Vec::new();
    for path in files(&source()) {
        let below = path
            .strip_prefix(source())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if below.starts_with("providers/") || below.starts_with("app/") {
            continue;
        }
        if fs::read_to_string(&path)
            .unwrap()
            .contains("providers::freshdesk")
        {
            broken.push(below);
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn providers_are_pure_and_complete() {
    let mut broken = Vec::new();
    for provider in fs::read_dir(source().join("providers")).unwrap() {
        let folder = provider.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        for file in [
            "README.md",
            "mod.rs",
            "wire.rs",
            "translate.rs",
            "sim/mod.rs",
        ] {
            if !folder.join(file).exists() {
                broken.push(format!("{} has no {file}", folder.display()));
            }
        }
        for path in files(&folder) {
            let in_simulator = path.starts_with(folder.join("sim"));
            let text = fs::read_to_string(&path).unwrap();
            let forbidden: &[&str] = if in_simulator {
                &[
                    "reqwest",
                    "sqlx",
                    "crate::clock",
                    "SystemTime::now",
                    "Timestamp::now",
                ]
            } else {
                &[
                    "reqwest",
                    "sqlx",
                    "tokio",
                    "axum",
                    "rand::",
                    "crate::clock",
                    "crate::simulator",
                    "SystemTime",
                    "Timestamp::now",
                    "Instant",
                ]
            };
            for name in forbidden {
                let is_used = text
                    .lines()
                    .any(|line| !line.trim_start().starts_with("//") && line.contains(name));
                if is_used && !path.ends_with("tests.rs") {
                    broken.push(format!("{} uses {name}", path.display()));
                }
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn only_the_transport_knows_the_network_and_only_the_store_knows_sql() {
    for path in files(&source()) {
        let below = path
            .strip_prefix(source())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = || {
            text.lines()
                .filter(|line| !line.trim_start().starts_with("//"))
        };
        assert!(
            below.starts_with("transport/") || !code().any(|line| line.contains("reqwest")),
            "{below} names reqwest"
        );
        assert!(
            below.starts_with("store/") || !code().any(|line| line.contains("sqlx")),
            "{below} names sqlx"
        );
    }
}
