//! Tickets are made, changed and removed as they were asked for, and nothing else happens to them.

use deskgate::model::field::{Field as _, TicketField};
use deskgate::model::id::CommentId;
use deskgate::provider::capability::Operation;
use serde_json::{Value, json};

use crate::contract::attributes::{
    UNKNOWN, accepted, as_request, assert_shows, body, comment_edit, has, lacking, plain, value,
    with,
};
use crate::contract::lab::{Lab, address, new_ticket, public, upstream};
use crate::desks::HelpDesk;
use crate::support::PUBLIC_URL;
use crate::support::request::Request;

/// The priorities of the API.
const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];
/// The statuses of the API.
const STATUSES: [&str; 4] = ["open", "pending", "resolved", "closed"];

/// Every attribute that a new ticket may have is stored, answered and read again.
pub(crate) async fn a_ticket_is_made_as_it_was_asked_for<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let fields = accepted(&D::capabilities().create_ticket);
    let before = lab.desk.tickets().await.len();

    let made = lab
        .app
        .post("/tickets", body(&fields, &cast))
        .await
        .expect(201);

    lab.wait();
    let read = lab.app.get(&address(&made)).await.expect(200);
    for ticket in [&made, &read] {
        for field in &fields {
            assert_shows(ticket, *field, &value(*field, &cast));
        }
        let href = format!("{PUBLIC_URL}/v1/accounts/me/helpdesk{}", address(&made));
        assert_eq!(ticket["href"], href);
        assert_eq!(
            (&ticket["api"], &ticket["type"]),
            (&json!("helpdesk"), &json!("ticket"))
        );
        assert_eq!(
            (&ticket["deleted"], &ticket["spam"]),
            (&json!(false), &json!(false))
        );
    }
    for name in [
        "id",
        "description",
        "requester",
        "native_status",
        "created_at",
    ] {
        assert_eq!(read[name], made[name], "{name}");
    }
    assert_eq!(lab.desk.tickets().await.len(), before + 1);
}

/// Priority, status and visibility are the API's defaults, whatever the help desk's are.
pub(crate) async fn a_new_ticket_has_the_defaults_of_the_api<D: HelpDesk>(lab: Lab<D>) {
    let (_, made) = lab.ticket().await;
    for (field, default) in [
        (TicketField::Priority, json!("normal")),
        (TicketField::Status, json!("open")),
        (TicketField::Public, json!(true)),
    ] {
        if accepted(&D::capabilities().create_ticket).contains(&field) {
            assert_eq!(made[field.name()], default, "{field:?}");
        }
    }
}

/// An attribute that the help desk does not have changes nothing, nor does one that nobody has.
pub(crate) async fn what_the_help_desk_lacks_is_ignored<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let unknown = json!({ "made_up": 1 });
    let (_, usual) = lab.ticket().await;
    let fields = lacking(&D::capabilities().create_ticket);

    let more = with(body(&fields, &cast), &unknown);
    let made = lab
        .app
        .post("/tickets", with(new_ticket(), &more))
        .await
        .expect(201);

    for field in &fields {
        assert_eq!(made[field.name()], usual[field.name()], "{field:?}");
    }
    let address = address(&made);
    let fields = lacking(&D::capabilities().update_ticket);
    lab.wait();
    let before = lab.app.get(&address).await.expect(200);
    lab.wire.received.clear();
    let patch = with(body(&fields, &cast), &unknown);
    let after = lab.app.patch(&address, patch).await.expect(200);
    assert_eq!(after, before);
    assert_eq!(lab.wire.received.writes(), 0);
}

/// What a new ticket must have is asked for by name before the help desk is.
pub(crate) async fn what_is_required_is_asked_for_before_any_call<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let accepts = &D::capabilities().create_ticket;
    let whole = body(&accepted(accepts), &cast);
    for field in accepts.required {
        let name = field.name();
        let mut missing = whole.clone();
        missing.as_object_mut().unwrap().remove(name);
        let mut bad = vec![missing, with(whole.clone(), &json!({ name: null }))];
        if matches!(field, TicketField::Subject | TicketField::Description) {
            bad.push(with(whole.clone(), &json!({ name: "" })));
            bad.push(with(whole.clone(), &json!({ name: " \n\t" })));
        }
        for body in bad {
            let refused = lab.app.post("/tickets", body).await.expect(400);
            assert_eq!(refused["error_code"], "bad_request");
            assert_eq!(refused["message"], format!("{name} is required"));
        }
    }
    for requester in [
        json!({}),
        json!({ "name": "only" }),
        json!({ "email": "nonsense" }),
    ] {
        let body = with(whole.clone(), &json!({ "requester": requester }));
        let refused = lab.app.post("/tickets", body).await;
        assert_eq!(refused.refused(400), "bad_request");
    }
    assert_eq!(lab.wire.received.count(), 0);
}

