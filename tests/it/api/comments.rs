//! Comments.

use deskgate::providers::freshdesk::sim::{Simulator, Switches};
use serde_json::{Value, json};

use crate::support::{PUBLIC_URL, TestApp};

/// A new ticket's address.
async fn ticket(app: &TestApp) -> String {
    let body =
        json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } });
    let made = app.post("/tickets", body).await.expect(201);
    format!("/tickets/{}", made["id"].as_str().unwrap())
}

/// A new comment.
async fn comment(app: &TestApp, ticket: &str, public: bool) -> Value {
    let body = json!({ "content": "<p>ünï ☕</p>", "public": public });
    app.post(&format!("{ticket}/comments"), body)
        .await
        .expect(201)
}

/// The address of a comment.
fn address(ticket: &str, comment: &Value) -> String {
    format!("{ticket}/comments/{}", comment["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_comment_is_what_the_help_desk_stored() {
    let (app, _) = TestApp::freshdesk().await;
    let ticket = ticket(&app).await;
    for public in [true, false] {
        let made = comment(&app, &ticket, public).await;
        let at = address(&ticket, &made);

        let read = app.get(&at).await.expect(200);

        assert_eq!(made["public"], public);
        assert_eq!(
            made["href"],
            format!("{PUBLIC_URL}/v1/accounts/me/helpdesk{at}")
        );
        for name in [
            "id",
            "content",
            "author",
            "public",
            "created_at",
            "modified_at",
            "attachments",
            "href",
        ] {
            assert_eq!(read[name], made[name], "{name}");
        }
        assert!(made["content"].as_str().unwrap().contains("ünï ☕"));
    }
    let default = app
        .post(&format!("{ticket}/comments"), json!({ "content": "c" }))
        .await
        .expect(201);
    assert_eq!(default["public"], true);
}

#[tokio::test]
async fn a_walk_sees_every_comment_once_oldest_first() {
    let (app, _) = TestApp::freshdesk().await;
    let ticket = ticket(&app).await;
    for made in 0..25 {
        for page_size in [1, 4, 10, 100] {
            if made % 6 != 0 {
                continue;
            }
            let mut seen = Vec::new();
            let mut page = String::new();
            app.clock.advance(std::time::Duration::from_secs(3));
            loop {
                let list = app
                    .get(&format!("{ticket}/comments?page_size={page_size}{page}"))
                    .await
                    .expect(200);
                seen.extend(
                    list["objects"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|comment| comment["content"].clone()),
                );
                let Some(next) = list["next_page"].as_str() else {
                    break;
                };
                page = format!("&page={next}");
            }
            let expected: Vec<_> = (0..made)
                .map(|number| json!(format!("<div>{number}</div>")))
                .collect();
            assert_eq!(seen, expected);
        }
        let body = json!({ "content": made.to_string(), "public": made % 2 == 0 });
        app.post(&format!("{ticket}/comments"), body)
            .await
            .expect(201);
    }
}

#[tokio::test]
async fn notes_can_be_edited_and_keep_their_visibility() {
    let (app, _) = TestApp::freshdesk().await;
    let ticket = ticket(&app).await;
    let at = address(&ticket, &comment(&app, &ticket, false).await);

    let changed = app
        .patch(&at, json!({ "content": "changed", "public": false }))
        .await
        .expect(200);

    assert_eq!(
        (&changed["content"], &changed["public"]),
        (&json!("<div>changed</div>"), &json!(false))
    );
    assert_eq!(
        app.get(&at).await.expect(200)["content"],
        changed["content"]
    );
    assert_eq!(
        app.patch(&at, json!({ "public": true })).await.refused(400),
        "invalid_parameters"
    );
    assert_eq!(
        app.patch(&at, json!({ "author": "1" })).await.refused(400),
        "invalid_parameters"
    );
    assert_eq!(
        app.patch(&at, json!({ "content": null }))
            .await
            .refused(400),
        "invalid_parameters"
    );
    assert_eq!(
        app.patch(&at, json!({ "content": " " })).await.refused(400),
        "bad_request"
    );
}

#[tokio::test]
async fn replies_cannot_be_edited_and_nothing_is_tried() {
    let (app, simulator) = TestApp::freshdesk().await;
    let ticket = ticket(&app).await;
    let at = address(&ticket, &comment(&app, &ticket, true).await);
    simulator.clear_calls();

    let refused = app.patch(&at, json!({ "content": "changed" })).await;

    assert_eq!(refused.refused(501), "not_implemented");
    assert!(
        simulator
            .calls()
            .iter()
            .all(|call| call.method == http::Method::GET)
    );
}

#[tokio::test]
async fn a_deleted_comment_is_gone() {
    let (app, _) = TestApp::freshdesk().await;
    let ticket = ticket(&app).await;
    for public in [true, false] {
        let at = address(&ticket, &comment(&app, &ticket, public).await);

        app.delete(&at).await.expect(204);

        assert_eq!(app.get(&at).await.refused(404), "not_found");
        assert_eq!(app.delete(&at).await.refused(404), "not_found");
        assert_eq!(
            app.patch(&at, json!({ "content": "x" })).await.refused(404),
            "not_found"
        );
    }
}

#[tokio::test]
async fn a_comment_is_found_in_its_own_ticket_only() {
    let (app, simulator) = TestApp::freshdesk().await;
    let (mine, other) = (ticket(&app).await, ticket(&app).await);
    let made = comment(&app, &mine, false).await;
    let elsewhere = address(&other, &made);

    assert_eq!(app.get(&elsewhere).await.refused(404), "not_found");
    assert_eq!(
        app.patch(&elsewhere, json!({ "content": "x" }))
            .await
            .refused(404),
        "not_found"
    );
    assert_eq!(app.delete(&elsewhere).await.refused(404), "not_found");
    app.get(&address(&mine, &made)).await.expect(200);
    let methods: Vec<_> = simulator
        .calls()
        .into_iter()
        .map(|call| call.method)
        .collect();
    assert!(!methods.contains(&http::Method::PUT) && !methods.contains(&http::Method::DELETE));
}

#[tokio::test]
async fn attachments_are_told_with_an_address_that_needs_no_credential() {
    let (app, simulator): (_, Simulator) = TestApp::freshdesk_with(250, Switches::default()).await;
    let ticket = simulator.inspect(|world| {
        let with_file = |ticket: &&deskgate::providers::freshdesk::sim::records::Ticket| {
            ticket.is_listable()
                && ticket
                    .conversations
                    .iter()
                    .any(|conversation| !conversation.attachments.is_empty())
        };
        world.tickets.values().find(with_file).unwrap().id
    });
    let id = deskgate::model::id::TicketId::from_upstream(ticket.to_string());

    let list = app
        .get(&format!("/tickets/{id}/comments"))
        .await
        .expect(200);

    let comments = list["objects"].as_array().unwrap();
    let attachment = comments
        .iter()
        .flat_map(|comment| comment["attachments"].as_array().unwrap())
        .next()
        .unwrap();
    assert!(attachment["filename"].is_string() && attachment["size"].is_number());
    assert!(attachment["url"].as_str().unwrap().starts_with("http"));
}
