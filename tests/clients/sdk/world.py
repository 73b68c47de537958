"""The gateway under test, the help desk behind it, and what an answer has to look like."""

import base64
import json
import re
import sys
import time

import kloudless
import requests

from checks import equal, holds

with open(sys.argv[1], encoding="utf-8") as file:
    DEMO = json.load(file)
BASE = DEMO["base_url"]
SERVICE = sys.argv[2] if len(sys.argv) > 2 else "freshdesk"
ACCOUNT = next(account for account in DEMO["accounts"] if account["service"] == SERVICE)
# The SDK reads its configuration when an object is made, so this stands before the first Account().
kloudless.configuration["base_url"] = BASE

by_token = kloudless.Account(token=ACCOUNT["token"])
by_key = kloudless.Account(api_key=DEMO["api_key"], account_id=ACCOUNT["id"])
application = kloudless.Client(api_key=DEMO["api_key"])

TICKET = {
    "id", "api", "type", "href", "ticket_type", "subject", "description", "priority", "status", "native_status", "tags",
    "public", "due_at", "custom_properties", "group", "company", "requester", "submitter", "assignee", "email_ccs",
    "followers", "created_at", "modified_at", "deleted", "spam",
}
COMMENT = {"id", "api", "type", "href", "content", "author", "public", "attachments", "created_at", "modified_at"}
NEW = {"subject": "SDK: printer on fire", "description": "<p>Third <b>floor</b></p>",
       "requester": {"email": "sdk.caller@example.com"}}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


def upstream_id(public_id):
    """The help desk's own id inside of one of ours: `ticket_` and unpadded base64url."""
    text = public_id.split("_", 1)[1]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def upstream(path, **query):
    """Reads from the help desk behind the gateway, past the gateway."""
    answer = requests.get(f"{ACCOUNT['upstream_url']}/api/v2/{path}", params=query,
                          auth=(ACCOUNT["upstream_api_key"], "X"), timeout=30)
    answer.raise_for_status()
    return answer.json()


def upstream_tickets():
    """The numbers of all live tickets, in the help desk's own pages."""
    found, page = [], 1
    while True:
        tickets = upstream("tickets", updated_since="1970-01-01", per_page=100, page=page)
        found += [str(ticket["id"]) for ticket in tickets]
        if len(tickets) < 100:
            return found
        page += 1


def upstream_conversations(ticket):
    """What the help desk itself says about a ticket's conversations, by id."""
    found = upstream(f"tickets/{upstream_id(ticket.data['id'])}/conversations", per_page=100)
    return {str(one["id"]): one for one in found}


def new_ticket(account=by_token, **more):
    """Makes a ticket to work on."""
    return account.post("helpdesk/tickets", json={**NEW, **more})


def await_due_date(ticket):
    """Waits until the help desk shows a new ticket's due date: about a second (Freshdesk reference, section 4.2)."""
    for _ in range(50):
        if upstream("tickets/" + upstream_id(ticket.data["id"]))["due_by"]:
            return
        time.sleep(0.1)
    raise AssertionError("the help desk does not show the due date")


def check_error(error, status, *codes):
    """An error has the status and one shape, in exactly application/json."""
    equal(error.status, status, f"status of {error.response.request.method} {error.response.url}")
    equal(set(error.error_data), {"status_code", "message", "error_code", "id"}, "keys of the error body")
    equal(error.error_data["status_code"], status, "status_code")
    holds(error.error_data["message"] and error.error_data["id"], "message and id must not be empty")
    equal(error.response.headers["Content-Type"], "application/json", "Content-Type of an error")
    if codes:
        holds(error.error_data["error_code"] in codes, f"error_code {error.error_data['error_code']} is none of {codes}")


def check_ticket(data, account_part):
    """A ticket has every attribute, of the promised kinds."""
    equal(set(data), TICKET, "attributes of a ticket")
    equal((data["api"], data["type"]), ("helpdesk", "ticket"), "api and type")
    holds(re.fullmatch(r"ticket_[A-Za-z0-9_-]+", data["id"]), f"id {data['id']}")
    equal(data["href"], f"{BASE}/v1/accounts/{account_part}/helpdesk/tickets/{data['id']}", "href")
    holds(data["priority"] in ("low", "normal", "high", "urgent", None), f"priority {data['priority']}")
    holds(data["status"] in ("open", "pending", "resolved", "closed", None), f"status {data['status']}")
    equal(set(data["native_status"] or {"id": 0, "label": 0}), {"id", "label"}, "native_status")
    for name in ("tags", "custom_properties", "email_ccs"):
        holds(data[name] is None or isinstance(data[name], list), f"{name} {data[name]!r}")
    for name in ("group", "company", "submitter", "assignee"):
        holds(data[name] is None or isinstance(data[name], str), f"{name} must be a string or null, not {data[name]!r}")
    for name in ("created_at", "modified_at"):
        holds(TIME.match(data[name]), f"{name} {data[name]!r} is not a time in UTC")
    holds(data["due_at"] is None or TIME.match(data["due_at"]), f"due_at {data['due_at']!r}")
    equal(set(data["requester"]), {"user_id", "email", "name"}, "requester")
    holds(isinstance(data["spam"], bool) and isinstance(data["deleted"], bool), "spam and deleted are booleans")


def check_comment(data, ticket_href):
    """A comment has every attribute, of the promised kinds."""
    equal(set(data), COMMENT, "attributes of a comment")
    equal((data["api"], data["type"]), ("helpdesk", "comment"), "api and type")
    holds(re.fullmatch(r"comment_[A-Za-z0-9_-]+", data["id"]), f"id {data['id']}")
    equal(data["href"], f"{ticket_href}/comments/{data['id']}", "href")
    holds(isinstance(data["public"], bool), f"public {data['public']!r}")
    holds(isinstance(data["attachments"], list), f"attachments {data['attachments']!r}")
    holds(data["author"] is None or isinstance(data["author"], str), f"author {data['author']!r}")
    holds(TIME.match(data["created_at"]), f"created_at {data['created_at']!r}")
    holds(data["modified_at"] is None or TIME.match(data["modified_at"]), f"modified_at {data['modified_at']!r}")
