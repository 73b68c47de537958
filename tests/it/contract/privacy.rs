//! A private comment never becomes public, by any path.

use std::collections::BTreeMap;

use deskgate::transport::http::TransportError;
use http::Response;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::contract::lab::{Lab, runtime, upstream, upstream_comment};
use crate::contract::law::cases;
use crate::desks::HelpDesk;
use crate::support::upstream::{Fault, Outcome};

/// One thing that a client does.
#[derive(Debug, Clone)]
enum Act {
    /// Adds a comment.
    Create {
        content: String,
        public: Option<bool>,
        author: bool,
    },
    /// Edits one of the comments made so far.
    Edit {
        which: usize,
        content: Option<String>,
        public: Option<bool>,
    },
    /// Has one of the help desk's next answers come as a failure.
    Trouble {
        passed: usize,
        failure: Failure,
        after: bool,
    },
}

/// What comes back instead of an answer.
#[derive(Debug, Clone, Copy)]
enum Failure {
    /// This status without a word.
    Status(u16),
    /// Nothing, because it took too long.
    Timeout,
    /// Nothing, because the connection broke.
    Interrupted,
}

impl Failure {
    /// As it comes over the line.
    fn outcome(self) -> Outcome {
        match self {
            Self::Status(status) => {
                let reply = Response::builder().status(status);
                let reply = reply
                    .header("x-ratelimit-total", "100000000")
                    .header("retry-after", "1");
                Ok(reply.body(" ".into()).unwrap())
            }
            Self::Timeout => Err(TransportError::Timeout),
            Self::Interrupted => Err(TransportError::Interrupted("reset".into())),
        }
    }
}

/// Sequences of acts, most of them creates.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let content = "[a-z<>&\"\\\\ü☕ ]{1,20}x";
    let public = any::<Option<bool>>();
    let create = (content, public.clone(), any::<bool>()).prop_map(|(content, public, author)| {
        Act::Create {
            content,
            public,
            author,
        }
    });
    let edit =
        (0..20_usize, prop::option::of(content), public).prop_map(|(which, content, public)| {
            Act::Edit {
                which,
                content,
                public,
            }
        });
    let status = prop::sample::select(vec![400_u16, 403, 404, 405, 409, 422, 429, 500, 503]);
    let failure = prop_oneof![
        7 => status.prop_map(Failure::Status),
        1 => Just(Failure::Timeout),
        1 => Just(Failure::Interrupted),
    ];
    let trouble =
        (0..3_usize, failure, any::<bool>()).prop_map(|(passed, failure, after)| Act::Trouble {
            passed,
            failure,
            after,
        });
    prop::collection::vec(prop_oneof![6 => create, 2 => edit, 1 => trouble], 1..12)
}

/// Who sees each comment of a ticket, by the help desk's ids.
async fn visibility<D: HelpDesk>(lab: &Lab<D>, ticket: &str) -> BTreeMap<String, bool> {
    let stored = lab.desk.comments(ticket).await.into_iter();
    stored
        .map(|comment| (comment.id, comment.is_public))
        .collect()
}

/// Does what a client does, and compares every answer with the help desk's state.
async fn play<D: HelpDesk>(lab: &Lab<D>, me: &str, acts: Vec<Act>) {
    lab.wire.disturb([]);
    let (ticket, made) = lab.ticket().await;
    let comments = format!("{ticket}/comments");
    let id = upstream(&made);
    let mut known: Vec<String> = Vec::new();
    let mut before = visibility(lab, &id).await;
    for act in acts {
        let shown = format!("{act:?}");
        let (asks_public, answer) = match act {
            Act::Create {
                content,
                public,
                author,
            } => {
                let mut body = json!({ "content": content, "author": author.then_some(me) });
                if let Some(public) = public {
                    body["public"] = json!(public);
                }
                let answer = lab.app.post(&comments, body).await;
                if answer.status.is_success() {
                    assert_eq!(answer.body["public"], public.unwrap_or(true), "{shown}");
                    known.push(answer.body["id"].as_str().unwrap().to_owned());
                }
                (public.unwrap_or(true), answer)
            }
            Act::Edit {
                which,
                content,
                public,
            } => {
                let Some(comment) = known.get(which) else {
                    continue;
                };
                let mut body = json!({});
                if let Some(content) = content {
                    body["content"] = json!(content);
                }
                if let Some(public) = public {
                    body["public"] = json!(public);
                }
                (
                    false,
                    lab.app.patch(&format!("{comments}/{comment}"), body).await,
                )
            }
            Act::Trouble {
                passed,
                failure,
                after,
            } => {
                let fault = if after { Fault::After } else { Fault::Instead };
                let passed = (0..passed).map(|_| Fault::Pass);
                lab.wire.disturb(passed.chain([fault(failure.outcome())]));
                continue;
            }
        };
        let after = visibility(lab, &id).await;
        for (comment, is_public) in &after {
            // Also what was stored without an answer is public only if that was asked for.
            let may_be = before.get(comment).copied().unwrap_or(asks_public);
            assert!(
                may_be || !is_public,
                "{comment} has become public by {shown}"
            );
        }
        if answer.status.is_success() {
            let stored = after.get(&upstream_comment(&answer.body));
            assert_eq!(answer.body["public"], *stored.unwrap(), "{shown}");
        }
        before = after;
    }
    lab.wire.disturb([]);
    lab.wait();
    let (listed, _) = lab.walk(&comments).await;
    let told = |comment: &Value| (upstream_comment(comment), comment["public"] == true);
    assert_eq!(listed.iter().map(told).collect::<BTreeMap<_, _>>(), before);
}

/// Whatever clients ask for and however the help desk fails, what it has stored is as visible as was
/// asked for at most, and what is answered is what it has stored.
pub(crate) fn private_comments_stay_private<D: HelpDesk>() {
    let runtime = runtime();
    let lab = runtime.block_on(Lab::<D>::start()).in_still_time();
    let me = runtime.block_on(lab.desk.cast()).me;
    let mut runner = TestRunner::new(Config {
        // Some 2,000 comments.
        cases: cases::<D>(500),
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&acts(), |acts| {
        runtime.block_on(play(&lab, &me, acts));
        Ok(())
    });
    outcome.unwrap();
}