/// A request with every attribute that a new ticket may have: some statuses need an assignee.
async fn whole<D: HelpDesk>(lab: &Lab<D>) -> Value {
    let cast = lab.desk.cast().await;
    body(&accepted(&D::capabilities().create_ticket), &cast)
}

/// Asserts that a ticket has these, as far as a request may name them.
#[track_caller]
fn assert_stands(ticket: &Value, fields: &[TicketField], priority: &str, status: &str) {
    for (field, word) in [
        (TicketField::Priority, priority),
        (TicketField::Status, status),
    ] {
        if fields.contains(&field) {
            assert_eq!(ticket[field.name()], word, "{priority} {status}");
        }
    }
}

/// No word is translated into one that comes back as another.
pub(crate) async fn every_priority_and_status_can_be_made<D: HelpDesk>(lab: Lab<D>) {
    let whole = whole(&lab).await;
    let fields = accepted(&D::capabilities().create_ticket);
    for priority in PRIORITIES {
        for status in STATUSES {
            let mut new = with(
                whole.clone(),
                &json!({ "priority": priority, "status": status }),
            );
            // A ticket that is done is due no more.
            new.as_object_mut().unwrap().remove("due_at");
            let made = lab.app.post("/tickets", new).await.expect(201);
            let read = lab.app.get(&address(&made)).await.expect(200);

            assert_stands(&made, &fields, priority, status);
            assert_stands(&read, &fields, priority, status);
        }
    }
}

/// A closed ticket may refuse every further change, so each one that is closed is a new one.
pub(crate) async fn every_priority_and_status_can_be_set<D: HelpDesk>(lab: Lab<D>) {
    let whole = whole(&lab).await;
    let fields = accepted(&D::capabilities().update_ticket);
    let reused = lab.app.post("/tickets", whole.clone()).await.expect(201);
    for priority in PRIORITIES {
        for status in STATUSES {
            let ticket = if status == "closed" {
                address(&lab.app.post("/tickets", whole.clone()).await.expect(201))
            } else {
                address(&reused)
            };
            let patch = json!({ "priority": priority, "status": status });
            let changed = lab.app.patch(&ticket, patch).await.expect(200);
            let read = lab.app.get(&ticket).await.expect(200);

            assert_stands(&changed, &fields, priority, status);
            assert_stands(&read, &fields, priority, status);
        }
    }
}

/// A status that only this help desk has is told with its id and name beside the nearest word.
pub(crate) async fn every_status_of_the_help_desks_own_is_told<D: HelpDesk>(lab: Lab<D>) {
    for native in lab.desk.statuses().await {
        let id = lab.desk.create(&native.label, 60).await;
        lab.desk.set_status(&id, &native.id).await;
        lab.wait();
        let read = lab
            .app
            .get(&format!("/tickets/{}", public(&id)))
            .await
            .expect(200);
        let (listed, _) = lab.walk("/tickets").await;
        let listed = listed.iter().find(|ticket| upstream(ticket) == id);
        for ticket in [&read, listed.unwrap()] {
            assert_eq!(ticket["status"], native.word, "{native:?}");
            let told = json!({ "id": native.id, "label": native.label });
            assert_eq!(ticket["native_status"], told);
        }
    }
}

/// What may follow a change of an attribute by itself: a company its customers, a group its agents.
fn follows(changed: TicketField) -> &'static [TicketField] {
    match changed {
        TicketField::Requester => &[TicketField::Company],
        TicketField::Assignee => &[TicketField::Group],
        _ => &[],
    }
}

/// Asserts that all attributes but these are as before.
#[track_caller]
fn assert_same_but(fields: &[TicketField], after: &Value, before: &Value) {
    let is_changed = |name: &str| {
        let is_own = name == "modified_at" || name == "native_status";
        is_own && !fields.is_empty() || fields.iter().any(|field| field.name() == name)
    };
    for (name, value) in before.as_object().unwrap() {
        assert!(
            is_changed(name) || after[name] == *value,
            "{name} after {fields:?}: {} was {value}",
            after[name]
        );
    }
}

