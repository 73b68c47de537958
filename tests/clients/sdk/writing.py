"""Writing tickets: create, PATCH, delete."""

from kloudless.exceptions import NotFoundException

from checks import equal, holds, refused
from sdk.world import (ACCOUNT, NEW, await_due_date, by_key, by_token, check_error, check_ticket, new_ticket, upstream,
                       upstream_id)


def ticket_is_created():
    """A ticket is created from subject, description and requester; the defaults are the API's."""
    for account, part in ((by_token, "me"), (by_key, ACCOUNT["id"])):
        ticket = new_ticket(account)
        equal(ticket.status_code, 201, "status")
        check_ticket(ticket.data, part)
        equal((ticket.data["subject"], ticket.data["priority"], ticket.data["status"]),
              (NEW["subject"], "normal", "open"), "subject, priority, status")
        holds(NEW["description"] in ticket.data["description"], f"description {ticket.data['description']!r}")
        equal(ticket.data["requester"]["email"], NEW["requester"]["email"], "requester")
        equal(ticket.url, ticket.data["href"], "url of the new resource")
        equal(upstream("tickets/" + upstream_id(ticket.data["id"]))["priority"], 2, "priority upstream")


def full_ticket_is_created():
    """Everything that a new ticket can carry arrives in the help desk, and comes back."""
    text = "Grüße, 你好, שלום 🎉 \"quoted\" \\ <tag> & é"
    ticket = new_ticket(subject=text, description=f"<p>{text.replace('<tag>', '')}</p>", priority="urgent",
                        status="pending", tags=["sdk", "naïve tag"], due_at="2099-05-01T12:30:00Z",
                        email_ccs=[{"email": "copy@example.com"}])
    await_due_date(ticket)
    own = upstream("tickets/" + upstream_id(ticket.data["id"]))
    equal((own["subject"], own["priority"], own["status"]), (text, 4, 3), "subject, priority, status upstream")
    equal((own["due_by"], own["fr_due_by"]), ("2099-05-01T12:30:00Z",) * 2, "due_by and fr_due_by upstream")
    equal(own["cc_emails"], ["copy@example.com"], "cc_emails upstream")
    ticket.refresh()
    equal((ticket.data["subject"], ticket.data["priority"], ticket.data["status"], ticket.data["due_at"]),
          (text, "urgent", "pending", "2099-05-01T12:30:00Z"), "subject, priority, status, due_at")
    equal(sorted(ticket.data["tags"]), ["naïve tag", "sdk"], "tags")
    equal([person["email"] for person in ticket.data["email_ccs"]], ["copy@example.com"], "email_ccs")


def requester_by_user_id():
    """A requester can be named by user_id; e-mail and name come back filled."""
    person = new_ticket().data["requester"]
    ticket = new_ticket(requester={"user_id": person["user_id"]})
    equal(ticket.data["requester"], person, "requester")


def custom_properties_keep_types():
    """Custom properties are written and read with their types kept."""
    field = next(one for one in upstream("ticket_fields") if one["type"] == "custom_number")["name"]
    text = next(one for one in upstream("ticket_fields") if one["type"] == "custom_text")["name"]
    box = next(one for one in upstream("ticket_fields") if one["type"] == "custom_checkbox")["name"]
    sent = {field: 42, text: "forty-two", box: True}
    ticket = new_ticket(custom_properties=[{"id": key, "value": value} for key, value in sent.items()])
    ticket.refresh()
    got = {one["id"]: one["value"] for one in ticket.data["custom_properties"]}
    equal({key: got.get(key) for key in sent}, sent, "custom_properties")
    ticket = ticket.patch(json={"custom_properties": [{"id": text, "value": None}]})
    got = {one["id"]: one["value"] for one in ticket.data["custom_properties"]}
    equal((got.get(field), got.get(text), got.get(box)), (42, None, True), "after clearing one")


def ticket_is_patched():
    """PATCH changes what it names, and nothing else moves."""
    for account in (by_token, by_key):
        ticket = new_ticket(account, due_at="2099-05-01T12:30:00Z", tags=["before"])
        await_due_date(ticket)
        before = account.get("helpdesk/tickets/" + ticket.data["id"]).data
        patched = ticket.patch(json={"status": "resolved", "tags": ["after"], "priority": "low"})
        equal(patched.status_code, 200, "status")
        patched.refresh()
        equal((patched.data["status"], patched.data["tags"], patched.data["priority"]), ("resolved", ["after"], "low"),
              "patched attributes")
        kept = set(before) - {"status", "native_status", "tags", "priority", "modified_at"}
        equal({key: patched.data[key] for key in kept}, {key: before[key] for key in kept}, "untouched attributes")
        by_path = account.patch("helpdesk/tickets/" + ticket.data["id"], json={"status": "open"})
        equal(by_path.data["status"], "open", "patched by path")


def null_clears():
    """null in a PATCH clears tags and the assignee."""
    agent = str(upstream("agents/me")["id"])
    ticket = new_ticket(tags=["one"]).patch(json={"assignee": agent})
    equal(ticket.data["assignee"], agent, "assignee")
    ticket = ticket.patch(json={"assignee": None, "tags": None})
    equal((ticket.data["assignee"], ticket.data["tags"] or []), (None, []), "assignee, tags")


def ticket_is_deleted():
    """A deleted ticket is 404 for every operation, its comments too."""
    for account in (by_token, by_key):
        ticket = new_ticket(account)
        note = ticket.post("comments", json={"content": "soon gone", "public": False})
        gone = ticket.delete()
        equal((gone.status_code, gone.content), (204, b""), "DELETE")
        holds("Content-Type" not in gone.headers, "a 204 has a Content-Type")
        for action in (ticket.refresh, lambda: ticket.patch(json={"status": "open"}), ticket.delete,
                       lambda: ticket.get("comments"), lambda: ticket.post("comments", json={"content": "x"}),
                       note.refresh, lambda: note.patch(json={"content": "x"}), note.delete):
            check_error(refused(NotFoundException, action), 404, "not_found")
        listed = {one.data["id"] for one in account.get("helpdesk/tickets").get_paging_iterator()}
        holds(ticket.data["id"] not in listed, "the deleted ticket is still listed")


CHECKS = (
    ticket_is_created,
    full_ticket_is_created,
    requester_by_user_id,
    custom_properties_keep_types,
    ticket_is_patched,
    null_clears,
    ticket_is_deleted,
)
