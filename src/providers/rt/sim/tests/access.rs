//! Who is let in, and what an agent of one queue sees.

use http::StatusCode;
use serde_json::json;

use super::super::records_people::{Access, Right};
use super::Stage;

#[tokio::test]
async fn tokens_are_taken_in_three_places_and_not_as_bearer() {
    let stage = Stage::plain();
    let basic = "Basic cm9vdDpzZWNyZXQ=";
    let cases = [
        ("/rt", "token root-token", 200),
        ("/rt", "Token agent-token", 200),
        ("/rt", basic, 200),
        ("/rt?token=root-token", "x y", 200),
        ("/rt", "Bearer root-token", 401),
        ("/rt", "token wrong", 401),
        ("/nosuch", "token root-token", 404),
    ];
    for (path, authorization, status) in cases {
        let headers = [("authorization", authorization)];
        let seen = stage.call("GET", path, &headers, String::new()).await;
        assert_eq!(seen.status.as_u16(), status, "{path} {authorization}");
        assert_eq!(seen.header("connection"), "close");
        assert_eq!(seen.header("www-authenticate"), "");
    }
}

#[tokio::test]
async fn agents_get_403_for_other_queues_and_lists_leave_them_out() {
    let stage = Stage::plain();
    let own = stage.create(json!({})).await;
    let other = stage.create(json!({"Queue": "Billing"})).await;
    let path = format!("/ticket/{other}");

    assert_eq!(stage.agent_get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        stage.agent_send("PUT", &path, json!({})).await.status,
        StatusCode::FORBIDDEN
    );
    let history = stage.agent_get(&format!("{path}/history")).await.body;
    assert_eq!(
        (&history["count"], &history["total"]),
        (&json!(0), &json!(null))
    );
    let seen = stage.agent_get("/tickets?query=id%3E0").await;
    assert_eq!((seen.ids(), &seen.body["total"]), (vec![own], &json!(1)));
    let reply = json!({"Content": "x", "ContentType": "text/plain"});
    let refused = stage
        .agent_send("POST", &format!("{path}/comment"), reply)
        .await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["message"]),
        (400, &json!("Permission Denied"))
    );
    let refused = stage
        .agent_send("POST", "/ticket", json!({"Queue": "Billing"}))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        stage.agent_get("/queue/Billing").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn agents_are_shown_little_of_others() {
    let stage = Stage::plain();

    let seen = stage.agent_get("/user/customer1@example.org").await;

    assert_eq!(seen.header("etag"), "\"1970-01-01T00:00:00Z\"");
    let names: Vec<_> = seen.body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!(seen.body.get("id"), None);
    assert_eq!(stage.agent_get("/user/agent1").await.body["id"], 35);
}

#[tokio::test]
async fn what_an_agent_may_not_see_leaves_holes_in_pages() {
    let stage = Stage::plain();
    for queue in ["Billing", "Support", "Billing"] {
        stage
            .create(json!({"Queue": queue, "Content": "text"}))
            .await;
    }
    let query = super::encoded(r#"[{"field":"ContentType","value":"text/plain"}]"#);

    let holes = stage
        .agent_get(&format!("/attachments?query={query}&per_page=2&orderby=id"))
        .await;
    assert_eq!(holes.body["count"], 0);
    let all = stage
        .get(&format!("/attachments?query={query}&per_page=2&orderby=id"))
        .await;
    assert_eq!(all.body["count"], 2);
    let queues = stage.agent_get("/queues/all?per_page=1&orderby=id").await;
    assert_eq!(queues.body["count"], 0);
    // Searches for transactions of tickets alone are filtered by the database.
    let query = super::encoded("ObjectType='RT::Ticket' AND Type='Create'");
    let created = stage
        .agent_get(&format!("/transactions?query={query}&per_page=1"))
        .await;
    assert_eq!(created.body["count"], 1);
}

#[tokio::test]
async fn rights_that_are_lacking_show() {
    let stage = Stage::plain();
    let id = stage.create(json!({"Owner": "agent2"})).await;
    let path = format!("/ticket/{id}");

    let seen = stage
        .agent_send("PUT", &path, json!({"Owner": "agent1"}))
        .await;
    let message =
        format!("Ticket {id}: You can only reassign tickets that you own or that are unowned");
    assert_eq!(seen.body, json!([message]));

    let comment = json!({"Content": "x", "ContentType": "text/plain"});
    stage
        .send("POST", &format!("{path}/comment"), comment)
        .await;
    stage.simulator.change(|world| {
        let lacking = vec![Right::SeeComments, Right::Delete, Right::Modify];
        world.users.get_mut(&35).unwrap().access = Access::Queues(vec![3], lacking);
    });
    let seen = stage
        .agent_get(&format!("{path}/history?fields=Type&per_page=100"))
        .await;
    assert!(!seen.text.contains("Comment"), "{}", seen.text);
    let seen = stage.agent_send("DELETE", &path, json!({})).await;
    assert_eq!(seen.status, StatusCode::INTERNAL_SERVER_ERROR);
    let seen = stage
        .agent_send("PUT", &path, json!({"Subject": "x"}))
        .await;
    assert_eq!(
        seen.body,
        json!([format!("Ticket {id}: Permission Denied")])
    );
}