/// Each attribute is changed alone; nothing at all by a patch that names nothing.
pub(crate) async fn a_patch_touches_only_what_it_names<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let (address, made) = lab.ticket().await;
    let mut fields = D::capabilities().update_ticket.optional.to_vec();
    // A company takes tickets of its own customers.
    fields.sort_by_key(|field| *field != TicketField::Requester);
    lab.wait();
    let mut before = lab.app.get(&address).await.expect(200);
    assert_same_but(&[TicketField::DueAt], &before, &made);
    for field in fields {
        let new = value(field, &cast);

        let changed = lab
            .app
            .patch(&address, json!({ field.name(): new }))
            .await
            .expect(200);

        lab.wait();
        let after = lab.app.get(&address).await.expect(200);
        assert_shows(&changed, field, &new);
        assert_shows(&after, field, &new);
        assert_same_but(&[&[field], follows(field)].concat(), &after, &before);
        before = after;
    }
    lab.wire.received.clear();
    let same = lab.app.patch(&address, json!({})).await.expect(200);
    assert_eq!(same, before);
    assert_eq!(lab.wire.received.writes(), 0);
}

/// Null empties what can be empty, and only that.
pub(crate) async fn null_empties_what_can_be_empty<D: HelpDesk>(lab: Lab<D>) {
    let made = lab
        .app
        .post("/tickets", whole(&lab).await)
        .await
        .expect(201);
    let accepts = &D::capabilities().update_ticket;
    let nulls = accepts
        .clearable
        .iter()
        .map(|field| (field.name().to_owned(), Value::Null));
    lab.wait();
    let before = lab.app.get(&address(&made)).await.expect(200);

    let patch = Value::Object(nulls.collect());
    let changed = lab.app.patch(&address(&made), patch).await.expect(200);

    lab.wait();
    let after = lab.app.get(&address(&made)).await.expect(200);
    for ticket in [&changed, &after] {
        for field in accepts.clearable {
            let told = &ticket[field.name()];
            let is_list = before[field.name()].is_array();
            assert_eq!(
                *told,
                if is_list { json!([]) } else { Value::Null },
                "{field:?}"
            );
        }
        assert_same_but(accepts.clearable, ticket, &before);
    }
    if accepts.optional.contains(&TicketField::CustomProperties) {
        empty_properties(&lab, &before).await;
    }
}

/// A custom field is emptied by its own null; the others keep their values.
async fn empty_properties<D: HelpDesk>(lab: &Lab<D>, ticket: &Value) {
    let cast = lab.desk.cast().await;
    for (number, (id, _)) in cast.properties.iter().enumerate() {
        let patch = json!({ "custom_properties": [{ "id": id, "value": null }] });
        let changed = lab.app.patch(&address(ticket), patch).await.expect(200);
        for (place, (id, value)) in cast.properties.iter().enumerate() {
            let expected = if place > number { value } else { &Value::Null };
            let told = changed["custom_properties"].as_array().unwrap();
            let told = told.iter().find(|property| property["id"] == **id);
            assert_eq!(
                told.map_or(&Value::Null, |property| &property["value"]),
                expected,
                "{id}"
            );
        }
    }
}

/// Null for what cannot be empty is refused by name before the help desk is asked.
pub(crate) async fn what_cannot_be_emptied_is_refused_before_any_call<D: HelpDesk>(lab: Lab<D>) {
    let accepts = &D::capabilities().update_ticket;
    let (address, before) = lab.ticket().await;
    lab.wire.received.clear();
    for field in accepts.optional {
        if accepts.clearable.contains(field) {
            continue;
        }
        let patch = json!({ field.name(): null, "tags": ["changed"] });
        let refused = lab.app.patch(&address, patch).await.expect(400);
        assert_eq!(refused["error_code"], "invalid_parameters", "{field:?}");
        let message = refused["message"].as_str().unwrap();
        assert!(message.starts_with(field.name()), "{message}");
    }
    assert_eq!(lab.wire.received.count(), 0);
    assert_eq!(
        lab.app.get(&address).await.expect(200)["tags"],
        before["tags"]
    );
}

