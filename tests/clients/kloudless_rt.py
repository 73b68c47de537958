"""Drives the unmodified Kloudless SDK (PyPI kloudless 2.0.1) through a running gateway on a Request Tracker account.

Usage: kloudless_rt.py FILE rt, where FILE holds the line of JSON that `deskgate demo --json` printed, or one like it of a gateway
in front of a real Request Tracker. What it holds is read directly, to compare.
"""

import requests
from kloudless.exceptions import APIException, NotFoundException

from checks import Checks, equal, holds, refused
from sdk.world import ACCOUNT, by_key, by_token, check_comment, check_error, check_ticket, new_ticket, upstream_id

GROUP = {"group": "3"}  # Support


def upstream(path, **query):
    """Reads from Request Tracker, past the gateway."""
    login = {"Authorization": "token " + ACCOUNT["upstream_token"]}
    answer = requests.get(f"{ACCOUNT['upstream_url']}/REST/2.0/{path}", params=query, headers=login, timeout=30)
    answer.raise_for_status()
    return answer.json()


def search(query):
    """The numbers of all tickets that Request Tracker itself finds."""
    found, page = [], 1
    while True:
        items = upstream("tickets", query=query, orderby="id", per_page=100, page=page)["items"]
        found += [item["id"] for item in items]
        if len(items) < 100:
            return sorted(found)
        page += 1


def own(ticket):
    """A ticket as Request Tracker has it."""
    return upstream("ticket/" + upstream_id(ticket.data["id"]))


def fields(ticket):
    """Its custom fields there, by name."""
    return {field["name"]: sorted(field["values"]) for field in own(ticket)["CustomFields"]}


def lists_all():
    """The paging iterator shows every ticket once, with token and key, in pages of 50 and of 1000."""
    for account, size in ((by_token, 50), (by_key, 1000)):
        walked = account.get("helpdesk/tickets", params={"page_size": size}).get_paging_iterator()
        tickets = list(walked)
        for ticket in tickets:
            check_ticket(ticket.data, "me" if account is by_token else ACCOUNT["id"])
        equal(sorted(upstream_id(ticket.data["id"]) for ticket in tickets), search("id > 0"), "tickets")


def filters():
    """Lists of one requester and of one status show what Request Tracker has."""
    ticket = new_ticket(requester={"email": "only.me@example.com", "name": "Only Me"})
    mine = by_token.get("helpdesk/tickets", params={"requester": "only.me@example.com"}).objects
    equal([one.data["id"] for one in mine], [ticket.data["id"]], "tickets of one requester")
    ticket.patch(json={"status": "resolved"})
    solved = by_token.get("helpdesk/tickets", params={"status": "resolved", "page_size": 1000}).get_paging_iterator()
    equal(sorted(upstream_id(one.data["id"]) for one in solved), search("Status = 'resolved'"), "resolved tickets")


def makes_a_ticket():
    """A new ticket is in Request Tracker as it was asked for; a new address becomes a user with a name."""
    ticket = new_ticket(priority="urgent", status="pending", tags=["sdk", "größe"], email_ccs=[{"email": "copy@example.com"}],
                        requester={"email": "sdk.caller@example.com", "name": "Sdk Cäller"}, assignee="agent1",
                        custom_properties=[{"id": "Severity", "value": "High"}], due_at="2031-01-02T03:04:05Z", **GROUP)
    equal(ticket.status_code, 201, "status")
    check_ticket(ticket.data, "me")
    equal(ticket.data["requester"]["name"], "Sdk Cäller", "name of a new requester")
    equal([person["email"] for person in ticket.data["email_ccs"]], ["copy@example.com"], "email_ccs")
    equal(ticket.data["description"], "<p>Third <b>floor</b></p>", "description")
    raw, custom = own(ticket), fields(ticket)
    equal((raw["Priority"], raw["Status"], raw["Owner"]["id"]), ("100", "stalled", "agent1"), "upstream")
    equal((custom["Tags"], custom["Severity"]), (["größe", "sdk"], ["High"]), "custom fields upstream")
    equal((raw["Due"], ticket.data["due_at"]), ("2031-01-02T03:04:05Z", "2031-01-02T03:04:05Z"), "due date")


