//! Comments are what was asked for and what the help desk has stored.

use deskgate::model::field::{CommentField, Field as _};
use deskgate::provider::capability::Operation;
use serde_json::{Value, json};

use crate::contract::attributes::{UNKNOWN, accepted, comment_edit, has, plain};
use crate::contract::lab::{Lab, upstream, upstream_comment};
use crate::desks::HelpDesk;
use crate::support::PUBLIC_URL;

/// The attributes of a comment that do not change by themselves.
const ATTRIBUTES: [&str; 10] = [
    "id",
    "api",
    "type",
    "href",
    "content",
    "author",
    "public",
    "created_at",
    "modified_at",
    "attachments",
];

/// Asserts what customers can see of a comment, in the help desk and in the API.
async fn assert_public<D: HelpDesk>(lab: &Lab<D>, ticket: &Value, comment: &str, public: bool) {
    let read = lab.app.get(comment).await.expect(200);
    assert_eq!(read["public"], public);
    let stored = lab.desk.comments(&upstream(ticket)).await;
    let stored = stored
        .iter()
        .find(|stored| stored.id == upstream_comment(&read));
    assert_eq!(stored.unwrap().is_public, public);
}

/// Content, author and visibility are stored, answered and read again.
pub(crate) async fn a_comment_is_what_the_help_desk_stored<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let (ticket, made) = lab.ticket().await;
    for public in [true, false] {
        let (address, comment) = lab.comment(&ticket, public).await;

        let read = lab.app.get(&address).await.expect(200);

        for name in ATTRIBUTES {
            assert_eq!(read[name], comment[name], "{name}");
        }
        assert_eq!(comment["public"], public);
        assert_eq!(comment["author"], cast.me);
        assert_eq!(
            (&comment["api"], &comment["type"]),
            (&json!("helpdesk"), &json!("comment"))
        );
        assert_eq!(
            comment["href"],
            format!("{PUBLIC_URL}/v1/accounts/me/helpdesk{address}")
        );
        assert!(plain(&comment["content"]).contains("ünï ☕"));
        assert_public(&lab, &made, &address, public).await;
    }
    let comments = format!("{ticket}/comments");
    let default = lab
        .app
        .post(&comments, json!({ "content": "c" }))
        .await
        .expect(201);
    assert_eq!(default["public"], true);
    if accepted(&D::capabilities().create_comment).contains(&CommentField::Author) {
        for public in [true, false] {
            let body = json!({ "content": "c", "author": cast.agent, "public": public });
            let by_agent = lab.app.post(&comments, body).await.expect(201);
            assert_eq!(
                (&by_agent["author"], &by_agent["public"]),
                (&json!(cast.agent), &json!(public))
            );
        }
        let before = lab.desk.comments(&upstream(&made)).await.len();
        let body = json!({ "content": "c", "author": UNKNOWN, "public": false });
        let refused = lab.app.post(&comments, body).await.expect(400);
        assert_eq!(refused["error_code"], "request_failed");
        assert!(
            refused["message"].as_str().unwrap().contains("author"),
            "{refused}"
        );
        assert_eq!(lab.desk.comments(&upstream(&made)).await.len(), before);
    }
}

/// No letter is lost or turned into another on the way.
pub(crate) async fn unicode_and_html_survive_in_comments<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    for text in [
        "<b>Grüße</b> 🌍 日本語 العربية",
        r#"" \ / ' ` % $ \u0041 \n + ; ="#,
        "&amp;amp; &lt;script&gt;",
        "👩‍👩‍👧 e\u{301} \u{10fffd}",
    ] {
        for public in [true, false] {
            let body = json!({ "content": format!("<p>{text}</p>"), "public": public });
            let made = lab
                .app
                .post(&format!("{ticket}/comments"), body)
                .await
                .expect(201);
            let id = made["id"].as_str().unwrap();
            let read = lab
                .app
                .get(&format!("{ticket}/comments/{id}"))
                .await
                .expect(200);
            assert!(
                plain(&made["content"]).contains(&plain(&json!(text))),
                "{made}"
            );
            assert_eq!(read["content"], made["content"]);
        }
    }
}

