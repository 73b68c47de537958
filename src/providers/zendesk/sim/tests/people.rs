//! Requesters, CCs and followers.

use serde_json::json;

use super::Stage;

#[tokio::test]
async fn a_known_requester_keeps_the_name_and_a_new_one_needs_it() {
    let stage = Stage::plain();
    let customer = stage.customer();
    let email = stage
        .simulator
        .inspect(|world| world.users[&customer].email.clone());
    let known = stage
        .ticket(json!({"requester": {"email": email, "name": "Other"}}))
        .await;
    let nameless = json!({"ticket": {
        "comment": {"body": "b"}, "requester": {"email": "new@acme.example"},
    }});
    let refused = stage.post("tickets", nameless).await;
    let new = stage
        .ticket(json!({"requester": {"email": "new@acme.example", "name": "New"}}))
        .await;

    let known = stage.get(&format!("tickets/{known}")).await;
    assert_eq!(known.body["ticket"]["requester_id"], customer);
    assert_eq!(refused.status, 422);
    let new = stage.get(&format!("tickets/{new}?include=users")).await;
    assert_eq!(new.body["users"][1]["email"], "new@acme.example");
    assert_eq!(new.body["users"][1]["role"], "end-user");
}

#[tokio::test]
async fn ccs_are_commands_and_read_as_ids() {
    let stage = Stage::plain();
    let customer = stage.customer();
    let id = stage
        .ticket(json!({"email_ccs": [
            {"user_id": customer.to_string()},
            {"user_email": "copy@acme.example", "user_name": "Copy", "action": "put"},
        ]}))
        .await;
    let change = json!({"email_ccs": [{"user_id": customer, "action": "delete"}]});
    let seen = stage.change(id, change).await;
    let people = stage.get(&format!("tickets/{id}/email_ccs")).await;

    let left = seen.body["ticket"]["email_cc_ids"].clone();
    assert_eq!(left, json!([people.body["users"][0]["id"]]));
    assert_eq!(people.body["users"][0]["email"], "copy@acme.example");
    assert_eq!(people.body["users"][0]["name"], "Copy");
    assert_eq!(seen.body["ticket"]["collaborator_ids"], left);
}

#[tokio::test]
async fn only_agents_follow() {
    let stage = Stage::plain();
    let (me, customer) = (stage.me(), stage.customer());
    let id = stage
        .ticket(json!({"followers": [{"user_id": me}, {"user_id": customer}]}))
        .await;
    let seen = stage.get(&format!("tickets/{id}")).await;

    assert_eq!(seen.body["ticket"]["follower_ids"], json!([me]));
}

#[tokio::test]
async fn legacy_collaborators_are_sorted_by_role() {
    let stage = Stage::plain();
    let (me, customer) = (stage.me(), stage.customer());
    let id = stage
        .ticket(json!({"collaborators": [me, customer, "odd@acme.example"]}))
        .await;
    let seen = stage.get(&format!("tickets/{id}")).await;
    let ccs = seen.body["ticket"]["email_cc_ids"].as_array().unwrap();

    assert_eq!(seen.body["ticket"]["follower_ids"], json!([me]));
    assert_eq!(ccs.len(), 2);
    assert_eq!(ccs[0], customer);
}

#[tokio::test]
async fn a_refused_write_makes_nobody() {
    let stage = Stage::plain();
    let before = stage.simulator.inspect(|world| world.users.len());
    let ticket = json!({
        "comment": {"body": "b"}, "priority": "none",
        "requester": {"name": "N", "email": "n@acme.example"},
    });
    let seen = stage.post("tickets", json!({"ticket": ticket})).await;

    assert_eq!(seen.status, 422);
    assert_eq!(stage.simulator.inspect(|world| world.users.len()), before);
}