/// What a help desk has but cannot change is refused by name, unless it would stay the same.
pub(crate) async fn what_is_fixed_is_refused_unless_it_stays_the_same<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let (plain, _) = lab.ticket().await;
    let whole = whole(&lab).await;
    let whole = address(&lab.app.post("/tickets", whole).await.expect(201));
    lab.wait();
    for field in D::capabilities().update_ticket.fixed {
        let name = field.name();
        let new = value(*field, &cast);
        let mut changes = vec![
            (&plain, json!({ name: new })),
            (&plain, json!({ name: new, "subject": "changed" })),
        ];
        let held = lab.app.get(&whole).await.expect(200)[name].clone();
        if held != Value::Null && held != json!([]) {
            changes.push((&whole, json!({ name: null })));
        }
        for (ticket, patch) in changes {
            let before = lab.app.get(ticket).await.expect(200);
            lab.wire.received.clear();
            let refused = lab.app.patch(ticket, patch).await.expect(400);
            assert_eq!(refused["error_code"], "invalid_parameters", "{name}");
            let message = refused["message"].as_str().unwrap();
            assert!(message.starts_with(name), "{message}");
            assert_eq!(lab.wire.received.writes(), 0);
            assert_eq!(lab.app.get(ticket).await.expect(200), before);
        }
        for ticket in [&plain, &whole] {
            let before = lab.app.get(ticket).await.expect(200);
            let same = json!({ name: as_request(*field, &before) });
            lab.app.patch(ticket, same).await.expect(200);
            assert_eq!(lab.app.get(ticket).await.expect(200)[name], before[name]);
        }
    }
}

/// What a help desk can never change is refused by name before it is asked, even if it would stay the same.
pub(crate) async fn what_can_never_be_changed_is_refused_before_any_call<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let (address, _) = lab.ticket().await;
    lab.wait();
    let before = lab.app.get(&address).await.expect(200);
    for field in D::capabilities().update_ticket.refused {
        let name = field.name();
        let same = as_request(*field, &before);
        for new in [value(*field, &cast), same, Value::Null] {
            lab.wire.received.clear();
            let patch = json!({ name: new, "subject": "changed" });
            let refused = lab.app.patch(&address, patch).await.expect(400);
            assert_eq!(refused["error_code"], "invalid_parameters", "{name}");
            let message = refused["message"].as_str().unwrap();
            assert!(message.starts_with(name), "{message}");
            assert_eq!(lab.wire.received.count(), 0);
        }
    }
    assert_eq!(lab.app.get(&address).await.expect(200), before);
}

/// No letter is lost or turned into another on the way.
pub(crate) async fn unicode_and_html_survive<D: HelpDesk>(lab: Lab<D>) {
    let texts = [
        "Café <b>order</b> ☕",
        "日本語 العربية ελληνικά עברית",
        "👩‍👩‍👧 🏳️‍🌈 e\u{301} \u{10fffd} �",
        r#"" \ / ' ` % $ \u0041 \n + & ; ="#,
        "&amp; &lt;b&gt; &#39;",
        "x",
        &"long ".repeat(30),
    ];
    for text in texts {
        let text = text.trim();
        let html = format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;"));
        let asked = json!({ "subject": text, "description": html, "tags": ["größe", "日本"] });
        let made = lab
            .app
            .post("/tickets", with(new_ticket(), &asked))
            .await
            .expect(201);
        let read = lab.app.get(&address(&made)).await.expect(200);
        let other = json!({ "subject": "other" });
        lab.app.patch(&address(&made), other).await.expect(200);
        let patch = json!({ "subject": text });
        let changed = lab.app.patch(&address(&made), patch).await.expect(200);
        for ticket in [&made, &read, &changed] {
            assert_eq!(ticket["subject"], text);
            assert!(plain(&ticket["description"]).contains(text), "{ticket}");
            if accepted(&D::capabilities().create_ticket).contains(&TicketField::Tags) {
                assert_eq!(ticket["tags"], asked["tags"]);
            }
        }
    }
    let html = json!({ "description": "<p>first</p><ul><li>one</li></ul>" });
    let made = lab
        .app
        .post("/tickets", with(new_ticket(), &html))
        .await
        .expect(201);
    let told = plain(&made["description"]);
    assert!(told.contains("first") && told.contains("one"), "{made}");
}

/// The requests that read a ticket, or the comments of it.
fn reads<D: HelpDesk>(lab: &Lab<D>, ticket: &str, comment: &str) -> [(Operation, Request); 3] {
    [
        (Operation::GetTicket, lab.app.get(ticket)),
        (
            Operation::ListComments,
            lab.app.get(&format!("{ticket}/comments")),
        ),
        (Operation::ListComments, lab.app.get(comment)),
    ]
}

