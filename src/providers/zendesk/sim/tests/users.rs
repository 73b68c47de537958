//! Users, their addresses, groups and organizations.

use http::Request;
use serde_json::{Value, json};

use super::{Stage, Switches};

#[tokio::test]
async fn me_is_anonymous_to_nobody_and_refuses_a_wrong_token() {
    let stage = Stage::plain();
    let unknown = Request::get("/api/v2/users/me.json").header("host", "sim.test");
    let nobody = stage
        .ask(unknown.body(axum::body::Body::empty()).unwrap())
        .await;
    let password = stage
        .send_as("me@desk.example:password", "GET", "users/me", &Value::Null)
        .await;
    let wrong = stage
        .send_as(
            "me@desk.example/token:wrong",
            "GET",
            "users/me",
            &Value::Null,
        )
        .await;
    let right = stage.get("users/me").await;

    assert_eq!(nobody.body["user"]["id"], Value::Null);
    assert_eq!(nobody.body["user"]["name"], "Anonymous user");
    assert_eq!(
        (password.status.as_u16(), &password.body["user"]["id"]),
        (200, &Value::Null)
    );
    assert_eq!(wrong.status, 401);
    assert_eq!(right.body["user"]["id"], stage.me());
    assert!(right.body["user"]["authenticity_token"].is_string());
}

#[tokio::test]
async fn a_user_is_made_once() {
    let stage = Stage::plain();
    let body = json!({"user": {"name": "New", "email": "new@acme.example", "tags": ["B", "a"]}});
    let made = stage.post("users", body.clone()).await;
    let again = stage.post("users", body).await;
    let nameless = stage.post("users", json!({"user": {"name": ""}})).await;

    assert_eq!(made.status, 201);
    let id = &made.body["user"]["id"];
    assert_eq!(
        made.header("location"),
        format!("http://sim.test/api/v2/users/{id}.json")
    );
    assert_eq!(made.body["user"]["role"], "end-user");
    assert_eq!(made.body["user"]["tags"], json!(["a", "b"]));
    assert_eq!(again.status, 422);
    assert_eq!(
        again.body["details"]["email"],
        json!([{
            "description": "Email: new@acme.example is already being used by another user",
            "error": "DuplicateValue",
        }])
    );
    assert_eq!(
        nameless.body["details"]["name"][0]["error"],
        "ValueTooShort"
    );
}

#[tokio::test]
async fn another_address_comes_second_until_it_is_made_primary() {
    let stage = Stage::plain();
    let id = stage.customer();
    let change = json!({"user": {"email": "second@acme.example"}});
    let before = stage.get(&format!("users/{id}")).await;
    let changed = stage.put(&format!("users/{id}"), change).await;
    let all = stage.get(&format!("users/{id}/identities")).await;
    let second = all.ids("identities")[1];
    let preferred = stage
        .put(
            &format!("users/{id}/identities/{second}/make_primary"),
            Value::Null,
        )
        .await;
    let after = stage.get(&format!("users/{id}")).await;

    assert_eq!(changed.body["user"]["email"], before.body["user"]["email"]);
    assert_eq!(preferred.body["identities"][1]["primary"], true);
    assert_eq!(after.body["user"]["email"], "second@acme.example");
}

