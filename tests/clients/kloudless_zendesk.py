"""Drives the unmodified Kloudless SDK (PyPI kloudless 2.0.1) through a running gateway on a Zendesk account.

Usage: kloudless_zendesk.py FILE zendesk, where FILE holds the line of JSON that `deskgate demo --json` printed.
What the simulated Zendesk behind the gateway holds is read directly, to compare.
"""

import requests
from kloudless.exceptions import APIException, NotFoundException

from checks import Checks, equal, holds, refused
from sdk.world import ACCOUNT, by_key, by_token, check_comment, check_error, check_ticket, new_ticket, upstream_id


def upstream(path, **query):
    """Reads from Zendesk, past the gateway."""
    login = (ACCOUNT["upstream_email"] + "/token", ACCOUNT["upstream_api_token"])
    answer = requests.get(f"{ACCOUNT['upstream_url']}/api/v2/{path}", params=query, auth=login, timeout=30)
    answer.raise_for_status()
    return answer.json()


def upstream_tickets():
    """The numbers of all listed tickets, by Zendesk's own cursors."""
    found, query = [], {"page[size]": 100}
    while True:
        page = upstream("tickets", **query)
        found += [str(ticket["id"]) for ticket in page["tickets"]]
        if not page["meta"]["has_more"]:
            return found
        query["page[after]"] = page["meta"]["after_cursor"]


def own(ticket):
    """A ticket as Zendesk has it."""
    return upstream("tickets/" + upstream_id(ticket.data["id"]))["ticket"]


def lists_all():
    """The paging iterator shows every ticket once, with token and key, in pages of 50 and of 1000."""
    for account, size in ((by_token, 50), (by_key, 1000)):
        walked = account.get("helpdesk/tickets", params={"page_size": size}).get_paging_iterator()
        tickets = list(walked)
        for ticket in tickets:
            check_ticket(ticket.data, "me" if account is by_token else ACCOUNT["id"])
        equal(sorted(upstream_id(ticket.data["id"]) for ticket in tickets), sorted(upstream_tickets()), "tickets")


def filters():
    """Lists of one requester and of one status show what Zendesk has."""
    ticket = new_ticket(requester={"email": "only.me@example.com", "name": "Only Me"})
    mine = by_token.get("helpdesk/tickets", params={"requester": "only.me@example.com"}).objects
    equal([one.data["id"] for one in mine], [ticket.data["id"]], "tickets of one requester")
    solved = by_token.get("helpdesk/tickets", params={"status": "resolved", "page_size": 1000}).get_paging_iterator()
    expected = [one for one in upstream_tickets() if upstream(f"tickets/{one}")["ticket"]["status"] == "solved"]
    equal(sorted(upstream_id(one.data["id"]) for one in solved), sorted(expected), "resolved tickets")


def makes_a_ticket():
    """A new ticket is in Zendesk as it was asked for; a new address becomes a person with a name."""
    ticket = new_ticket(priority="urgent", tags=["sdk", "fire"], email_ccs=[{"email": "copy@example.com"}])
    equal(ticket.status_code, 201, "status")
    check_ticket(ticket.data, "me")
    equal(ticket.data["requester"]["name"], "sdk.caller", "name of a new requester")
    equal([person["email"] for person in ticket.data["email_ccs"]], ["copy@example.com"], "email_ccs")
    raw = own(ticket)
    equal((raw["priority"], raw["status"], sorted(raw["tags"])), ("urgent", "open", ["fire", "sdk"]), "upstream")
    holds("Third" in raw["description"], "description")


def changes_a_ticket():
    """PATCH changes what it names; resolving makes the connected agent the assignee; what cannot change is refused."""
    ticket = new_ticket()
    changed = ticket.patch(json={"subject": "changed", "priority": "high"})
    equal((changed.data["subject"], changed.data["priority"]), ("changed", "high"), "changed")
    solved = ticket.patch(json={"status": "resolved"})
    equal(solved.data["status"], "resolved", "status")
    equal(str(own(ticket)["assignee_id"]), solved.data["assignee"], "assignee")
    for body in ({"description": "x"}, {"public": False}, {"submitter": "1"}):
        check_error(refused(APIException, lambda: ticket.patch(json=body)), 400, "invalid_parameters")
    ticket.patch(json={"status": "closed"})
    check_error(refused(APIException, lambda: ticket.patch(json={"subject": "x"})), 409, "conflict")


def deletes_a_ticket():
    """A deleted ticket is gone, and in Zendesk's trash."""
    ticket = new_ticket()
    equal(ticket.delete().status_code, 204, "status")
    refused(NotFoundException, ticket.refresh)
    trashed = [str(one["id"]) for one in upstream("deleted_tickets", sort_by="deleted_at", sort_order="desc")["deleted_tickets"]]
    holds(upstream_id(ticket.data["id"]) in trashed, "it is not in the trash")


def comments():
    """Replies are public, notes are private, the description is neither; one direction of change alone."""
    ticket = new_ticket()
    equal(ticket.get("comments").objects, [], "comments of a new ticket")
    reply = ticket.post("comments", json={"content": "<p>Hello</p>"})
    note = ticket.post("comments", json={"content": "between us", "public": False})
    for comment, public in ((reply, True), (note, False)):
        check_comment(comment.data, ticket.data["href"])
        equal(comment.data["public"], public, "public")
    listed = upstream(f"tickets/{upstream_id(ticket.data['id'])}/comments")["comments"]
    stored = {str(one["id"]): one["public"] for one in listed[1:]}
    expected = {upstream_id(reply.data["id"]): True, upstream_id(note.data["id"]): False}
    equal(stored, expected, "upstream")
    shown = [(one.data["id"], one.data["public"]) for one in ticket.get("comments")]
    equal(shown, [(reply.data["id"], True), (note.data["id"], False)], "listed")
    check_error(refused(APIException, lambda: note.patch(json={"public": True})), 400, "invalid_parameters")
    check_error(refused(APIException, lambda: note.patch(json={"content": "x"})), 400, "invalid_parameters")
    check_error(refused(APIException, note.delete), 501, "not_implemented")
    equal(reply.patch(json={"public": False}).data["public"], False, "public → private")


def syncs():
    """The token of the last page shows what has changed since, trashed tickets too."""
    page = by_token.get("helpdesk/tickets", params={"page_size": 1000})
    while page.next_page is not None:
        page = page.get_next_page()
    token = page.data["sync_token"]
    changed, trashed = new_ticket(), new_ticket()
    trashed.delete()
    seen = {}
    for ticket in by_token.get("helpdesk/tickets", params={"page": token}).get_paging_iterator():
        seen[ticket.data["id"]] = ticket.data["deleted"]
    equal((seen.get(changed.data["id"]), seen.get(trashed.data["id"])), (False, True), "changed, trashed")


def refuses():
    """Unknown tickets and comments are 404, in one shape."""
    for path in ("helpdesk/tickets/ticket_OTk5OTk5", "helpdesk/tickets/ticket_OTk5OTk5/comments"):
        error = refused(NotFoundException, lambda: by_token.get(path))
        check_error(error, 404, "not_found")


checks = Checks("kloudless 2.0.1 on Zendesk")
# Reading comes before writing.
checks.run(lists_all, filters, makes_a_ticket, changes_a_ticket, deletes_a_ticket, comments, syncs, refuses)
checks.finish()