/// The requests that change a ticket, or the comments of it.
fn writes<D: HelpDesk>(lab: &Lab<D>, ticket: &str, comment: &str) -> [(Operation, Request); 5] {
    let new = lab
        .app
        .post(&format!("{ticket}/comments"), json!({ "content": "x" }));
    [
        (
            Operation::UpdateTicket,
            lab.app.patch(ticket, json!({ "subject": "x" })),
        ),
        (Operation::DeleteTicket, lab.app.delete(ticket)),
        (Operation::CreateComment, new),
        (
            Operation::UpdateComment,
            lab.app.patch(comment, comment_edit::<D>()),
        ),
        (Operation::DeleteComment, lab.app.delete(comment)),
    ]
}

/// Has each request refused so, as far as the help desk has its operation.
async fn refused<D: HelpDesk>(
    requests: impl IntoIterator<Item = (Operation, Request)>,
    status: u16,
    code: &str,
) {
    for (operation, request) in requests {
        let answer = request.await;
        if has::<D>(operation) {
            assert_eq!(answer.refused(status), code, "{operation:?}");
        } else {
            assert_eq!(answer.refused(501), "not_implemented", "{operation:?}");
        }
    }
}

/// Has every request for a ticket answered by 404.
async fn not_found<D: HelpDesk>(lab: &Lab<D>, ticket: &str, comment: &str) {
    refused::<D>(reads(lab, ticket, comment), 404, "not_found").await;
    refused::<D>(writes(lab, ticket, comment), 404, "not_found").await;
}

/// Whether the list of all tickets shows one.
async fn is_listed<D: HelpDesk>(lab: &Lab<D>, ticket: &Value) -> bool {
    lab.wait();
    let (tickets, _) = lab.walk("/tickets?page_size=1000").await;
    tickets.iter().any(|listed| listed["id"] == ticket["id"])
}

/// What was deleted is as if it had never been.
pub(crate) async fn a_deleted_ticket_is_not_found<D: HelpDesk>(lab: Lab<D>) {
    if !has::<D>(Operation::DeleteTicket) {
        return;
    }
    let (ticket, made) = lab.ticket().await;
    let (comment, _) = lab.comment(&ticket, false).await;
    assert!(is_listed(&lab, &made).await);

    let answer = lab.app.delete(&ticket).await.expect(204);

    assert_eq!(answer, Value::Null);
    not_found(&lab, &ticket, &comment).await;
    assert!(!is_listed(&lab, &made).await);
}

/// People can trash a ticket and fetch it back; nothing that is refused meanwhile happens to it.
pub(crate) async fn a_ticket_trashed_in_the_help_desk_is_not_found<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let (comment, _) = lab.comment(&ticket, false).await;
    let id = upstream(&made);
    lab.wait();
    let before = lab.app.get(&ticket).await.expect(200);
    if !lab.desk.trash(&id, false).await {
        return;
    }

    not_found(&lab, &ticket, &comment).await;

    assert!(!is_listed(&lab, &made).await);
    if lab.desk.trash(&id, true).await {
        let after = lab.app.get(&ticket).await.expect(200);
        assert_eq!(after["subject"], before["subject"]);
        assert_eq!(lab.desk.comments(&id).await.len(), 1);
        assert!(is_listed(&lab, &made).await);
    }
}

/// Ids that nothing has, or could have, lead nowhere else.
pub(crate) async fn a_ticket_that_never_was_is_not_found<D: HelpDesk>(lab: Lab<D>) {
    let id = lab.desk.create("is there", 60).await;
    let never = [
        UNKNOWN,
        "0",
        "-1",
        "x",
        "1/../2",
        "../tickets",
        "1?a=b",
        "1#",
        "1%2f2",
        "99999999999999999999",
    ];
    let odd = [
        format!("{id}?x"),
        format!("{id}/"),
        format!("0{id}"),
        format!(" {id}"),
    ];
    let comment = CommentId::from_upstream(UNKNOWN.to_owned());
    for id in never.into_iter().chain(odd.iter().map(String::as_str)) {
        let ticket = format!("/tickets/{}", public(id));
        not_found(&lab, &ticket, &format!("{ticket}/comments/{comment}")).await;
    }
    assert!(
        lab.wire
            .received
            .lines()
            .iter()
            .all(|line| !line.contains(".."))
    );
}