/// Whatever the size of a page, and however many there are.
pub(crate) async fn a_walk_sees_every_comment_once_oldest_first<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, _) = lab.ticket().await;
    let comments = format!("{ticket}/comments");
    for made in 0..25 {
        if made % 6 == 0 {
            lab.wait();
            let expected: Vec<_> = (0..made).map(|number| number.to_string()).collect();
            for page_size in [1, 4, 10, 100] {
                let (seen, _) = lab.walk(&format!("{comments}?page_size={page_size}")).await;
                let seen: Vec<_> = seen
                    .iter()
                    .map(|comment| plain(&comment["content"]))
                    .collect();
                assert_eq!(seen, expected, "{page_size}");
            }
        }
        let body = json!({ "content": made.to_string(), "public": made % 2 == 0 });
        lab.app.post(&comments, body).await.expect(201);
    }
}

/// What people write in the help desk is shown as they wrote it, and no more visible.
pub(crate) async fn comments_of_people_are_listed_as_they_are<D: HelpDesk>(lab: Lab<D>) {
    let cast = lab.desk.cast().await;
    let (ticket, made) = lab.ticket().await;
    let mut expected = Vec::new();
    for (number, public) in [false, true, true, false].into_iter().enumerate() {
        let text = format!("by hand {number}");
        let id = lab.desk.add_comment(&upstream(&made), &text, public).await;
        expected.push((id, text, public));
    }
    lab.wait();

    let (listed, _) = lab.walk(&format!("{ticket}/comments?page_size=3")).await;

    let told = listed.iter().map(|comment| {
        let public = comment["public"].as_bool().unwrap();
        (
            upstream_comment(comment),
            plain(&comment["content"]),
            public,
        )
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);
    for comment in listed {
        let id = comment["id"].as_str().unwrap();
        let address = format!("{ticket}/comments/{id}");
        assert_eq!(comment["author"], cast.me);
        assert_eq!(
            comment["href"],
            format!("{PUBLIC_URL}/v1/accounts/me/helpdesk{address}")
        );
        assert_eq!(lab.app.get(&address).await.expect(200), comment);
    }
}

/// Has a patch of a comment refused by the name of an attribute, with nothing written.
async fn refused<D: HelpDesk>(lab: &Lab<D>, comment: &str, name: &str, patch: Value) {
    lab.wire.received.clear();
    let refused = lab.app.patch(comment, patch).await.expect(400);
    assert_eq!(refused["error_code"], "invalid_parameters", "{refused}");
    assert!(
        refused["message"].as_str().unwrap().starts_with(name),
        "{refused}"
    );
    assert_eq!(lab.wire.received.writes(), 0);
}

/// The text of a private comment can be changed where the help desk can; nothing else changes with it.
pub(crate) async fn an_edit_changes_the_content_and_keeps_the_visibility<D: HelpDesk>(lab: Lab<D>) {
    let accepts = &D::capabilities().update_comment;
    if !has::<D>(Operation::UpdateComment) || !accepted(accepts).contains(&CommentField::Content) {
        return;
    }
    let (ticket, made) = lab.ticket().await;
    let (note, before) = lab.comment(&ticket, false).await;
    for (number, patch) in [json!({}), json!({ "public": false })]
        .into_iter()
        .enumerate()
    {
        let text = format!("geändert ☕ {number}");
        let mut patch = patch;
        patch["content"] = json!(format!("<p>{text}</p>"));

        let changed = lab.app.patch(&note, patch).await.expect(200);

        let read = lab.app.get(&note).await.expect(200);
        assert_eq!(plain(&changed["content"]), text);
        for name in ["id", "href", "content", "author", "public", "created_at"] {
            assert_eq!(read[name], changed[name], "{name}");
        }
        for name in ["id", "href", "author", "created_at"] {
            assert_eq!(changed[name], before[name], "{name}");
        }
        assert_public(&lab, &made, &note, false).await;
    }
    lab.wire.received.clear();
    for blank in ["", " \n"] {
        let answer = lab.app.patch(&note, json!({ "content": blank })).await;
        assert_eq!(answer.refused(400), "bad_request");
    }
    if !accepts.clearable.contains(&CommentField::Content) {
        refused(&lab, &note, "content", json!({ "content": null })).await;
    }
    assert_eq!(lab.wire.received.count(), 0);
}

/// A public comment may be out by e-mail: it is changed as asked, or nothing is tried.
pub(crate) async fn an_edit_of_a_public_comment_is_done_or_not_tried<D: HelpDesk>(lab: Lab<D>) {
    let accepts = &D::capabilities().update_comment;
    if !has::<D>(Operation::UpdateComment) || !accepted(accepts).contains(&CommentField::Content) {
        return;
    }
    let (ticket, made) = lab.ticket().await;
    let (reply, before) = lab.comment(&ticket, true).await;
    lab.wire.received.clear();

    let answer = lab.app.patch(&reply, json!({ "content": "changed" })).await;

    let read = if answer.status.is_success() {
        assert_eq!(plain(&answer.body["content"]), "changed");
        answer.body
    } else {
        assert_eq!(answer.refused(501), "not_implemented");
        assert_eq!(lab.wire.received.writes(), 0);
        before
    };
    assert_eq!(
        lab.app.get(&reply).await.expect(200)["content"],
        read["content"]
    );
    assert_public(&lab, &made, &reply, true).await;
}

/// What a comment has and cannot change is refused by name, unless it would stay the same.
pub(crate) async fn what_is_fixed_in_a_comment_is_refused_unless_it_stays_the_same<D: HelpDesk>(
    lab: Lab<D>,
) {
    if !has::<D>(Operation::UpdateComment) {
        return;
    }
    let cast = lab.desk.cast().await;
    let accepts = &D::capabilities().update_comment;
    let (ticket, made) = lab.ticket().await;
    for public in [true, false] {
        let (address, comment) = lab.comment(&ticket, public).await;
        let others = [
            (CommentField::Content, json!("changed")),
            (CommentField::Author, json!(cast.agent)),
            (CommentField::Public, json!(!public)),
        ];
        for (field, other) in others {
            let name = field.name();
            let same = comment[name].clone();
            if accepts.fixed.contains(&field) {
                let mut patches = vec![json!({ name: other }), json!({ name: null })];
                if accepts.optional.contains(&CommentField::Content) {
                    patches.push(json!({ name: other, "content": "changed" }));
                }
                for patch in patches {
                    refused(&lab, &address, name, patch).await;
                }
                let same = json!({ name: same });
                lab.app.patch(&address, same).await.expect(200);
            }
            if accepts.refused.contains(&field) {
                for new in [other, same, Value::Null] {
                    refused(&lab, &address, name, json!({ name: new })).await;
                    assert_eq!(lab.wire.received.count(), 0);
                }
            }
        }
        let nobody = json!({ "public": null });
        refused(&lab, &address, "public", nobody).await;
        if public && accepts.optional.contains(&CommentField::Public) {
            // One direction alone can be asked for: the other is refused before any call.
            refused(&lab, &address, "public", json!({ "public": true })).await;
            assert_eq!(lab.wire.received.count(), 0);
            continue;
        }
        let kept = lab
            .app
            .patch(&address, json!({ "public": public }))
            .await
            .expect(200);
        assert_eq!(kept["content"], comment["content"]);
        assert_eq!(kept["author"], comment["author"]);
        assert_public(&lab, &made, &address, public).await;
    }
}

/// Where the visibility can be changed at all, it is in one direction only.
pub(crate) async fn a_private_comment_is_not_made_public<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let (note, _) = lab.comment(&ticket, false).await;
    lab.wire.received.clear();

    let answer = lab.app.patch(&note, json!({ "public": true })).await;

    let (status, code) = if has::<D>(Operation::UpdateComment) {
        (400, "invalid_parameters")
    } else {
        (501, "not_implemented")
    };
    assert_eq!(answer.refused(status), code);
    assert_eq!(lab.wire.received.writes(), 0);
    assert_public(&lab, &made, &note, false).await;
    let accepts = &D::capabilities().update_comment;
    if has::<D>(Operation::UpdateComment) && accepts.optional.contains(&CommentField::Public) {
        let (reply, _) = lab.comment(&ticket, true).await;
        let hidden = lab
            .app
            .patch(&reply, json!({ "public": false }))
            .await
            .expect(200);
        assert_eq!(hidden["public"], false);
        assert_public(&lab, &made, &reply, false).await;
    }
}