def changes_a_ticket():
    """PATCH changes what it names; null empties; what RT does not take is named, with what it took."""
    ticket = new_ticket(tags=["a"], **GROUP)
    changed = ticket.patch(json={"subject": "changed", "priority": "high", "status": "closed", "tags": None})
    equal((changed.data["subject"], changed.data["priority"]), ("changed", "high"), "changed")
    raw = own(ticket)
    equal((raw["Subject"], raw["Status"], fields(ticket)["Tags"]), ("changed", "rejected", []), "upstream")
    for body in ({"description": "x"}, {"submitter": "1"}):
        check_error(refused(APIException, lambda: ticket.patch(json=body)), 400, "invalid_parameters")
    bad = {"subject": "again", "custom_properties": [{"id": "Severity", "value": "Terrible"}]}
    error = refused(APIException, lambda: ticket.patch(json=bad))
    check_error(error, 400, "request_failed")
    holds("custom_properties" in error.error_data["message"] and "changed: subject" in error.error_data["message"], "message")
    check_error(refused(APIException, lambda: ticket.patch(json={"assignee": "ghost"})), 400, "request_failed")


def deletes_a_ticket():
    """A deleted ticket is gone for the gateway, and deleted in Request Tracker."""
    ticket = new_ticket(**GROUP)
    equal(ticket.delete().status_code, 204, "status")
    refused(NotFoundException, ticket.refresh)
    equal(own(ticket)["Status"], "deleted", "status upstream")


def comments():
    """Replies are public, comments are private, the description is neither; neither can be changed."""
    ticket = new_ticket(**GROUP)
    equal(ticket.get("comments").objects, [], "comments of a new ticket")
    reply = ticket.post("comments", json={"content": "<p>Grüße</p>"})
    note = ticket.post("comments", json={"content": "between us", "public": False})
    for comment, public in ((reply, True), (note, False)):
        check_comment(comment.data, ticket.data["href"])
        equal(comment.data["public"], public, "public")
    history = upstream(f"ticket/{upstream_id(ticket.data['id'])}/history", fields="Type", per_page=100)["items"]
    stored = {one["id"]: one["Type"] for one in history if one["Type"] in ("Correspond", "Comment")}
    expected = {upstream_id(reply.data["id"]): "Correspond", upstream_id(note.data["id"]): "Comment"}
    equal(stored, expected, "upstream")
    shown = [(one.data["id"], one.data["public"], one.data["content"]) for one in ticket.get("comments")]
    equal(shown, [(reply.data["id"], True, "<p>Grüße</p>"), (note.data["id"], False, "between us")], "listed")
    for change in (lambda: note.patch(json={"public": True}), lambda: note.patch(json={"content": "x"}), note.delete):
        check_error(refused(APIException, change), 501, "not_implemented")


def syncs():
    """The token of the last page shows what has changed since, deleted tickets too."""
    page = by_token.get("helpdesk/tickets", params={"page_size": 1000})
    while page.next_page is not None:
        page = page.get_next_page()
    token = page.data["sync_token"]
    changed, deleted = new_ticket(**GROUP), new_ticket(**GROUP)
    deleted.delete()
    seen = {}
    for ticket in by_token.get("helpdesk/tickets", params={"page": token}).get_paging_iterator():
        seen[ticket.data["id"]] = ticket.data["deleted"]
    equal((seen.get(changed.data["id"]), seen.get(deleted.data["id"])), (False, True), "changed, deleted")


def refuses():
    """Unknown tickets and comments are 404, in one shape."""
    for path in ("helpdesk/tickets/ticket_OTk5OTk5", "helpdesk/tickets/ticket_OTk5OTk5/comments"):
        error = refused(NotFoundException, lambda: by_token.get(path))
        check_error(error, 404, "not_found")


checks = Checks("kloudless 2.0.1 on Request Tracker" + (", a real one" if ACCOUNT.get("is_real") else ""))
# Reading comes before writing.
checks.run(lists_all, filters, makes_a_ticket, changes_a_ticket, deletes_a_ticket, comments, syncs, refuses)
checks.finish()