/// A ticket held for spam says so and can be read; writes are refused until it is let go.
pub(crate) async fn a_spam_ticket_can_be_read_and_refuses_writes<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let (comment, note) = lab.comment(&ticket, false).await;
    let id = upstream(&made);
    if !lab.desk.mark_spam(&id, false).await {
        return;
    }

    assert_eq!(lab.app.get(&ticket).await.expect(200)["spam"], true);
    let (comments, _) = lab.walk(&format!("{ticket}/comments")).await;
    assert_eq!(comments.len(), 1);
    assert_eq!(lab.app.get(&comment).await.expect(200)["id"], note["id"]);
    refused::<D>(writes(&lab, &ticket, &comment), 409, "conflict").await;
    assert!(!is_listed(&lab, &made).await);
    assert_eq!(lab.desk.comments(&id).await.len(), 1);
    if lab.desk.mark_spam(&id, true).await {
        assert_eq!(lab.app.get(&ticket).await.expect(200)["spam"], false);
        lab.app
            .patch(&ticket, json!({ "subject": "x" }))
            .await
            .expect(200);
    }
}

/// The help desk's own objects come with answers of every kind, but never unasked.
pub(crate) async fn raw_data_comes_only_when_asked_for<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let (comment, _) = lab.comment(&ticket, false).await;
    assert!(made.get("raw").is_none());
    for path in [&ticket, "/tickets", &comment, &format!("{ticket}/comments")] {
        for asks in [None, Some("true"), Some("True"), Some("false")] {
            let mut request = lab.app.get(path);
            if let Some(asks) = asks {
                request = request.header("x-kloudless-raw-data", asks);
            }
            let answer = request.await.expect(200);
            let one = std::slice::from_ref(&answer);
            let objects = answer["objects"].as_array().map_or(one, Vec::as_slice);
            assert!(!objects.is_empty());
            for object in objects {
                let has_raw = object["raw"]["object"].is_object();
                assert_eq!(
                    has_raw,
                    matches!(asks, Some("true" | "True")),
                    "{path} {asks:?}"
                );
                assert_eq!(object.get("raw").is_some(), has_raw);
            }
        }
        let odd = lab
            .app
            .get(path)
            .header("x-kloudless-raw-data", "maybe")
            .await;
        assert_eq!(odd.refused(400), "bad_request");
    }
    let asked = lab
        .app
        .post("/tickets", new_ticket())
        .header("x-kloudless-raw-data", "true");
    let made = asked.await.expect(201);
    assert!(made["raw"]["object"].to_string().contains(&upstream(&made)));
}

/// What an inbox shows costs a list no call per ticket.
pub(crate) async fn a_list_has_names_and_descriptions_in_few_calls<D: HelpDesk>(lab: Lab<D>) {
    let stored = lab.desk.tickets().await.into_iter();
    let expected = stored
        .filter(|ticket| !ticket.is_trashed && !ticket.is_spam)
        .count();

    let list = lab.app.get("/tickets").await.expect(200);

    let tickets = list["objects"].as_array().unwrap();
    assert_eq!(
        (tickets.len(), &list["next_page"]),
        (expected, &Value::Null)
    );
    for ticket in tickets {
        let requester = &ticket["requester"];
        assert!(
            requester["email"].is_string() || requester["name"].is_string(),
            "{ticket}"
        );
        assert!(ticket["description"].is_string(), "{ticket}");
    }
    assert!(
        lab.wire.received.count() <= 4,
        "{:?}",
        lab.wire.received.lines()
    );
}

/// A person is named by id or by address; the id wins; a new address is a new customer.
pub(crate) async fn the_requester_is_named_by_id_or_by_address<D: HelpDesk>(lab: Lab<D>) {
    let (id, email) = lab.desk.cast().await.customer;
    let both = json!({ "user_id": id, "email": "somebody.else@example.com" });
    let mut tickets = Vec::new();
    for requester in [json!({ "user_id": id }), json!({ "email": email }), both] {
        let body = with(new_ticket(), &json!({ "requester": requester }));
        tickets.push(lab.app.post("/tickets", body).await.expect(201));
        if accepted(&D::capabilities().update_ticket).contains(&TicketField::Requester) {
            let (address, _) = lab.ticket().await;
            let patch = json!({ "requester": requester });
            tickets.push(lab.app.patch(&address, patch).await.expect(200));
        }
    }
    for ticket in tickets {
        let read = lab.app.get(&address(&ticket)).await.expect(200);
        for ticket in [&ticket, &read] {
            assert_eq!(ticket["requester"]["user_id"], *id);
            assert_shows(ticket, TicketField::Requester, &json!({ "email": email }));
        }
    }
    let (_, made) = lab.ticket().await;
    assert_eq!(made["requester"]["email"], "new.person@example.com");
    assert!(made["requester"]["user_id"].is_string() && made["requester"]["user_id"] != *id);
}