#[tokio::test]
async fn a_deleted_user_is_answered_and_shown_inactive() {
    let stage = Stage::plain();
    let id = stage.customer();
    let deleted = stage.delete(&format!("users/{id}")).await;
    let shown = stage.get(&format!("users/{id}")).await;
    let again = stage.delete(&format!("users/{id}")).await;
    let purged = stage.delete(&format!("deleted_users/{id}")).await;
    let gone = stage.get(&format!("users/{id}")).await;

    assert_eq!(
        (deleted.status.as_u16(), &deleted.body["user"]["active"]),
        (200, &json!(false))
    );
    assert_eq!(shown.body["user"]["active"], false);
    assert_eq!(again.status, 404);
    assert_eq!(purged.body["deleted_user"]["email"], Value::Null);
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn lists_page_by_cursor_and_by_number() {
    let stage = Stage::plain();
    let by_cursor = stage
        .get("users?role[]=admin&role[]=agent&page[size]=2")
        .await;
    let next = stage.get(&by_cursor.link("/links/next")).await;
    let by_number = stage.get("users?role=end-user&per_page=7").await;

    assert_eq!(by_cursor.ids("users").len(), 2);
    assert_eq!(by_cursor.body["meta"]["has_more"], true);
    assert_eq!(next.ids("users").len(), 1);
    assert_eq!(next.body["meta"]["has_more"], false);
    assert!(next.body["links"]["next"].is_string());
    assert_eq!(by_number.ids("users").len(), 7);
    assert_eq!(by_number.body["count"], 30);
}

#[tokio::test]
async fn show_many_is_ordered_and_drops_the_unknown() {
    let stage = Stage::plain();
    let (me, customer) = (stage.me(), stage.customer());
    let seen = stage
        .get(&format!("users/show_many?ids={customer},1,{me}"))
        .await;

    assert_eq!(seen.ids("users"), [me, customer]);
    assert_eq!(seen.body["count"], 2);
}

#[tokio::test]
async fn users_are_found_exactly_by_address_and_loosely_without() {
    let stage = Stage::plain();
    let exact = stage
        .get("users/search?query=email:%22CUSTOMER3@mail.example%22")
        .await;
    let loose = stage.get("users/search?query=customer3@mail.example").await;
    let cursor = stage.get("users/search?query=a&page[size]=5").await;

    assert_eq!(exact.body["count"], 1);
    assert_eq!(exact.body["users"][0]["email"], "customer3@mail.example");
    // customer3, but customer30 and the like would come too.
    assert!(loose.body["count"].as_u64().unwrap() >= 1);
    assert_eq!(cursor.status, 400);
    assert_eq!(cursor.body["error"]["title"], "Invalid attribute");
}

#[tokio::test]
async fn many_users_become_a_job_whose_items_may_fail() {
    let stage = Stage::plain();
    let customer = stage.customer();
    let known = stage
        .simulator
        .inspect(|world| world.users[&customer].email.clone());
    let list = json!({"users": [{"name": "A"}, {"name": "B", "email": known}]});
    let queued = stage.post("users/create_many", list).await;
    let id = queued.body["job_status"]["id"].as_str().unwrap().to_owned();
    let done = stage.get(&format!("job_statuses/{id}")).await;
    let users: Vec<Value> = (0..101).map(|_| json!({"name": "A"})).collect();
    let too_many = stage
        .post("users/create_many", json!({"users": users}))
        .await;

    assert_eq!(
        (queued.status.as_u16(), &queued.body["job_status"]["status"]),
        (200, &json!("queued"))
    );
    assert_eq!(done.body["job_status"]["status"], "completed");
    assert_eq!(done.body["job_status"]["results"][0]["status"], "Created");
    assert_eq!(
        done.body["job_status"]["results"][1]["error"],
        "UserCreateFailed"
    );
    assert_eq!(
        too_many.body["description"],
        "Maximum 100 users may be created per call"
    );
}

#[tokio::test]
async fn names_of_organizations_are_taken_once() {
    let stage = Stage::plain();
    let body = json!({"organization": {"name": "Fresh", "external_id": "f-1"}});
    let made = stage.post("organizations", body.clone()).await;
    let again = stage.post("organizations", body).await;
    let found = stage.get("organizations/search?external_id=f-1").await;
    let id = made.body["organization"]["id"].as_u64().unwrap();
    let deleted = stage.delete(&format!("organizations/{id}")).await;
    let gone = stage.get(&format!("organizations/{id}")).await;

    assert_eq!(made.status, 201);
    assert_eq!(
        again.body["details"]["name"][0]["description"],
        "Name: Fresh has already been taken"
    );
    assert_eq!(found.ids("organizations"), [id]);
    assert_eq!((deleted.status.as_u16(), gone.status.as_u16()), (204, 404));
}

#[tokio::test]
async fn a_deleted_group_is_still_shown() {
    let stage = Stage::plain();
    let made = stage
        .post("groups", json!({"group": {"name": "Third level"}}))
        .await;
    let id = made.body["group"]["id"].as_u64().unwrap();
    let deleted = stage.delete(&format!("groups/{id}")).await;
    let shown = stage.get(&format!("groups/{id}")).await;
    let rest = stage.get("groups?exclude_deleted=true").await;

    assert_eq!(deleted.status, 204);
    assert_eq!(shown.body["group"]["deleted"], true);
    assert!(!rest.ids("groups").contains(&id));
}

#[tokio::test]
async fn nobody_joins_twice() {
    let stage = Stage::plain();
    let me = stage.me();
    let group = stage.get("groups").await.ids("groups")[0];
    let body = json!({"group_membership": {"user_id": me, "group_id": group}});
    let first = stage.post("group_memberships", body.clone()).await;
    let second = stage.post("group_memberships", body).await;
    let of_me = stage
        .get(&format!("users/{me}/group_memberships?page[size]=10"))
        .await;

    assert_eq!(second.status, 422);
    assert_eq!(
        second.body["details"]["user_id"][0]["error"],
        "DuplicateValue"
    );
    assert!(matches!(first.status.as_u16(), 201 | 422));
    assert!(!of_me.ids("group_memberships").is_empty());
}

#[tokio::test]
async fn an_update_is_limited_per_user() {
    let stage = Stage::new(|options| options.plan = super::Plan::Team);
    let id = stage.customer();
    for _ in 0..5 {
        stage
            .put(&format!("users/{id}"), json!({"user": {"notes": "n"}}))
            .await;
    }
    let refused = stage
        .put(&format!("users/{id}"), json!({"user": {"notes": "n"}}))
        .await;

    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn mails_in_quarantine_are_recovered() {
    let stage = Stage::new(|options| options.switches = Switches::default());
    let now = stage.simulator.inspect(super::World::now);
    let mail = super::records::Suspended {
        id: 77,
        author_name: "Sender".to_owned(),
        author_email: "sender@new.example".to_owned(),
        cause: "Detected as spam".to_owned(),
        cause_id: 0,
        content: "buy".to_owned(),
        subject: "offer".to_owned(),
        recipient: "support@desk.example".to_owned(),
        created_at: now,
        ticket_id: None,
    };
    stage.simulator.change(|world| {
        world.suspended.insert(77, mail.clone());
        world
            .suspended
            .insert(78, super::records::Suspended { id: 78, ..mail });
    });
    let one = stage.put("suspended_tickets/77/recover", Value::Null).await;
    let many = stage
        .put("suspended_tickets/recover_many?ids=78", Value::Null)
        .await;
    let left = stage.get("suspended_tickets/77").await;

    assert_eq!(one.body["ticket"]["requester_id"], stage.me());
    assert_ne!(many.body["tickets"][0]["requester_id"], stage.me());
    assert_eq!(left.status, 404);
}

#[tokio::test]
async fn exports_of_users_hold_back_a_minute_and_show_the_deleted() {
    let stage = Stage::plain();
    let id = stage.customer();
    let start = super::START;
    stage.delete(&format!("users/{id}")).await;
    let early = stage
        .get(&format!(
            "incremental/users/cursor?start_time={}",
            start - 61
        ))
        .await;
    stage.pass(61);
    let later = stage
        .get(&format!(
            "incremental/users/cursor?start_time={}",
            start - 61
        ))
        .await;
    let recent = stage
        .get(&format!("incremental/users?start_time={}", start + 30))
        .await;

    assert!(early.ids("users").is_empty());
    assert_eq!(later.ids("users"), [id]);
    assert_eq!(later.body["users"][0]["active"], false);
    assert_eq!(recent.body["errors"][0]["code"], "StartTimeTooRecent");
}
