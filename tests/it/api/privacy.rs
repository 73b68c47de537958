//! A private note never becomes public, by any path.

use std::sync::OnceLock;

use deskgate::model::id::{CommentId, TicketId};
use deskgate::providers::freshdesk::sim::Simulator;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::support::TestApp;
use crate::support::upstream::{answering, reply};

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
        content: String,
        public: Option<bool>,
    },
    /// Has the help desk's next answer come as a failure.
    Trouble { status: u16, after: bool },
}

/// Sequences of acts, most of them creates.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let content = "[a-z<>&\"\\\\ü☕ ]{1,20}x";
    let create =
        (content, any::<Option<bool>>(), any::<bool>()).prop_map(|(content, public, author)| {
            Act::Create {
                content,
                public,
                author,
            }
        });
    let edit =
        (0..20_usize, content, any::<Option<bool>>()).prop_map(|(which, content, public)| {
            Act::Edit {
                which,
                content,
                public,
            }
        });
    let status = prop::sample::select(vec![400_u16, 403, 404, 405, 429, 500, 503]);
    let trouble =
        (status, any::<bool>()).prop_map(|(status, after)| Act::Trouble { status, after });
    prop::collection::vec(prop_oneof![6 => create, 2 => edit, 1 => trouble], 1..12)
}

/// Does what a client does, and compares every answer with the help desk's state.
async fn play(app: &TestApp, simulator: &Simulator, acts: Vec<Act>) {
    use deskgate::providers::freshdesk::sim::Fault;
    simulator.clear_faults();
    let body =
        json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } });
    let made = app.post("/tickets", body).await.expect(201);
    let ticket: TicketId = made["id"].as_str().unwrap().parse().unwrap();
    let number: u64 = ticket.upstream().parse().unwrap();
    let me = simulator.inspect(|world| world.me.to_string());
    let mut known: Vec<(String, bool)> = Vec::new();
    let mut publics = 0;
    for act in acts {
        match act {
            Act::Create {
                content,
                public,
                author,
            } => {
                let author = author.then_some(&me);
                let mut body = json!({ "content": content, "author": author });
                if let Some(public) = public {
                    body["public"] = json!(public);
                }
                let answer = app.post(&format!("/tickets/{ticket}/comments"), body).await;
                let asked = public.unwrap_or(true);
                publics += usize::from(asked && answer.status != 400);
                if answer.status.is_success() {
                    assert_eq!(answer.body["public"], asked);
                    known.push((answer.body["id"].as_str().unwrap().to_owned(), asked));
                }
            }
            Act::Edit {
                which,
                content,
                public,
            } => {
                let Some((id, _)) = known.get(which) else {
                    continue;
                };
                let mut body = json!({ "content": content });
                if let Some(public) = public {
                    body["public"] = json!(public);
                }
                app.patch(&format!("/tickets/{ticket}/comments/{id}"), body)
                    .await;
            }
            Act::Trouble { status, after } => {
                let headers = vec![("Retry-After".to_owned(), "1".to_owned())];
                let fault = if after {
                    Fault::StatusAfter
                } else {
                    Fault::Status
                };
                simulator.fail_next([fault(status, " ".to_owned(), headers)]);
            }
        }
        simulator.inspect(|world| {
            let conversations = &world.tickets[&number].conversations;
            for (id, public) in &known {
                let id: CommentId = id.parse().unwrap();
                let stored = conversations
                    .iter()
                    .find(|stored| stored.id.to_string() == id.upstream())
                    .unwrap();
                assert_eq!(stored.private, !public, "{}", stored.id);
            }
            // Also what was stored without an answer is public only if that was asked for.
            assert!(
                conversations
                    .iter()
                    .filter(|stored| !stored.private)
                    .count()
                    <= publics
            );
        });
    }
}

#[test]
fn private_comments_stay_private() {
    static WORLD: OnceLock<(Runtime, TestApp, Simulator)> = OnceLock::new();
    let (runtime, app, simulator) = WORLD.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (app, simulator) = runtime.block_on(TestApp::freshdesk());
        (runtime, app.in_still_time(), simulator)
    });
    // Some 2,000 comments; DESKGATE_PRIVACY_CASES asks for more.
    let cases = option_env!("DESKGATE_PRIVACY_CASES").map_or(500, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&acts(), |acts| {
        runtime.block_on(play(app, simulator, acts));
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_help_desk_that_stores_another_visibility_is_found_out() {
    for (path, asked, stored) in [
        ("notes", false, Some(false)),
        ("notes", false, None),
        ("reply", true, Some(true)),
    ] {
        let (transport, received) = answering(move |request| {
            if request.uri().path().ends_with(path) {
                return Ok(reply(
                    201,
                    json!({ "id": 5, "body": "x", "user_id": 1, "private": stored }).to_string(),
                ));
            }
            Ok(reply(200, json!({ "id": 1, "spam": false }).to_string()))
        });
        let app = TestApp::over(transport).await;

        let refused = app
            .post(
                "/tickets/ticket_MQ/comments",
                json!({ "content": "x", "public": asked }),
            )
            .await;

        assert_eq!(refused.refused(502), "bad_gateway");
        assert_eq!(
            received.lines(),
            [
                "GET /api/v2/tickets/1".to_owned(),
                format!("POST /api/v2/tickets/1/{path}")
            ]
        );
    }
}

#[tokio::test]
async fn a_conversation_without_a_visibility_is_not_called_public() {
    let (transport, _) = answering(|_| {
        Ok(reply(200, json!({ "id": 1, "conversations": [{ "id": 2, "body": "x" }, { "id": 3, "private": "odd" }] }).to_string()))
    });
    let app = TestApp::over(transport).await;

    let list = app.get("/tickets/ticket_MQ/comments").await.expect(200);

    assert_eq!(
        list["objects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|comment| comment["public"].clone())
            .collect::<Vec<_>>(),
        [false, false]
    );
}