/// A deleted comment is as if it had never been, where comments can be deleted.
pub(crate) async fn a_deleted_comment_is_gone<D: HelpDesk>(lab: Lab<D>) {
    let (ticket, made) = lab.ticket().await;
    let (kept, _) = lab.comment(&ticket, false).await;
    for public in [true, false] {
        let (address, _) = lab.comment(&ticket, public).await;
        lab.wire.received.clear();
        let answer = lab.app.delete(&address).await;
        if !has::<D>(Operation::DeleteComment) {
            assert_eq!(answer.refused(501), "not_implemented");
            assert_eq!(lab.wire.received.count(), 0);
            continue;
        }

        assert_eq!(answer.expect(204), Value::Null);

        assert_eq!(lab.app.get(&address).await.refused(404), "not_found");
        assert_eq!(lab.app.delete(&address).await.refused(404), "not_found");
        let patch = lab.app.patch(&address, comment_edit::<D>()).await;
        let is_known = has::<D>(Operation::UpdateComment);
        assert_eq!(patch.status, if is_known { 404 } else { 501 });
        assert_eq!(lab.desk.comments(&upstream(&made)).await.len(), 1);
        lab.app.get(&kept).await.expect(200);
    }
}

/// A comment cannot be reached, still less changed, by way of another ticket.
pub(crate) async fn a_comment_is_found_in_its_own_ticket_only<D: HelpDesk>(lab: Lab<D>) {
    let (mine, made) = lab.ticket().await;
    let (other, _) = lab.ticket().await;
    for public in [true, false] {
        let (own, comment) = lab.comment(&mine, public).await;
        let elsewhere = format!("{other}/comments/{}", comment["id"].as_str().unwrap());
        lab.wire.received.clear();

        assert_eq!(lab.app.get(&elsewhere).await.refused(404), "not_found");
        let patch = lab.app.patch(&elsewhere, comment_edit::<D>()).await;
        let is_known = has::<D>(Operation::UpdateComment);
        assert_eq!(patch.status, if is_known { 404 } else { 501 });
        let delete = lab.app.delete(&elsewhere).await;
        let is_known = has::<D>(Operation::DeleteComment);
        assert_eq!(delete.status, if is_known { 404 } else { 501 });

        assert_eq!(lab.wire.received.writes(), 0);
        let read = lab.app.get(&own).await.expect(200);
        assert_eq!(read["content"], comment["content"]);
        assert_public(&lab, &made, &own, public).await;
    }
}

/// What does not say clearly what it is, and who may see it, is refused before any call.
pub(crate) async fn a_comment_that_is_not_clear_is_refused_before_any_call<D: HelpDesk>(
    lab: Lab<D>,
) {
    let (ticket, _) = lab.ticket().await;
    lab.wire.received.clear();
    let mut bad = vec![
        json!({}),
        json!({ "public": false }),
        json!({ "content": null, "public": false }),
        json!({ "content": "", "public": false }),
        json!({ "content": " \n", "public": false }),
        json!({ "content": "c", "private": null }),
        json!({ "content": "c", "private": true }),
        json!({ "content": "c", "public": false, "private": true }),
    ];
    for public in [
        json!(null),
        json!("no"),
        json!("false"),
        json!(0),
        json!(1),
        json!([]),
        json!({}),
    ] {
        bad.push(json!({ "content": "c", "public": public }));
    }
    for body in bad {
        let shown = body.to_string();
        let answer = lab.app.post(&format!("{ticket}/comments"), body).await;
        assert_eq!(answer.refused(400), "bad_request", "{shown}");
    }
    assert_eq!(lab.wire.received.count(), 0);
}
