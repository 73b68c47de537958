"""Comments: replies, private notes, lists."""

from kloudless.exceptions import APIException, NotFoundException

from checks import equal, holds, refused
from sdk.world import by_key, by_token, check_comment, check_error, new_ticket, upstream_conversations, upstream_id


def reply_is_public():
    """A comment with public: true is a reply, and says so."""
    for account in (by_token, by_key):
        ticket = new_ticket(account)
        for body in ({"content": "<p>Hello</p>", "public": True}, {"content": "<p>Hello again</p>"}):
            comment = ticket.post("comments", json=body)
            equal(comment.status_code, 201, "status")
            check_comment(comment.data, ticket.data["href"])
            equal(comment.data["public"], True, "public")
            holds("Hello" in comment.data["content"], "content")
            equal(upstream_conversations(ticket)[upstream_id(comment.data["id"])]["private"], False, "private upstream")


def note_stays_private():
    """A comment with public: false is a private note everywhere, before and after an edit."""
    for account in (by_token, by_key):
        ticket = new_ticket(account)
        note = ticket.post("comments", json={"content": "between us", "public": False})
        equal(note.status_code, 201, "status")
        check_comment(note.data, ticket.data["href"])
        edited = note.patch(json={"content": "still between us"})
        equal(edited.status_code, 200, "PATCH")
        holds("still between us" in edited.data["content"], "content")
        note.refresh()
        listed = ticket.get("comments").objects
        for data in (edited.data, note.data, listed[0].data):
            equal((data["id"], data["public"]), (note.data["id"], False), "id, public")
        own = upstream_conversations(ticket)[upstream_id(note.data["id"])]
        equal((own["private"], own["incoming"]), (True, False), "private, incoming upstream")


def visibility_cannot_change():
    """Making a private note public is refused by name, not ignored; its own value may be repeated."""
    ticket = new_ticket()
    note = ticket.post("comments", json={"content": "between us", "public": False})
    error = refused(APIException, lambda: note.patch(json={"public": True}))
    check_error(error, 400, "invalid_parameters")
    holds("public" in error.error_data["message"], f"message {error.error_data['message']!r}")
    equal(note.patch(json={"content": "edited", "public": False}).data["public"], False, "public")
    equal(upstream_conversations(ticket)[upstream_id(note.data["id"])]["private"], True, "private upstream")


def replies_cannot_be_edited():
    """Editing a reply is refused clearly, and the reply stays as it was."""
    ticket = new_ticket()
    reply = ticket.post("comments", json={"content": "sent"})
    error = refused(APIException, lambda: reply.patch(json={"content": "unsent"}))
    check_error(error, error.status)
    holds(error.status < 500 or error.status == 501, f"status {error.status} blames the gateway")
    holds("sent" == upstream_conversations(ticket)[upstream_id(reply.data["id"])]["body_text"].strip(), "it was edited")


def comments_are_listed():
    """Comments are listed in pages, oldest first, and listed objects can be refreshed, patched and deleted."""
    for account in (by_token, by_key):
        ticket = new_ticket(account)
        made = [ticket.post("comments", json={"content": f"note {number}", "public": False}).data["id"]
                for number in range(5)]
        listed = account.get(f"helpdesk/tickets/{ticket.data['id']}/comments", params={"page_size": 2})
        walked = list(listed.get_paging_iterator())
        equal([comment.data["id"] for comment in walked], made, "comments")
        for comment in walked:
            check_comment(comment.data, ticket.data["href"])
        walked[3].refresh()
        equal(walked[3].data["id"], made[3], "refreshed comment")
        holds("changed" in walked[1].patch(json={"content": "changed"}).data["content"], "content")
        equal(walked[4].delete().status_code, 204, "DELETE")
        equal([comment.data["id"] for comment in ticket.get("comments/")], made[:4], "comments after a delete")
        check_error(refused(NotFoundException, walked[4].refresh), 404, "not_found")


def no_comments_is_an_empty_list():
    """A new ticket has no comments: an empty list without a next page."""
    listed = new_ticket().get("comments")
    equal((listed.objects, listed.next_page, listed.data["count"]), ([], None, 0), "objects, next_page, count")


def comment_of_another_ticket():
    """A comment is found under its own ticket only."""
    note = new_ticket().post("comments", json={"content": "mine", "public": False})
    other = new_ticket()
    for action in (lambda: other.get("comments/" + note.data["id"]),
                   lambda: other.patch("comments/" + note.data["id"], json={"content": "stolen"}),
                   lambda: other.delete("comments/" + note.data["id"])):
        check_error(refused(NotFoundException, action), 404, "not_found")
    note.refresh()


def upstream_comments_are_whole():
    """Every comment of thirty seeded tickets has every attribute and the help desk's own visibility."""
    seen = 0
    for ticket in by_token.get("helpdesk/tickets").get_paging_iterator(max_resources=30):
        own = upstream_conversations(ticket)
        listed = list(ticket.get("comments").get_paging_iterator())
        equal({upstream_id(comment.data["id"]) for comment in listed}, set(own), "comments")
        for comment in listed:
            check_comment(comment.data, ticket.data["href"])
            equal(comment.data["public"], not own[upstream_id(comment.data["id"])]["private"], "public")
            seen += 1
    holds(seen > 20, f"only {seen} comments were seen")


CHECKS = (
    reply_is_public,
    note_stays_private,
    visibility_cannot_change,
    replies_cannot_be_edited,
    comments_are_listed,
    no_comments_is_an_empty_list,
    comment_of_another_ticket,
    upstream_comments_are_whole,
)
