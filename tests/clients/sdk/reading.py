"""Reading tickets: lists, pages, single tickets."""

import re

from checks import equal, holds
from sdk.world import ACCOUNT, by_key, by_token, check_ticket, upstream, upstream_id, upstream_tickets


def pages_show_every_ticket_once(account):
    """Follows a list with page_size 50 and compares it with the help desk's own numbers."""
    pages = [account.get("helpdesk/tickets", params={"page_size": 50})]
    while pages[-1].next_page is not None:
        holds(re.fullmatch(r"[A-Za-z0-9_-]+", pages[-1].next_page), f"next_page {pages[-1].next_page!r}")
        pages.append(pages[-1].get_next_page())
    for page in pages:
        equal((page.api, page.type), ("helpdesk", "object_list"), "api and type")
        equal(page.data["count"], len(page.objects), "count")
        holds(page.objects, "a page is empty")
        equal(page.response.headers["Content-Type"], "application/json", "Content-Type")
        equal(page.history, [], "redirects")
    by_pages = [ticket.data["id"] for page in pages for ticket in page]
    walked = account.get("helpdesk/tickets", params={"page_size": 50}).get_paging_iterator()
    by_iterator = [ticket.data["id"] for ticket in walked]
    equal(by_iterator, by_pages, "the iterator's tickets")
    equal(len(by_pages), len(set(by_pages)), "tickets, each once")
    equal(sorted(map(upstream_id, by_pages)), sorted(upstream_tickets()), "tickets")
    return by_pages


def token_lists_all():
    """The paging iterator (page_size 50) shows all 250 tickets once, with the Bearer token."""
    equal(len(pages_show_every_ticket_once(by_token)), 250, "tickets of the demo")


def key_lists_all():
    """The paging iterator (page_size 50) shows all 250 tickets once, with the APIKey."""
    equal(len(pages_show_every_ticket_once(by_key)), 250, "tickets of the demo")


def default_page_size():
    """A list without page_size walks to the same end."""
    equal(len({ticket.data["id"] for ticket in by_token.get("helpdesk/tickets").get_paging_iterator()}), 250, "tickets")


def iterator_stops_on_demand():
    """get_paging_iterator(max_resources=7) stops at 7, over pages of 3."""
    listed = by_token.get("helpdesk/tickets", params={"page_size": 3})
    equal(len(list(listed.get_paging_iterator(max_resources=7))), 7, "tickets")


def listed_tickets_are_whole():
    """Every listed ticket has every attribute, and href names the account as the request did."""
    for ticket in by_token.get("helpdesk/tickets", params={"page_size": 1000}).get_paging_iterator():
        check_ticket(ticket.data, "me")
        holds(ticket.data["requester"]["email"] or ticket.data["requester"]["user_id"], "requester is empty")
        repr(ticket)
    check_ticket(by_key.get("helpdesk/tickets", params={"page_size": 1}).objects[0].data, ACCOUNT["id"])


def one_ticket_is_read():
    """A ticket is read by path and by refreshing a listed one, with the text that the help desk has."""
    for account, part in ((by_token, "me"), (by_key, ACCOUNT["id"])):
        listed = account.get("helpdesk/tickets", params={"page_size": 5}).objects[4]
        ticket = account.get("helpdesk/tickets/" + listed.data["id"])
        check_ticket(ticket.data, part)
        listed.refresh()
        equal(listed.data, ticket.data, "refreshed ticket")
        own = upstream("tickets/" + upstream_id(ticket.data["id"]))
        equal(ticket.data["subject"], own["subject"], "subject")
        equal(ticket.data["description"], own["description"], "description")
        equal(str(ticket.data["native_status"]["id"]), str(own["status"]), "native_status.id")


def custom_statuses_are_told():
    """A custom status is read as the nearest unified one, with its own number and label."""
    choices = next(one for one in upstream("ticket_fields") if one["name"] == "status")["choices"]
    seen = set()
    for ticket in by_token.get("helpdesk/tickets").get_paging_iterator():
        native = ticket.data["native_status"]
        equal(native["label"], choices[str(native["id"])][0], "label")
        seen.add(str(native["id"]))
    holds(seen - {"2", "3", "4", "5"}, f"the demo has only {sorted(seen)}")


CHECKS = (
    token_lists_all,
    key_lists_all,
    default_page_size,
    iterator_stops_on_demand,
    listed_tickets_are_whole,
    one_ticket_is_read,
    custom_statuses_are_told,
)