/// A person, group or company that the help desk does not have is refused in our name for it.
pub(crate) async fn an_unknown_id_is_refused_by_name<D: HelpDesk>(lab: Lab<D>) {
    let before = lab.desk.tickets().await.len();
    let ids = [
        (TicketField::Requester, json!({ "user_id": UNKNOWN })),
        (TicketField::Assignee, json!(UNKNOWN)),
        (TicketField::Group, json!(UNKNOWN)),
        (TicketField::Company, json!(UNKNOWN)),
        (TicketField::Submitter, json!(UNKNOWN)),
    ];
    for (field, id) in &ids {
        if accepted(&D::capabilities().create_ticket).contains(field) {
            let body = with(new_ticket(), &json!({ field.name(): id }));
            let refused = lab.app.post("/tickets", body).await.expect(400);
            assert_refusal_names(&refused, *field);
        }
    }
    assert_eq!(lab.desk.tickets().await.len(), before);
    let (address, _) = lab.ticket().await;
    lab.wait();
    let before = lab.app.get(&address).await.expect(200);
    for (field, id) in &ids {
        if accepted(&D::capabilities().update_ticket).contains(field) {
            let patch = json!({ field.name(): id });
            let refused = lab.app.patch(&address, patch).await.expect(400);
            assert_refusal_names(&refused, *field);
        }
    }
    assert_eq!(lab.app.get(&address).await.expect(200), before);
}

/// Asserts that the help desk has refused an attribute.
#[track_caller]
fn assert_refusal_names(refused: &Value, field: TicketField) {
    assert_eq!(
        refused["error_code"], "request_failed",
        "{field:?}: {refused}"
    );
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains(field.name()), "{field:?}: {message}");
}

/// A redirect would be followed as a GET, so every spelling of an address is served as it is.
pub(crate) async fn addresses_work_with_and_without_slash_helpdesk_and_me<D: HelpDesk>(
    lab: Lab<D>,
) {
    let (address, _) = lab.ticket().await;
    let account = lab.app.account.to_string();
    for form in ["me", &account] {
        for below in ["/helpdesk", ""] {
            for end in ["", "/"] {
                let list = format!("/v1/accounts/{form}{below}/tickets{end}");
                lab.app
                    .as_account(http::Method::GET, &list)
                    .await
                    .expect(200);
                let one = format!("/v1/accounts/{form}{below}{address}{end}");
                let read = lab
                    .app
                    .as_account(http::Method::GET, &one)
                    .await
                    .expect(200);
                let href = format!("{PUBLIC_URL}/v1/accounts/{form}/helpdesk{address}");
                assert_eq!(read["href"], href);
                let comments = format!("/v1/accounts/{form}{below}{address}/comments{end}");
                lab.app
                    .as_account(http::Method::GET, &comments)
                    .await
                    .expect(200);
            }
        }
    }
}

/// An operation that the help desk lacks is said to be missing before any call.
pub(crate) async fn a_missing_operation_is_501_before_any_call<D: HelpDesk>(lab: Lab<D>) {
    let ticket = format!("/tickets/{}", public("1"));
    let comment = format!(
        "{ticket}/comments/{}",
        CommentId::from_upstream("1".to_owned())
    );
    let mut requests = vec![
        (Operation::ListTickets, lab.app.get("/tickets")),
        (
            Operation::CreateTicket,
            lab.app.post("/tickets", new_ticket()),
        ),
    ];
    requests.extend(reads(&lab, &ticket, &comment));
    requests.extend(writes(&lab, &ticket, &comment));
    requests.retain(|(operation, _)| !has::<D>(*operation));
    refused::<D>(requests, 501, "not_implemented").await;
    assert_eq!(lab.wire.received.count(), 0);
}
